"""The plan of one document: everything that it serves and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Span
    from naftiko_runtime.plan.operation import Operation
    from naftiko_runtime.plan.servers import Server
    from naftiko_runtime.plan.upstream import Upstream


class Binding(Struct, frozen=True):
    """A bound variable.

    Attributes:
        namespace: The bind's namespace.
        variable: Its name in the document.
        key: Its name at the provider.
        span: The place of its bind.
        uses: The places where expressions use it.
        location: The location of its provider. None for the environment.
        optional: Whether it may be unset, although it is used.
    """

    namespace: str
    variable: str
    key: str
    span: Span
    uses: tuple[Span, ...] = ()
    location: str | None = None
    optional: bool = False

    @property
    def name(self) -> str:
        """``namespace.VARIABLE``."""
        return f"{self.namespace}.{self.variable}"


class Plan(Struct, frozen=True):
    """The plan of one document: everything that it serves and calls."""

    label: str
    file: str
    bindings: tuple[Binding, ...]
    upstreams: tuple[Upstream, ...]
    servers: tuple[Server, ...]
    operations: tuple[str, ...] = ()
    """``namespace.operation`` of every consumed operation."""
    version: str | None = None
    """The version in the document's ``info``, if it has one."""
    description: str = ""
    """The description in the document's ``info``."""

    @property
    def exposed_operations(self) -> tuple[Operation, ...]:
        """Every operation that is served, in order."""
        return tuple(operation for server in self.servers for operation in server.operations)

    @property
    def called_upstreams(self) -> tuple[Upstream, ...]:
        """The upstreams that are called, each once; others may lack their variables."""
        return tuple({u.namespace: u for o in self.exposed_operations for u in o.execution.upstreams}.values())
