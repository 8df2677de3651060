"""What a tool's structured result looks like: a JSON Schema of an operation's outputs, and results that keep to it.

Clients drop tools whose output schema has another root than an object, or references; so the root is an object, and the
result itself where it is one, otherwise its only member ``result``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.parameters import Output

_SCALARS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}


class Outline(Struct, frozen=True):
    """The schema of a structured result.

    Attributes:
        schema: Its root is an object; flat, without references.
        wraps: Whether the result is the member ``result`` of that object.
    """

    schema: dict[str, Any]
    wraps: bool

    def structured(self, value: Any, *, mismatched: bool) -> dict[str, Any]:
        """A result in that form; with mismatches, what is of another type than declared is null in it."""
        if mismatched:
            inner = self.schema["properties"]["result"] if self.wraps else self.schema
            value = _conforming(value, inner)
        if self.wraps:
            return {"result": value}
        return value if isinstance(value, dict) else {}


def outline(outputs: Sequence[Output]) -> Outline | None:
    """The outline of a shaped result; none when several outputs compete for it, or it may be anything."""
    if len(outputs) != 1 or "type" not in (schema := _schema(outputs[0])):
        return None
    if "properties" in schema or "additionalProperties" in schema:
        return Outline({**schema, "type": "object"}, wraps=False)
    return Outline({"type": "object", "properties": {"result": schema}}, wraps=True)


def outline_mock(outputs: Sequence[Output]) -> Outline | None:
    """The outline of a result that the document has itself: an object of its named outputs, where any has a name."""
    named = {output.name: _schema(output) for output in outputs if output.name}
    if not named:
        return outline(outputs)
    return Outline({"type": "object", "properties": named, "required": list(named)}, wraps=False)


def _schema(output: Output) -> dict[str, Any]:
    """An output's schema; a missing path gives null, so that everything may be null."""
    schema = _kind(output)
    return {**schema, "description": output.description} if output.description else schema


def _kind(output: Output) -> dict[str, Any]:
    older = output.mapping if output.mapping is not None and not isinstance(output.mapping, str) else output
    if output.value is not None:
        return {"type": [output.type, "null"]} if output.type in _SCALARS else {}
    if output.const is not None and output.mapping is None:
        return {}
    if older.properties:
        return {"type": ["object", "null"], "properties": {n: _schema(p) for n, p in older.properties.items()}}
    if output.values:
        return {"type": ["object", "null"], "additionalProperties": _schema(output.values)}
    if output.type == "array" or older.items:
        return {"type": ["array", "null"], "items": _schema(older.items) if older.items else {}}
    return {"type": [output.type, "null"]} if output.type in _SCALARS else {}


def _conforming(value: Any, schema: dict[str, Any]) -> Any:
    """A value without what its schema does not allow."""
    if isinstance(value, dict) and "properties" in schema:
        return {key: _conforming(item, schema["properties"].get(key, {})) for key, item in value.items()}
    if isinstance(value, dict) and "additionalProperties" in schema:
        return {key: _conforming(item, schema["additionalProperties"]) for key, item in value.items()}
    if isinstance(value, list) and "items" in schema:
        return [_conforming(item, schema["items"]) for item in value]
    declared = schema.get("type", [None])[0]
    return value if declared not in _SCALARS or is_of(value, declared) else None


def is_of(value: Any, declared: str) -> bool:
    """Whether a result has the type that was declared for it; null has every type, and any value may be no scalar."""
    if declared not in _SCALARS:
        return True
    if value is None or (isinstance(value, bool) and declared != "boolean"):
        return value is None
    return isinstance(value, _SCALARS[declared])


class Mismatches:
    """Counts results of another type than declared. They are kept: what an upstream really says is worth more."""

    __slots__ = ("count", "latest")

    def __init__(self) -> None:
        self.count = 0
        self.latest = ""

    def note(self, output: Output, value: Any) -> None:
        """Count one, and remember which output it was; never the value."""
        self.count += 1
        self.latest = f"'{output.mapping or '$'}' is declared {output.type}, and was {type(value).__name__}"
