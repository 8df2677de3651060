"""Output parameters in every published form, as the canonical one: a list, with mappings of properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.rules import Statement
    from naftiko_runtime.source import Draft, KeyPath

_NESTED: Final = frozenset({"properties", "items", "values", "mapping"})
"""Keys of an output that hold other outputs."""
_KEYS: Final = frozenset({*_NESTED, "name", "type", "description", "value", "const", "maxLength"})
_TYPES: Final = ("string", "number", "integer", "boolean", "object", "array")


class OutputNormalizer:
    """Rewrites the outputs of exposed operations.

    Args:
        draft: The document that is reshaped.
        note: Reports what is read otherwise than the specification of the document's version has it.
    """

    def __init__(self, draft: Draft, note: Callable[[KeyPath, Statement], None]) -> None:
        self._draft = draft
        self._note = note

    def normalize(self, operation: dict[str, Any], key_path: KeyPath, *, maps: bool) -> None:
        """Rewrite the outputs of an operation or a tool.

        Args:
            operation: Has them, or not.
            key_path: Its place.
            maps: Whether the specification of the document's version has maps of named outputs.
        """
        outputs, place = operation.get("outputParameters"), (*key_path, "outputParameters")
        if isinstance(outputs, dict):
            if outputs and _is_output(outputs):
                self._note(place, rules.NON_STANDARD_KEY_OUTPUT())
                self._draft.wrap_in_list(operation, "outputParameters")
            elif is_map_of_mappings(outputs):
                if not maps:
                    self._note(place, rules.NON_STANDARD_KEY_MAP(key="outputParameters"))
                self._draft.convert_to_list(operation, "outputParameters")
        for index, output in enumerate(_to_list(operation.get("outputParameters"))):
            self._normalize_output(output, (*place, index))

    def _normalize_output(self, output: Any, key_path: KeyPath) -> None:
        """Rewrite what is inside an output."""
        if not isinstance(output, dict):
            return
        items, properties = output.get("items"), output.get("properties")
        for index, entry in enumerate(_to_list(items)):
            self._normalize_output(entry, (*key_path, "items", index))
        if isinstance(items, list) and items and all(map(is_readable, items)):  # the first one counts
            self._draft.replace_by_entry(output, "items", 0)
        elif isinstance(items, dict) and items and is_map_of_mappings(items) and not _is_output(items):
            self._draft.replace_by_entry(output, "items", next(iter(items)))
        if isinstance(properties, list) and properties and all(_has_name(entry) for entry in properties):
            self._note((*key_path, "properties"), rules.NON_STANDARD_KEY_PROPERTIES())
            self._draft.convert_to_map(output, "properties")
        for key in ("items", "values", "mapping"):
            self._normalize_output(output.get(key), (*key_path, key))
        properties = output.get("properties")
        for name, inner in properties.items() if isinstance(properties, dict) else ():
            self._normalize_output(inner, (*key_path, "properties", name))


def is_readable(output: Any) -> bool:
    """Return whether a value has the form of an output, with all that is inside it."""
    if not isinstance(output, dict):
        return False
    kind = output.get("type", "object")
    if not isinstance(kind, str) or kind not in _TYPES:
        return False
    properties, inner = output.get("properties", {}), [output[key] for key in ("items", "values") if key in output]
    if not isinstance(properties, dict) or not isinstance(output.get("mapping", ""), str | dict):
        return False
    texts = all(isinstance(output.get(key, ""), str | int | float) for key in ("name", "description", "value"))
    return texts and all(map(is_readable, (*properties.values(), *inner)))


def _is_output(value: dict[str, Any]) -> bool:
    """Return whether a mapping is one output, and not a map of outputs by their names."""
    if not value.keys() <= _KEYS:
        return False
    if any(not isinstance(inner, dict) for inner in value.values()):
        return True
    return value.keys() <= _NESTED and not any(isinstance(inner.get("type"), str) for inner in value.values())


def is_map_of_mappings(value: dict[str, Any]) -> bool:
    """Return whether a mapping is one of named entries."""
    return all(isinstance(entry, dict | None) for entry in value.values())


def _has_name(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str | int | float)


def _to_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
