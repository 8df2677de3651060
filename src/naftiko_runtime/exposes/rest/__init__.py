"""REST: routes and forwards over HTTP. The interface is :class:`naftiko_runtime.exposes.kind.ExposeKind`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from naftiko_runtime.exposes.rest.describe import find_routes, get_url_path, list_entries, make_example_command
from naftiko_runtime.exposes.rest.inherit_from_functions import inherit
from naftiko_runtime.exposes.rest.link import link
from naftiko_runtime.exposes.rest.lint import CHECKS, list_operations
from naftiko_runtime.exposes.rest.skip_broken import keep_servable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.asgi_types import App, Scope
    from naftiko_runtime.bind_plan import BoundServer
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.plan import ForwardRoute, RestServer, Route

__all__ = [
    "AWAITS_MESSAGE",
    "CHECKS",
    "find_routes",
    "get_half_closed_seconds",
    "get_url_path",
    "inherit",
    "keep_servable",
    "link",
    "list_entries",
    "list_operations",
    "make_example_command",
    "open_app",
]

AWAITS_MESSAGE = False


def get_half_closed_seconds(configured_seconds: float, _scope: Scope) -> float:
    """Return the operator's value."""
    return configured_seconds


@asynccontextmanager
async def open_app(
    servers: Sequence[BoundServer[RestServer, Route | ForwardRoute]], services: AppServices
) -> AsyncIterator[App]:
    """Open the application of the servers of one port."""
    from naftiko_runtime.exposes.guard_callers import guard_callers  # noqa: PLC0415 - validate serves nothing
    from naftiko_runtime.exposes.rest.app import RestApp  # noqa: PLC0415 - the same
    from naftiko_runtime.exposes.rest.merge import merge  # noqa: PLC0415 - the same
    from naftiko_runtime.origin_guard import guard_pages  # noqa: PLC0415 - the same

    merged = merge(servers)
    app = guard_callers(RestApp(merged, services), merged.guard)
    yield guard_pages(app, services.policy, merged.server.namespace, merged.server.address)
