"""A consumed operation, ready to be called by exposed operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from naftiko_runtime.document.parameters import BodyTemplate
from naftiko_runtime.plan import NamedOutput
from naftiko_runtime.template import Placeholder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.document.consumes import ConsumedOperation
    from naftiko_runtime.document.parameters import BodyKind, ConsumedParameter
    from naftiko_runtime.plan import Pagination, Upstream

METHODS_WITH_BODY: Final = ("POST", "PUT", "PATCH")


class Consumed(Struct, frozen=True):
    """A consumed operation.

    Attributes:
        upstream: The API.
        operation: The operation in the document.
        path: The path after the base URI, split.
        parameters: The parameters of operation, resource and API; the nearest one wins.
        media_type: The declared content type of an untouched response; None for the upstream's.
        binary_bytes_max: The size limit of an untouched response; None if the operation has none.
        spelt: The placeholders that differ from the names of their parameters, by parameter.
        exposed_headers: Response headers that callers get, besides the API's own and those that they always get.
        closed: Whether a level has ``inputParameters: []``: it takes nothing but what is declared.
        pagination: How the pages of its list are read; None for one response.
        set_by_authentication: Parameters that only the API's authentication sets.
    """

    upstream: Upstream
    operation: ConsumedOperation
    path: tuple[str | Placeholder, ...]
    parameters: tuple[ConsumedParameter, ...]
    media_type: str | None = None
    binary_bytes_max: int | None = None
    spelt: Mapping[str, str] = {}
    exposed_headers: frozenset[bytes] = frozenset()
    closed: bool = False
    set_by_authentication: tuple[ConsumedParameter, ...] = ()
    pagination: Pagination | None = None

    @property
    def name(self) -> str:
        """``namespace.operation``."""
        return f"{self.upstream.namespace}.{self.operation.name.strip()}"

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in its path."""
        return tuple(piece.name for piece in self.path if isinstance(piece, Placeholder))

    def find_parameter(self, name: str) -> ConsumedParameter | None:
        """Return the first parameter of a name, whatever its place."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def declares(self, *places: str) -> bool:
        """Return whether any parameter is declared for one of these places."""
        return any(parameter.in_ in places for parameter in self.parameters)

    # -- its body -------------------------------------------------------------------------------------------------

    @property
    def has_body_content(self) -> bool:
        """Whether the document has its body, which may have names that no parameter declares."""
        body = self.operation.body
        return body is not None and not self.takes_any_body

    @property
    def takes_any_body(self) -> bool:
        """Whether the document names a kind of body, and leaves its content to the caller."""
        return isinstance(self.operation.body, BodyTemplate) and self.operation.body.data is None

    @property
    def takes_body_fields(self) -> bool:
        """Whether ``with`` may name fields of a body that the document does not declare."""
        silent = not self.has_body_content and not self.declares("query", "header", "cookie", "body")
        return silent and self.operation.method in METHODS_WITH_BODY

    @property
    def body_kind(self) -> BodyKind:
        """The kind of its body; JSON unless the document names another."""
        return self.operation.body.type if isinstance(self.operation.body, BodyTemplate) else "json"

    def sends_body(self, *, tool: bool) -> bool:
        """Return whether the method has a body. DELETE has one only over REST, where the caller may send one."""
        method = self.operation.method
        return method in METHODS_WITH_BODY or (method == "DELETE" and not tool)

    def lacks_body(self, *, tool: bool) -> bool:
        """Return whether it could have a body, and the document declares none."""
        return self.sends_body(tool=tool) and self.operation.body is None and not self.declares("body")


def list_named_outputs(consumed: Consumed) -> tuple[NamedOutput, ...]:
    """The parts of a response that have names for later steps."""
    declared = consumed.operation.output_parameters
    return tuple(NamedOutput(one.name, one.value, one.type) for one in declared if one.value is not None)
