"""Looks up places in the JSON Schema of documents: their keys, values and meaning."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from naftiko_runtime.document.normalize import LATER_VERSIONS, VERSIONS
from naftiko_runtime.lsp.cursor import CURSOR, find_value
from naftiko_runtime.schema.write import write_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.source import KeyPath, Source


def make_vocabulary(source: Source) -> Vocabulary:
    """Return the schema of the newest version with the spelling of a document."""
    return _load_vocabulary((LATER_VERSIONS if source.data.get("naftiko") in LATER_VERSIONS else VERSIONS)[-1])


@lru_cache(maxsize=2)
def _load_vocabulary(version: str) -> Vocabulary:
    return Vocabulary(write_schema(version))


class Vocabulary:
    """A schema, by paths of a document."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    def list_keys(self, source: Source, key_path: KeyPath) -> dict[str, dict[str, Any]]:
        """List the keys that the mapping at a path may have, each with the schema of its value."""
        found: dict[str, dict[str, Any]] = {}
        for part in self._find_parts(source, key_path):
            found = {**part.get("properties", {}), **found}
        return found

    def find_meaning(self, source: Source, key_path: KeyPath) -> dict[str, Any] | None:
        """Find the schema of the value at a path that ends with a key; None for an unknown key."""
        return self.list_keys(source, key_path[:-1]).get(str(key_path[-1]))

    def list_values(self, source: Source, key_path: KeyPath) -> list[str]:
        """List the values that are allowed at a path, if the schema lists them."""
        found: dict[str, None] = {}
        for part in self._find_parts(source, key_path):
            listed = [part["const"]] if "const" in part else part.get("enum", ())
            found |= dict.fromkeys(map(str, listed))
            if part.get("type") == "boolean":
                found |= {"true": None, "false": None}
        return [value for value in found if value.isupper() or value.upper() not in found]

    def _find_parts(self, source: Source, key_path: KeyPath) -> list[dict[str, Any]]:
        """Find the schemas that apply to the value at a path."""
        parts = list(self._iter_applicable(self._schema, source.data))
        for length, key in enumerate(key_path, 1):
            value = find_value(source, key_path[:length])
            below = [inner for part in parts for inner in _find_below(part, key)]
            parts = [meant for inner in below for meant in self._iter_applicable(inner, value)]
        return parts

    def _iter_applicable(self, part: dict[str, Any], value: Any) -> Iterator[dict[str, Any]]:
        """Yield a schema and those that it refers to, if they can apply to a value."""
        if "$ref" in part:
            yield from self._iter_applicable(self._schema["$defs"][part["$ref"].rpartition("/")[2]], value)
            return
        yield part
        for key in ("anyOf", "allOf", "oneOf"):
            for member in part.get(key, ()):
                yield from self._iter_applicable(member, value)
        if "if" in part:
            met = _is_met(part["if"], value)
            for key, unless in (("then", False), ("else", True)):
                if key in part and met is not unless:
                    yield from self._iter_applicable(part[key], value)


def _find_below(part: dict[str, Any], step: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(step, int):
        if isinstance(part.get("items"), dict):
            yield part["items"]
    elif step in part.get("properties", {}):
        yield part["properties"][step]
    elif isinstance(part.get("additionalProperties"), dict):
        yield part["additionalProperties"]


def _is_met(condition: dict[str, Any], value: Any) -> bool | None:
    """Return whether a value meets a condition of the schema; None if the tested key is not written yet."""
    if "not" in condition:
        met = _is_met(condition["not"], value)
        return None if met is None else not met
    if "anyOf" in condition:
        verdicts = [_is_met(one, value) for one in condition["anyOf"]]
        return True in verdicts or (None if False not in verdicts else False)
    mapping = value if isinstance(value, dict) else {}
    if not set(condition.get("required", ())) <= mapping.keys():
        return None
    known = condition.get("properties", {})
    if any(CURSOR in str(mapping.get(key)) for key in known):
        return None
    return all(mapping.get(key) == rule.get("const") for key, rule in known.items())
