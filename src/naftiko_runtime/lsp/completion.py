"""What can be written at a place, also in a text that does not parse just now: its indentation says where that is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from naftiko_runtime.lsp.outline import Operation

_CALL: Final = re.compile(r"\s*(?:- )?call:\s*\S*$")
_KEY: Final = re.compile(r"(\s*(?:- +)*)[\w-]*$")
_LINE: Final = re.compile(r"(\s*)((?:- +)*)([\w-]+):")


def completions(
    lines: list[str], line: int, column: int, operations: Mapping[str, Operation], schema: dict[str, Any]
) -> list[tuple[str, str]]:
    """Words that fit, each with what it is.

    Args:
        lines: Of the text.
        line: From 0.
        column: In characters, from 0.
        operations: What is consumed.
        schema: Of the document's version.
    """
    before = lines[line][:column] if line < len(lines) else ""
    if _CALL.fullmatch(before):
        return [(name, f"{operation.method} {operation.url}") for name, operation in operations.items()]
    match = _KEY.fullmatch(before)
    if match is None:
        return []
    path = path_at(lines, line, len(match[1]))
    if path and path[-1] == "with":
        called = operations.get(_sibling(lines, line, len(match[1])))
        return [(name, "parameter") for name in (called.parameters if called else ())]
    return list(_keys(schema, path))


def path_at(lines: list[str], line: int, indent: int) -> list[str]:
    """The keys that a place at an indentation stands below, from the document's root."""
    path: list[str] = []
    for text in reversed(lines[:line]):
        match = _LINE.match(text)
        if match is None:
            continue
        own = len(match[1]) + len(match[2])
        if own < indent:
            path.append(match[3])
            indent = own
        if match[2] and len(match[1]) < indent <= own:  # the first key of a list's entry: what is next is the list's
            indent = len(match[1]) + 1
        if indent <= 0:
            break
    return path[::-1]


def _sibling(lines: list[str], line: int, indent: int) -> str:
    """What is called by the part whose ``with`` a place stands in."""
    margin = indent
    for number in range(line - 1, -1, -1):
        match = _LINE.match(lines[number])
        if match is not None and match[3] == "with" and len(match[1]) + len(match[2]) < indent:
            margin = len(match[1]) + len(match[2])
            break
    near = [*range(line - 1, -1, -1), *range(line, len(lines))]
    for number in near:
        found = re.match(r"(\s*(?:- +)*)call:\s*['\"]?([\w.-]+)", lines[number])
        if found is not None and len(found[1]) == margin:
            return found[2]
    return ""


def _keys(schema: dict[str, Any], path: list[str]) -> Iterator[tuple[str, str]]:
    """The keys of the parts that a path leads to, each with what it means."""
    places = [schema]
    for key in path:
        places = [below for place in places for below in _below(schema, place, key)]
    seen: set[str] = set()
    for place in places:
        for part in _resolved(schema, place):
            for key, told in part.get("properties", {}).items():
                if key not in seen:
                    seen.add(key)
                    yield key, str(told.get("description", ""))


def _below(schema: dict[str, Any], place: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    for part in _resolved(schema, place):
        found = part.get("properties", {}).get(key)
        if found is None and isinstance(part.get("additionalProperties"), dict):
            found = part["additionalProperties"]
        if found is not None:
            for inner in _resolved(schema, found):
                yield inner.get("items", inner)


def _resolved(schema: dict[str, Any], place: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A part, or every part that a reference or a union can mean."""
    if "$ref" in place:
        yield from _resolved(schema, schema["$defs"][place["$ref"].rpartition("/")[2]])
        return
    yield place
    for key in ("anyOf", "allOf", "oneOf"):
        for member in place.get(key, ()):
            yield from _resolved(schema, member)
    for key in ("then", "else"):
        if key in place:
            yield from _resolved(schema, place[key])
