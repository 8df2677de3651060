"""The interface that the package of each kind of expose implements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from naftiko_runtime.link.expose_kind_protocol import E_contra, LinkedKind, S, S_co, SeparableKind
from naftiko_runtime.lint.define_check import CheckedKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from naftiko_runtime.asgi_types import App, Scope
    from naftiko_runtime.bind_plan import BoundServer
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.plan import RestServer


class ExposeKind(LinkedKind[E_contra, S_co], CheckedKind[E_contra], Protocol[E_contra, S_co]):
    """One kind of expose, served or not; a package of ``exposes`` implements it."""


class ServedKind(ExposeKind[E_contra, S], SeparableKind[E_contra, S], Protocol[E_contra, S]):
    """One kind of expose that is served; a package of ``exposes`` implements it."""

    AWAITS_MESSAGE: bool
    """Whether the body of a request may name the trace that it is part of."""

    def get_half_closed_seconds(self, configured_seconds: float, scope: Scope, /) -> float:
        """Return how long a request continues after its caller closed its side of the connection, in seconds.

        Args:
            configured_seconds: The operator's setting.
            scope: The ASGI scope of the request.
        """

    def open_app(
        self, servers: Sequence[BoundServer[S, Any]], services: AppServices
    ) -> AbstractAsyncContextManager[App]:
        """Open the application of the servers that share a port."""

    def get_url_path(self, server: S, *, shared: bool) -> str:
        """Return the path of a server on its port. Empty if the server has the whole port.

        Args:
            server: The server.
            shared: Whether other servers listen on the same port.
        """

    def list_entries(self, server: S) -> list[tuple[str, str]]:
        """Return what a server serves, each with its target: ``GET /v1/x`` and ``namespace.operation  (GET …)``."""

    def find_routes(self, server: S) -> RestServer | None:
        """Return the routes of a server, for OpenAPI. None if its kind has no routes."""

    def make_example_command(self, server: S, url: str) -> str | None:
        """Return a shell command that calls a server. None if there is nothing to call.

        Args:
            server: The server.
            url: The URL of the server.
        """
