"""Structured results of tools: the JSON Schema of an operation's shapes, and results that conform to it.

Clients drop tools whose output schema has references, or a root that is not an object. The root is therefore an
object: the result itself if that is an object, otherwise an object with the only member ``result``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

from msgspec import Struct

from naftiko_runtime.jsonpath import compile_path
from naftiko_runtime.plan import ConstantShape, ListShape, MapShape, ObjectShape, ScalarShape, TemplateShape, thaw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.plan import Shape

_SCALARS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}


_OF_NUMBERS: Final = frozenset({"string", "number", "integer"})
"""The types that a number can be converted to."""


class ResultSchema(Struct, frozen=True):
    """The schema of a structured result.

    Attributes:
        schema: A JSON Schema without references, whose root is an object.
        wraps: Whether the result is the member ``result`` of that object.
        empty: What is sent for a response without a body. It conforms to the schema.
    """

    schema: dict[str, Any]
    wraps: bool
    empty: dict[str, Any]

    def make_structured(self, value: Any, *, mismatched: bool) -> dict[str, Any]:
        """Make a structured result. If ``mismatched``, values of another type than declared become null."""
        if mismatched:
            inner = self.schema["properties"]["result"] if self.wraps else self.schema
            value = _replace_mismatches(value, inner)
        if self.wraps:
            return {"result": value}
        return value if isinstance(value, dict) else self.empty


def make_result_schema(shapes: Sequence[Shape]) -> ResultSchema | None:
    """Make the schema of a result; None if there are several alternative shapes, or any value is possible."""
    if len(shapes) != 1 or "type" not in (schema := _describe_shape(shapes[0])):
        return None
    if "properties" in schema or "additionalProperties" in schema:
        properties = shapes[0].properties if isinstance(shapes[0], ObjectShape) else ()
        empty = {name: _get_fixed_value(inner) for name, inner in properties}
        return ResultSchema({**schema, "type": "object"}, wraps=False, empty=empty)
    wrapping = {"type": "object", "properties": {"result": schema}, "required": ["result"]}
    return ResultSchema(wrapping, wraps=True, empty={"result": _get_fixed_value(shapes[0])})


def _get_fixed_value(shape: Shape) -> Any:
    """Return the value that a shape has without a response: a constant, an empty list, its length, or null."""
    match shape:
        case ConstantShape(value):
            return thaw(value)
        case ListShape(path) if _always_lists(path):
            return []
        case ScalarShape(path, type=declared) if _always_counts(path, declared):
            return "0" if declared == "string" else 0
        case _:
            return None


def _always_lists(path: str) -> bool:
    """Return whether the list at a path is never null: an indefinite path gives a list wherever it leads."""
    return not (compiled := compile_path(path)).definite or compiled.counts


def _always_counts(path: str, declared: str) -> bool:
    return declared in _OF_NUMBERS and compile_path(path).counts


def _describe_shape(shape: Shape) -> dict[str, Any]:
    schema = _describe_type(shape)
    return {**schema, "description": shape.description} if shape.description else schema


def _describe_type(shape: Shape) -> dict[str, Any]:
    """Describe a shape. An object has each of its properties: a definite path that leads nowhere gives null."""
    match shape:
        case ConstantShape(value, type=declared) if value is not None and declared in _SCALARS:
            return {"type": declared} if has_type(thaw(value), declared) else {}
        case ScalarShape(path, type=declared) if _always_counts(path, declared):
            return {"type": declared}
        case ConstantShape(type=declared) | TemplateShape(type=declared) | ScalarShape(type=declared):
            return {"type": [declared, "null"]} if declared in _SCALARS else {}
        case ObjectShape(properties=properties):
            return {
                "type": ["object", "null"],
                "properties": {name: _describe_shape(inner) for name, inner in properties},
                "required": [name for name, _ in properties],
            }
        case MapShape(values=values):
            return {"type": ["object", "null"], "additionalProperties": _describe_shape(values)}
        case ListShape(path, items):
            kind = "array" if _always_lists(path) else ["array", "null"]
            return {"type": kind, "items": {} if items is None else _describe_shape(items)}
        case _:
            assert_never(shape)


def _replace_mismatches(value: Any, schema: dict[str, Any]) -> Any:
    """Replace values of another type than declared by null."""
    if isinstance(value, dict) and "properties" in schema:
        return {key: _replace_mismatches(item, schema["properties"].get(key, {})) for key, item in value.items()}
    if isinstance(value, dict) and "additionalProperties" in schema:
        return {key: _replace_mismatches(item, schema["additionalProperties"]) for key, item in value.items()}
    if isinstance(value, list) and "items" in schema:
        return [_replace_mismatches(item, schema["items"]) for item in value]
    types = schema.get("type")
    declared = types[0] if isinstance(types, list) else types
    return value if declared not in _SCALARS or has_type(value, declared) else None


def has_type(value: Any, declared: str) -> bool:
    """Return whether a value has its declared type.

    Null has every type, and types other than scalars are not checked.
    """
    if declared not in _SCALARS:
        return True
    if value is None or (isinstance(value, bool) and declared != "boolean"):
        return value is None
    return isinstance(value, _SCALARS[declared])


class Mismatches:
    """Counts values of another type than declared. Results have them unchanged."""

    __slots__ = ("count", "latest")

    def __init__(self) -> None:
        self.count = 0
        self.latest = ""

    def count_mismatch(self, path: str, declared: str, value: Any) -> None:
        """Count a value, and keep its path for the log, but never the value."""
        self.count += 1
        self.latest = f"'{path}' is declared {declared}, and was {_name_type(value)}"


def _name_type(value: Any) -> str:
    """The type of a JSON value, as documents name it."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "number"
