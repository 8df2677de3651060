"""Skills: files and instructions for agents, over HTTP. The interface is :class:`..kind.ExposeKind`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from naftiko_runtime.exposes.skill.describe import find_routes, get_url_path, list_entries, make_example_command
from naftiko_runtime.exposes.skill.link import link
from naftiko_runtime.exposes.skill.lint import CHECKS
from naftiko_runtime.exposes.skill.skip_broken import keep_servable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.asgi_types import App, Scope
    from naftiko_runtime.bind_plan import BoundServer
    from naftiko_runtime.document.exposes import Exposed, SkillExpose
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.link.function_references import Functions
    from naftiko_runtime.plan import SkillServer

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


def inherit(expose: SkillExpose, _functions: Functions) -> SkillExpose:
    """Return the expose as it is: skills do not refer to functions."""
    return expose


def list_operations(_expose: SkillExpose) -> tuple[Exposed, ...]:
    """Return nothing: the tools of skills are operations of other exposes."""
    return ()


def get_half_closed_seconds(configured_seconds: float, _scope: Scope) -> float:
    """Return the operator's value."""
    return configured_seconds


@asynccontextmanager
async def open_app(servers: Sequence[BoundServer[SkillServer, Any]], services: AppServices) -> AsyncIterator[App]:
    """Open the application of the servers of one port."""
    from naftiko_runtime.exposes.guard_callers import guard_callers  # noqa: PLC0415 - validate serves nothing
    from naftiko_runtime.exposes.skill.app import SkillApp  # noqa: PLC0415 - the same
    from naftiko_runtime.exposes.skill.merge import merge  # noqa: PLC0415 - the same
    from naftiko_runtime.origin_guard import guard_pages  # noqa: PLC0415 - the same

    merged = merge([bound.server for bound in servers])
    guard = servers[0].guard if len(servers) == 1 else None  # servers with a guard never share a port
    app = guard_callers(SkillApp(merged, services.observer, guarded=guard is not None), guard)
    yield guard_pages(app, services.policy, merged.namespace, merged.address)
