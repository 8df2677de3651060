"""Finds the outputs whose paths found nothing in a response, for the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.plan import ConstantShape, ListShape, MapShape, ObjectShape, TemplateShape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from naftiko_runtime.plan import Shape


def list_empty_outputs(shapes: Sequence[Shape], value: Any) -> list[str]:
    """Return the outputs that are null wherever they occur in a result, as ``ships[].name: $.name``."""
    found: dict[str, bool] = {}
    if len(shapes) == 1:  # of several, the first with a value counts
        for place, present in _iter_outputs(shapes[0], value, ""):
            found[place] = found.get(place, False) or present
    return [place for place, present in found.items() if not present]


def _iter_outputs(shape: Shape, value: Any, name: str) -> Iterator[tuple[str, bool]]:
    """Yield each output with a path, and whether it has a value; what is inside a missing one is left out."""
    if isinstance(shape, ConstantShape | TemplateShape):
        return
    yield (f"{name}: {shape.path}" if name else shape.path), value is not None
    if isinstance(shape, ObjectShape) and isinstance(value, dict):
        for key, inner in shape.properties:
            yield from _iter_outputs(inner, value.get(key), f"{name}.{key}" if name else key)
    elif isinstance(shape, ListShape) and shape.items is not None and isinstance(value, list):
        for item in value:
            yield from _iter_outputs(shape.items, item, f"{name}[]")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for item in value.values():
            yield from _iter_outputs(shape.values, item, f"{name}.*")
