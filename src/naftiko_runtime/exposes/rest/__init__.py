"""REST: routes and forwards over HTTP. The interface is :class:`naftiko_runtime.exposes.kind.ExposeKind`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from naftiko_runtime.exposes.rest.describe import example_command, find_routes, list_entries, url_path
from naftiko_runtime.exposes.rest.link import link
from naftiko_runtime.exposes.rest.lint import CHECKS, list_operations
from naftiko_runtime.exposes.rest.skip_broken import keep_sound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.asgi import App, Scope
    from naftiko_runtime.bind import BoundServer
    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.plan import Forward, RestServer, Route
    from naftiko_runtime.telemetry.observer import Observer

__all__ = [
    "AWAITS_MESSAGE",
    "CHECKS",
    "example_command",
    "find_routes",
    "half_closed_seconds",
    "keep_sound",
    "link",
    "list_entries",
    "list_operations",
    "open_app",
    "url_path",
]

AWAITS_MESSAGE = False


def half_closed_seconds(configured_seconds: float, _scope: Scope) -> float:
    """How long a request goes on after its caller ended its side of the connection: what the operator says."""
    return configured_seconds


@asynccontextmanager
async def open_app(
    servers: Sequence[BoundServer[RestServer, Route | Forward]], policy: CallerPolicy, observer: Observer | None
) -> AsyncIterator[App]:
    """The application of the servers of one port."""
    from naftiko_runtime.exposes.rest.app import RestApp  # noqa: PLC0415 - validate serves nothing
    from naftiko_runtime.exposes.rest.merge import merge  # noqa: PLC0415 - the same

    yield RestApp(merge(servers), policy, observer)
