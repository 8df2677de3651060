"""What is counted and recorded of the requests that a port answers; without telemetry none of this is in the way."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from naftiko_runtime.telemetry.context import CURRENT
from naftiko_runtime.telemetry.instruments import LazyDict
from naftiko_runtime.telemetry.metrics import CALLED, SERVED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from naftiko_runtime.telemetry.instruments import Instrument, Observation, Observer
    from naftiko_runtime.telemetry.otlp import Value
    from naftiko_runtime.transport.base import Header

INSTRUMENT: Final = "naftiko.instrument"
"""Where a handler says in a request's scope under what it is counted; none for under what no route answers."""


class ToolResult(Protocol):
    """What a tool's call comes to."""

    @property
    def is_error(self) -> bool:
        """Whether the caller is told that the call failed."""


Result = TypeVar("Result", bound=ToolResult)


class PortInstrumentation:
    """Observes the requests of one port, from their head to their answer's last byte."""

    def __init__(self, expose: str, observer: Observer) -> None:
        """Prepare it.

        Args:
            expose: The namespace that is served there.
            observer: Who is told.
        """
        self._unrouted = route_instrument(observer, expose, None)
        self.tracer = observer.tracer
        """Who is asked at a request's head whether it is recorded."""

    def end(self, scope: Mapping[str, Any], observation: Observation | None, outcome: int | str, began_ns: int) -> None:
        """A request is over.

        Args:
            scope: The request's.
            observation: What its tracer began; none when it has none, or it began nothing.
            outcome: The status that it was answered with, or in one word why with none.
            began_ns: When it began, by the performance counter.
        """
        took = perf_counter_ns() - began_ns
        instrument: Instrument | None = scope.get(INSTRUMENT)
        series = (self._unrouted if instrument is None else instrument)[scope["method"]][outcome]
        series.observe(took)
        if observation is not None and observation.span_id and self.tracer is not None:
            self.tracer.end(observation, series, began_ns, took)


def route_instrument(observer: Observer, expose: str, route: str | None) -> Instrument:
    """What the requests of a route are counted under, or those that no route answers."""
    attributes: dict[str, Value] = {"naftiko.expose": expose}
    if route is not None:
        attributes["http.route"] = route
    return observer.instrument(SERVED, "server", route or "", attributes)


class ToolInstrumentation:
    """Observes the calls of an MCP server's tools."""

    def __init__(self, expose: str, observer: Observer) -> None:
        self._expose = expose
        self._observer = observer
        self._traces = observer.tracer is not None
        self._instruments = LazyDict(self._instrument)

    def adopt(self, headers: Sequence[Header]) -> None:
        """Let the request be part of the trace that its message names."""
        tracer, observation = self._observer.tracer, CURRENT.get()
        if tracer is not None and observation is not None:
            tracer.adopt(observation, headers)

    async def result(self, tool: str, working: Awaitable[Result]) -> Result:
        """A tool's result, when the call is counted."""
        outcome = "cancelled"
        began = perf_counter_ns()
        try:
            result = await working
            outcome = "tool_error" if result.is_error else ""
        except Exception:
            outcome = "internal_error"
            raise
        finally:
            instrument = self._instruments[tool]
            instrument[""][outcome].observe(perf_counter_ns() - began)
            if self._traces and (observation := CURRENT.get()) is not None:
                observation.tool = instrument, outcome
        return result

    def _instrument(self, tool: str) -> Instrument:
        attributes: dict[str, Value] = {
            "naftiko.expose": self._expose,
            "mcp.method.name": "tools/call",
            "gen_ai.tool.name": tool,
        }
        return self._observer.instrument(CALLED, "server", f"tools/call {tool}", attributes)
