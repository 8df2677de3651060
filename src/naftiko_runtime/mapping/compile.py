"""Output shapes: how a decoded answer becomes an exposed operation's result. Compiled once, to closures."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from naftiko_runtime.document.parameters import OutputMapping
from naftiko_runtime.jsonpath import compile_path
from naftiko_runtime.lazy_import import pattern
from naftiko_runtime.mapping.columns import Column, Shapes, table, taking
from naftiko_runtime.mapping.output_schema import Mismatches, is_of
from naftiko_runtime.source import WrittenFloat, exact_float
from naftiko_runtime.template import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.parameters import Output

Shape: TypeAlias = Callable[[Any], Any]
Leaf: TypeAlias = Callable[["Output", Shape], Any]
"""From an output whose ``value`` is a template, and its conversion, to what stands for it in a result."""

_NUMBER: Final = pattern(r"-?(0|[1-9][0-9]{0,400})(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,3})?")
_DOTTED: Final = pattern(r"[A-Za-z_][\w-]*\.[^\s{}]+")


def compile_outputs(
    outputs: Sequence[Output], mismatches: Mismatches | None = None, leaf: Leaf | None = None
) -> Shape | None:
    """The shape of a simple operation's result: the first output that yields a value gives it.

    None means identity: the answer goes through as it came, whatever it is, and is never decoded.

    Args:
        outputs: As the document has them.
        mismatches: Counts scalars that are not, and cannot be made, of the declared type.
        leaf: Makes what stands for a template; without it a template is text.

    Raises:
        JsonPathError: A path does not compile; linking has checked them all before.
    """
    if not outputs or is_identity(outputs[0]):
        return None
    compiler = _Compiler(mismatches or Mismatches(), leaf)
    return _first([compiler.output(output) for output in outputs])


def compile_mock(outputs: Sequence[Output], mismatches: Mismatches, leaf: Leaf) -> Shape:
    """The shape of a result that no answer is needed for: an object of its named outputs, where any has a name.

    Arguments as for :func:`compile_outputs`.
    """
    compiler = _Compiler(mismatches, leaf)
    if named := {output.name: compiler.output(output) for output in outputs if output.name}:
        return _object(named)
    return _first([compiler.output(output) for output in outputs])


def _first(shapes: Sequence[Shape]) -> Shape:
    """The first shape that yields a value."""
    if len(shapes) == 1:
        return shapes[0]
    return lambda value: next((result for shape in shapes if (result := shape(value)) is not None), None)


def is_identity(output: Output) -> bool:
    """Whether an output is the whole answer, unshaped (``mapping: $`` or ``$.``)."""
    if output.properties or output.items or output.values or output.value is not None or output.max_length is not None:
        return False
    if output.mapping is None:
        return output.const is None and output.type in ("object", "array")
    return isinstance(output.mapping, str) and _path(output).identity


def searches(output: Output) -> bool:
    """Whether a path of an output searches, here or further in."""
    return _path(output).searches or any(map(searches, output.inner()))


def constant(output: Output) -> Any:
    """The ``value`` of an output, made the type that is declared if it can be."""
    return _CONVERT.get(output.type, _as_it_is)(output.value)


def may_refer(value: str) -> bool:
    """Whether the ``value`` of an output may name something, and is not the text that it is."""
    return "{{" in value or "$" in value or _DOTTED.fullmatch(value) is not None


def _path(output: Output) -> Any:
    return compile_path(output.mapping if isinstance(output.mapping, str) else "$")


class _Compiler:
    def __init__(self, mismatches: Mismatches, leaf: Leaf | None) -> None:
        self._mismatches = mismatches
        self._leaf = leaf

    def output(self, output: Output) -> Shape:
        if output.value is not None:  # comes before a mapping
            convert = self._scalar(output)
            if self._leaf is not None and may_refer(output.value):
                return _constant(self._leaf(output, convert))
            return _constant(convert(output.value))
        if output.const is not None and output.mapping is None:
            return _constant(output.const)
        convert = self._inner(output)
        path = _path(output)
        if path.identity:
            return convert
        if len(path.names) == 1 and (plain := self._plain(output)) is not None:
            return _field(path.names[0], plain, path.get, convert)
        get = path.get
        return lambda value: convert(get(value))

    def _inner(self, output: Output) -> Shape:
        """What happens to the value at an output's path."""
        older = output.mapping if output.mapping is not None and not isinstance(output.mapping, str) else output
        if older.properties:
            return _object({name: self.output(inner) for name, inner in older.properties.items()})
        if output.values:
            return _keyed(self.output(output.values))
        if output.type == "array" or older.items:
            return _array(None if older.items is None else self._each(older.items))
        return self._scalar(output)

    def _each(self, items: Output) -> Shapes:
        """What happens to the elements of a list."""
        plain = items.value is None and items.const is None and not isinstance(items.mapping, OutputMapping)
        if not items.properties or not plain or not _path(items).identity:
            shape = self.output(items)
            return lambda values: [shape(value) for value in values]
        shapes = {name: self.output(inner) for name, inner in items.properties.items()}
        columns = {name: self._column(inner, shapes[name]) for name, inner in items.properties.items()}
        return table(columns, _object(shapes))

    def _column(self, output: Output, shape: Shape) -> Column:
        """One field of all objects of a list."""
        names, plain = _path(output).names, self._plain(output)
        if output.value is None and output.const is None and plain is not None and (take := taking(names)) is not None:
            return Column(take, self._scalar(output), plain | {type(None)})
        return Column(None, shape, frozenset())

    def _plain(self, output: Output) -> frozenset[type] | None:
        """The types of values that an output gives as they are; nothing where it does something to all of them."""
        shaped = output.properties or output.items or output.values or isinstance(output.mapping, OutputMapping)
        return None if shaped or output.max_length is not None else _PLAIN.get(output.type)

    def _scalar(self, output: Output) -> Shape:
        convert = self._converting(output)
        if (longest := output.max_length) is None:
            return convert

        def truncated(value: Any) -> Any:
            result = convert(value)
            return result[:longest] if isinstance(result, str) else result

        return truncated

    def _converting(self, output: Output) -> Shape:
        """To the declared type where that is possible; otherwise the value is kept, and noted."""
        convert = _CONVERT.get(output.type)
        if convert is None:
            return _as_it_is
        declared, note, plain = output.type, self._mismatches.note, _PLAIN[output.type]

        def converted(value: Any) -> Any:
            if value is None or type(value) in plain:
                return value
            result = convert(value)
            if not is_of(result, declared):
                note(output, result)
            return result

        return converted


def _field(key: str, plain: frozenset[type], get: Shape, convert: Shape) -> Shape:
    """A field of an object that mostly is what it is declared to be; anything else takes the general way."""

    def field(value: Any) -> Any:
        found = value.get(key) if isinstance(value, dict) else get(value)
        return found if found is None or type(found) in plain else convert(found)

    return field


def _constant(value: Any) -> Shape:
    return lambda _: value


def _object(properties: dict[str, Shape]) -> Shape:
    pairs = tuple(properties.items())
    return lambda value: None if value is None else {name: shape(value) for name, shape in pairs}


def _keyed(shape: Shape) -> Shape:
    def each(value: Any) -> Any:
        return {key: shape(item) for key, item in value.items()} if isinstance(value, dict) else None

    return each


def _array(shapes: Shapes | None) -> Shape:
    """A list; one object or scalar in its place is a list of one, nothing stays nothing."""

    def listed(value: Any) -> Any:
        if value is None:
            return None
        items = value if isinstance(value, list) else [value]
        return items if shapes is None else shapes(items)

    return listed


def _as_it_is(value: Any) -> Any:
    return value


def _string(value: Any) -> Any:
    return as_text(value) if isinstance(value, int | float) else value


def _number(value: Any) -> Any:
    """Text of a finite number as that number."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    if not set(value) & set(".eE"):
        return int(value)
    number = exact_float(value)
    return number if isfinite(number) else value


def _integer(value: Any) -> Any:
    number = _number(value)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _boolean(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


_PLAIN: Final = {
    "string": frozenset({str}),
    "number": frozenset({int, float, WrittenFloat}),
    "integer": frozenset({int}),
    "boolean": frozenset({bool}),
}
"""What needs no conversion to a declared type."""

_CONVERT: Final[dict[str, Shape]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
}
