"""Compiles the shapes of results: they map a decoded response to the result of an exposed operation."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

from msgspec import Struct

from naftiko_runtime.encode_for_place import format_text
from naftiko_runtime.jsonpath import compile_path
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.mapping.object_lists import Column, ShapeAll, compile_table, compile_take
from naftiko_runtime.mapping.output_schema import Mismatches, has_type
from naftiko_runtime.mapping.templates import Blank, compile_template
from naftiko_runtime.plan import (
    ConstantShape,
    ListShape,
    MapShape,
    ObjectShape,
    ScalarShape,
    TemplateShape,
    thaw,
)
from naftiko_runtime.source import WrittenFloat, parse_exact_float

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.jsonpath import JsonPath
    from naftiko_runtime.plan import Shape, ShapeType

Make: TypeAlias = Callable[[object], object]
"""From a decoded value to the shaped one."""

_NUMBER: Final = compile_lazily(r"-?(0|[1-9][0-9]{0,400})(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,3})?")


class CompiledShapes(Struct, frozen=True):
    """Shapes, compiled.

    Attributes:
        make: From a decoded response to the result.
        searches: Whether a path searches, so that its work needs a limit.
        has_blanks: Whether results have a :class:`naftiko_runtime.mapping.templates.Blank` somewhere.
        mismatches: Counts scalars that cannot be converted to the declared type.
    """

    make: Make
    searches: bool
    has_blanks: bool
    mismatches: Mismatches


def compile_shapes(shapes: Sequence[Shape]) -> CompiledShapes:
    """Compile shapes. The result is that of the first shape that has a value.

    Raises:
        JsonPathError: A path does not compile. Linking reports those before.
    """
    compiler = _Compiler()
    makes = [compiler.compile(shape) for shape in shapes]
    return CompiledShapes(_compile_first(makes), compiler.searches, compiler.has_blanks, compiler.mismatches)


def _compile_first(makes: Sequence[Make]) -> Make:
    """Return the first result that is a value."""
    if len(makes) == 1:
        return makes[0]
    return lambda value: next((result for make in makes if (result := make(value)) is not None), None)


def convert_literal(value: str, declared: ShapeType) -> Any:
    """Convert text to the declared type; return the text if that is not possible."""
    convert: Make = _CONVERT.get(declared, _keep)
    return convert(value)


class _Compiler:
    """Compiles shapes, and collects what the mapping needs."""

    def __init__(self) -> None:
        self.mismatches = Mismatches()
        self.searches = False
        self.has_blanks = False

    def compile(self, shape: Shape) -> Make:
        match shape:
            case ConstantShape(value):
                return _compile_constant(thaw(value))
            case TemplateShape():
                return self._compile_template(shape)
            case ScalarShape():
                return self._compile_at(
                    self._compile_path(shape.path), self._compile_scalar(shape), _find_plain_types(shape)
                )
            case ObjectShape(path, properties):
                return self._compile_at(
                    self._compile_path(path), _compile_object({name: self.compile(inner) for name, inner in properties})
                )
            case MapShape(path, values):
                return self._compile_at(self._compile_path(path), _compile_map(self.compile(values)))
            case ListShape(path, items):
                return self._compile_at(
                    self._compile_path(path), _compile_list(None if items is None else self._compile_items(items))
                )
            case _:
                assert_never(shape)

    def _compile_path(self, text: str) -> JsonPath:
        path = compile_path(text)
        self.searches = self.searches or path.searches
        return path

    def _compile_at(self, path: JsonPath, make: Make, plain: frozenset[type] | None = None) -> Make:
        """Shape the value at a path.

        Args:
            path: The path.
            make: Shapes the value.
            plain: Types of values that ``make`` does not change; None if it changes all.
        """
        if path.identity:
            return make
        if len(path.names) == 1 and plain is not None:
            return _compile_field(path.names[0], plain, path.get, make)
        get = path.get
        return lambda value: make(get(value))

    def _compile_template(self, shape: TemplateShape) -> Make:
        self.has_blanks = True
        fill = compile_template(shape.term)
        make = self._compile_conversion("$", shape.type, shape.characters_max)
        return _compile_constant(Blank(lambda values: make(fill(values))))

    def _compile_items(self, items: Shape) -> ShapeAll:
        """Return the mapping of the items of a list."""
        if not isinstance(items, ObjectShape) or not self._compile_path(items.path).identity or not items.properties:
            make = self.compile(items)
            return lambda values: [make(value) for value in values]
        makes = {name: self.compile(inner) for name, inner in items.properties}
        columns = {name: self._compile_column(inner, makes[name]) for name, inner in items.properties}
        return compile_table(columns, _compile_object(makes))

    def _compile_column(self, shape: Shape, make: Make) -> Column:
        """Return one field of all objects of a list."""
        if isinstance(shape, ScalarShape) and (plain := _find_plain_types(shape)) is not None:
            take = compile_take(compile_path(shape.path).names)
            if take is not None:
                return Column(take, self._compile_scalar(shape), plain | {type(None)})
        return Column(None, make, frozenset())

    def _compile_scalar(self, shape: ScalarShape) -> Make:
        return self._compile_conversion(shape.path, shape.type, shape.characters_max)

    def _compile_conversion(self, path: str, declared: ShapeType, characters_max: int | None) -> Make:
        """Convert to the declared type if possible; otherwise keep the value and count a mismatch."""
        make = self._compile_counted_conversion(path, declared)
        if characters_max is None:
            return make

        def truncate(value: Any) -> Any:
            result = make(value)
            return result[:characters_max] if isinstance(result, str) else result

        return truncate

    def _compile_counted_conversion(self, path: str, declared: ShapeType) -> Make:
        change = _CONVERT.get(declared)
        if change is None:
            return _keep
        count_mismatch, plain = self.mismatches.count_mismatch, _PLAIN[declared]

        def convert(value: Any) -> Any:
            if value is None or type(value) in plain:
                return value
            result = change(value)
            if not has_type(result, declared):
                count_mismatch(path, declared, result)
            return result

        return convert


def _find_plain_types(shape: ScalarShape) -> frozenset[type] | None:
    """Return the types of values that a shape does not change; None if it changes all."""
    return None if shape.characters_max is not None else _PLAIN.get(shape.type)


def _compile_field(key: str, plain: frozenset[type], get: Make, convert_literal: Make) -> Make:
    """Return a field of an object. Usually it has its declared type already, which is checked first."""

    def convert_field(value: Any) -> Any:
        found = value.get(key) if isinstance(value, dict) else get(value)
        return found if found is None or type(found) in plain else convert_literal(found)

    return convert_field


def _compile_constant(value: Any) -> Make:
    return lambda _: value


def _compile_object(properties: dict[str, Make]) -> Make:
    pairs = tuple(properties.items())
    return lambda value: None if value is None else {name: shape(value) for name, shape in pairs}


def _compile_map(shape: Make) -> Make:
    def convert_each(value: Any) -> Any:
        return {key: shape(item) for key, item in value.items()} if isinstance(value, dict) else None

    return convert_each


def _compile_list(shapes: ShapeAll | None) -> Make:
    """Return a list. A single object or scalar becomes a list of one, and null stays null."""

    def make_list(value: Any) -> Any:
        if value is None:
            return None
        items = value if isinstance(value, list) else [value]
        return items if shapes is None else shapes(items)

    return make_list


def _keep(value: Any) -> Any:
    return value


def _convert_to_string(value: Any) -> Any:
    return format_text(value) if isinstance(value, int | float) else value


def _convert_to_number(value: Any) -> Any:
    """Convert the text of a finite number."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    if not set(value) & set(".eE"):
        return int(value)
    number = parse_exact_float(value)
    return number if isfinite(number) else value


def _convert_to_integer(value: Any) -> Any:
    number = _convert_to_number(value)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _convert_to_boolean(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


_PLAIN: Final = {
    "string": frozenset({str}),
    "number": frozenset({int, float, WrittenFloat}),
    "integer": frozenset({int}),
    "boolean": frozenset({bool}),
}
"""The types that need no conversion to a declared type."""

_CONVERT: Final[dict[str, Make]] = {
    "string": _convert_to_string,
    "number": _convert_to_number,
    "integer": _convert_to_integer,
    "boolean": _convert_to_boolean,
}
