"""Links the outputs of exposed operations to the shapes of their results."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from naftiko_runtime.document.parameters import OutputMapping
from naftiko_runtime.jsonpath import compile_path
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.mapping.compile import convert_literal
from naftiko_runtime.plan import (
    Constant,
    ConstantShape,
    ListShape,
    MapShape,
    ObjectShape,
    ScalarShape,
    TemplateShape,
    freeze,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.plan import Shape, ShapeType, Term

LinkTemplate: TypeAlias = Callable[["Output"], "Term"]
"""From an output whose ``value`` is a template to its term."""

_DOTTED: Final = compile_lazily(r"[A-Za-z_][\w-]*\.[^\s{}]+")
_ROOT: Final = "$"


def link_shapes(outputs: Sequence[Output], link_template: LinkTemplate) -> tuple[Shape, ...]:
    """Link the shapes of a call's result; empty if the response is passed on untouched."""
    if not outputs or is_identity(outputs[0]):
        return ()
    return tuple(_link_shape(output, link_template) for output in outputs)


def link_mock_shapes(outputs: Sequence[Output], link_template: LinkTemplate) -> tuple[Shape, ...]:
    """Link the shapes of a mock's result: an object of its named outputs, or else the outputs."""
    linked = [(output.name, _remove_path(_link_shape(output, link_template))) for output in outputs]
    if any(name for name, _ in linked):
        return (ObjectShape(_ROOT, tuple({name: shape for name, shape in linked if name}.items())),)
    return tuple(shape for _, shape in linked)


def _remove_path(shape: Shape) -> Shape:
    """Return a shape of a mock: what has no value is null, because there is no response to read."""
    match shape:
        case ObjectShape(path, properties):
            return ObjectShape(path, tuple((name, _remove_path(one)) for name, one in properties), shape.description)
        case ListShape(path, items) if items is not None:
            return ListShape(path, _remove_path(items), shape.description)
        case ScalarShape() | ListShape() | MapShape():
            declared: ShapeType = shape.type if isinstance(shape, ScalarShape) else "object"
            return ConstantShape(None, declared, shape.description)
    return shape


def is_identity(output: Output) -> bool:
    """Return whether an output is the whole response (``mapping: $`` or ``$.``)."""
    if output.properties or output.items or output.values or output.value is not None or output.max_length is not None:
        return False
    if output.mapping is None:
        return output.const is None and output.type in ("object", "array")
    return isinstance(output.mapping, str) and compile_path(output.mapping).identity


def convert_constant(output: Output) -> Any:
    """Convert the ``value`` of an output to its declared type, if possible."""
    return None if output.value is None else convert_literal(output.value, output.type)


def _link_shape(output: Output, link_template: LinkTemplate) -> Shape:
    if output.value is not None:  # takes precedence over a mapping
        return _link_value(output, output.value, link_template)
    if output.const is not None and output.mapping is None:
        return ConstantShape(freeze(output.const), output.type, output.description)
    path, about = _normalize_path(output), output.description
    older = output.mapping if isinstance(output.mapping, OutputMapping) else output
    if older.properties:
        fields = ((name, _link_shape(inner, link_template)) for name, inner in older.properties.items())
        return ObjectShape(path, tuple(fields), about)
    if output.values:
        return MapShape(path, _link_shape(output.values, link_template), about)
    if output.type == "array" or older.items:
        return ListShape(path, _link_shape(older.items, link_template) if older.items else None, about)
    return ScalarShape(path, output.type, about, output.max_length)


def _normalize_path(output: Output) -> str:
    """Return the path of an output; all spellings of the root become ``$``."""
    if not isinstance(output.mapping, str) or compile_path(output.mapping).identity:
        return _ROOT
    return output.mapping


def _link_value(output: Output, value: str, link_template: LinkTemplate) -> Shape:
    if _may_refer(value):
        term = link_template(output)
        if term != Constant(value):
            return TemplateShape(term, output.type, output.description, output.max_length)
    found = convert_constant(output)
    shown = found[: output.max_length] if isinstance(found, str) else found
    return ConstantShape(freeze(shown), output.type, output.description)


def _may_refer(value: str) -> bool:
    """Return whether the ``value`` of an output may be a reference, and is not a constant."""
    return "{{" in value or "$" in value or _DOTTED.fullmatch(value) is not None
