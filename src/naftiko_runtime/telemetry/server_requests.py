"""Counts and records the requests of a port and the calls of tools."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from naftiko_runtime.telemetry.metrics import CALLED, SERVED
from naftiko_runtime.telemetry.tracing import CURRENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from naftiko_runtime.telemetry.meter_and_tracer import Observer
    from naftiko_runtime.telemetry.request_instruments import Instrument, Outcome, RequestSeries
    from naftiko_runtime.telemetry.span_attributes import Value
    from naftiko_runtime.upstream.interface import Header

INSTRUMENT: Final = "naftiko.instrument"
"""The key of a request's scope in which a handler stores its instrument. Not set if no route matches."""


class ToolResult(Protocol):
    """The result of a tool call."""

    @property
    def is_error(self) -> bool:
        """Whether the call failed."""


ToolResultT = TypeVar("ToolResultT", bound=ToolResult)


class PortInstrumentation:
    """Counts and records the requests of one port."""

    def __init__(self, expose: str, observer: Observer, *, awaits_message: bool = False) -> None:
        """Prepare the instrumentation.

        Args:
            expose: The namespace of the expose.
            observer: Counts and records.
            awaits_message: Whether requests carry messages, which may name their trace.
        """
        self._unrouted = make_route_instrument(observer, expose, None)
        self.tracer = observer.tracer
        """Records; None without traces."""
        self.counts = observer.meter is not None
        """Whether requests are counted."""
        self.awaits_message = awaits_message

    def get_series(self, scope: Mapping[str, Any], outcome: Outcome) -> RequestSeries:
        """Return the series that counts a request.

        Args:
            scope: The scope of the request; it has :data:`INSTRUMENT` if a route was found.
            outcome: The outcome of the request.
        """
        instrument: Instrument = scope.get(INSTRUMENT, self._unrouted)
        return instrument.get_series(scope["method"], outcome)


def make_route_instrument(observer: Observer, expose: str, route: str | None) -> Instrument:
    """Return the instrument of a route. With None: of requests without a route."""
    attributes: dict[str, Value] = {"naftiko.expose": expose}
    if route is not None:
        attributes["http.route"] = route
    return observer.make_instrument(SERVED, "server", route or "", attributes)


class ToolInstrumentation:
    """Counts and records the tool calls of an MCP server."""

    def __init__(self, expose: str, observer: Observer) -> None:
        self._expose = expose
        self._observer = observer
        self._traces = observer.tracer is not None
        self._instruments: dict[str, Instrument] = {}

    def adopt(self, headers: Sequence[Header]) -> None:
        """Make the current request part of the trace that its message names."""
        if self._observer.tracer is not None:
            self._observer.tracer.adopt(headers)

    async def observe(self, tool: str, call: Awaitable[ToolResultT]) -> ToolResultT:
        """Wait for the result of a tool call, count the call, and return the result."""
        outcome = "cancelled"
        began = perf_counter()
        try:
            result = await call
            outcome = "tool_error" if result.is_error else ""
        except Exception:
            outcome = "internal_error"
            raise
        finally:
            try:
                series = self._instruments[tool].series[""][outcome]
            except KeyError:
                series = self._find_instrument(tool).get_series("", outcome)
            series.observe(perf_counter() - began)
            if self._traces and (trace := CURRENT.get()) is not None:
                trace.tool = series
        return result

    def _find_instrument(self, tool: str) -> Instrument:
        if (known := self._instruments.get(tool)) is not None:
            return known
        attributes: dict[str, Value] = {
            "naftiko.expose": self._expose,
            "mcp.method.name": "tools/call",
            "gen_ai.tool.name": tool,
        }
        made = self._observer.make_instrument(CALLED, "server", f"tools/call {tool}", attributes)
        self._instruments[tool] = made
        return made
