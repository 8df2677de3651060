"""Outputs as data, and the shapes and mappings that they become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.document.parameters import Output
from naftiko_runtime.link.output_shapes import link_shapes
from naftiko_runtime.mapping.compile import CompiledShapes, compile_shapes
from naftiko_runtime.plan import Constant

if TYPE_CHECKING:
    from naftiko_runtime.plan import Shape, Term


def make_shapes(*outputs: dict[str, Any]) -> tuple[Shape, ...]:
    """The shapes of outputs in which no value names anything; none if the response is passed through."""
    return link_shapes([Output.model_validate(output) for output in outputs], _as_it_stands)


def make_mapping(*outputs: dict[str, Any]) -> CompiledShapes:
    """The same, compiled."""
    shapes = make_shapes(*outputs)
    assert shapes
    return compile_shapes(shapes)


def _as_it_stands(output: Output) -> Term:
    return Constant(output.value)
