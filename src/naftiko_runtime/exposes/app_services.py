"""The services that applications get from the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from naftiko_runtime.exposes.cancellable_calls import RunningCalls
from naftiko_runtime.exposes.list_subscriptions import ListChanges

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.telemetry.meter_and_tracer import Observer


class Health(Struct, frozen=True):
    """The health of the program.

    Attributes:
        is_ready: Whether all listeners are open and no shutdown has begun.
        is_live: Whether every process that serves responds.
        render_metrics: Renders all metrics in Prometheus's text format.
    """

    is_ready: Callable[[], bool] = lambda: True
    is_live: Callable[[], bool] = lambda: True
    render_metrics: Callable[[], bytes] = lambda: b""


class AppServices(Struct, frozen=True):
    """The services that every application can use.

    Attributes:
        policy: What the operator allows callers.
        observer: Observes requests; None without metrics and traces.
        health: The health of the program.
        changes: The clients that listen to changes of what is served.
        calls: The calls that their clients can cancel.
    """

    policy: CallerPolicy
    observer: Observer | None = None
    health: Health = Health()
    changes: ListChanges = field(default_factory=ListChanges)
    calls: RunningCalls = field(default_factory=RunningCalls)
