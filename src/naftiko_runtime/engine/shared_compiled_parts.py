"""Compiles equal parts of executions once: those of a function that several operations refer to, for example."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.engine.request import ForwardBuilder, RequestBuilder
from naftiko_runtime.mapping.compile import compile_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.mapping.compile import CompiledShapes
    from naftiko_runtime.plan import Request, Shape
    from naftiko_runtime.secret import Secret


class CompiledParts:
    """The compiled requests and shapes of a plan, by what they are compiled from.

    They have no state of one operation, but for the count of mismatches: operations that share a shape share it.
    """

    __slots__ = ("_builders", "_secrets", "_shapes")

    def __init__(self, secrets: Mapping[str, Secret]) -> None:
        """Begin without any part.

        Args:
            secrets: Bound variables by full name.
        """
        self._secrets = secrets
        self._builders: dict[tuple[Request, bool], RequestBuilder] = {}
        self._shapes: dict[tuple[Shape, ...], CompiledShapes] = {}

    def get_builder(self, request: Request, *, decodes: bool) -> RequestBuilder:
        """Return the builder of a request.

        Args:
            request: The planned request.
            decodes: Whether the response is decoded.

        Raises:
            Unrenderable: A fixed value, such as a secret, cannot be written at its place.
        """
        found = self._builders.get((request, decodes))
        if found is None:
            building = ForwardBuilder if request.forwards else RequestBuilder
            found = self._builders[request, decodes] = building(request, self._secrets, decodes=decodes)
        return found

    def get_shapes(self, shapes: tuple[Shape, ...]) -> CompiledShapes:
        """Return the compiled shapes of a result."""
        found = self._shapes.get(shapes)
        if found is None:
            found = self._shapes[shapes] = compile_shapes(shapes)
        return found
