"""Applications and handlers whose requests are counted and recorded; without telemetry none of this is in the way."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.adapters.edge import Truncated
from naftiko_runtime.telemetry.context import CURRENT
from naftiko_runtime.telemetry.metrics import CALLED, SERVED
from naftiko_runtime.telemetry.observer import Observation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from naftiko_runtime.adapters.content import Result
    from naftiko_runtime.adapters.edge import App, Receive, Scope, Send
    from naftiko_runtime.telemetry.observer import Observer, Subject
    from naftiko_runtime.telemetry.otlp import Value

_KEY: Final = "naftiko.observation"
_START: Final = "http.response.start"


def observed(app: App, expose: str, observer: Observer) -> App:
    """The application of one port, observed.

    Args:
        app: What answers.
        expose: The namespace that it serves.
        observer: Who is told.
    """
    unrouted, tracer = route_subject(observer, expose, None), observer.tracer
    active = observer.active(expose)

    async def observed_app(scope: Scope, receive: Receive, send: Send) -> None:
        observation = scope[_KEY] = Observation(unrouted)

        def sending(message: MutableMapping[str, Any]) -> Awaitable[None]:
            if message["type"] == _START:
                observation.outcome = message["status"]
            return send(message)

        if tracer is not None:
            tracer.begin(observation, scope["headers"])
            CURRENT.set(observation)
        if active is not None:
            active.add(1)
        began = perf_counter()
        try:
            await app(scope, receive, sending)
        except (Exception, asyncio.CancelledError) as error:
            observation.outcome = _outcome_of(error, observation.outcome)
            raise
        finally:
            seconds = perf_counter() - began
            if active is not None:
                active.add(-1)
            series = observation.subject.series(scope["method"], observation.outcome)
            if series.histogram is not None:
                series.histogram.observe(seconds)
            if observation.span_id and tracer is not None:
                tracer.end(observation, series, seconds)

    return observed_app


def _outcome_of(error: BaseException, so_far: int | str) -> int | str:
    """What becomes of a request whose application fails."""
    match error:
        case Truncated():
            return "truncated"
        case asyncio.CancelledError():
            return so_far
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR.value


def route_subject(observer: Observer, expose: str, route: str | None) -> Subject:
    """What the requests of a route are counted under, or those that no route answers."""
    attributes: dict[str, Value] = {"naftiko.expose": expose}
    if route is not None:
        attributes["http.route"] = route
    return observer.subject(SERVED, "server", route or "", attributes)


def count_under(scope: Scope, subject: Subject) -> None:
    """Let a request, whose application is observed, be counted under this."""
    scope[_KEY].subject = subject


class Routed:
    """A handler that says under what its requests are counted."""

    __slots__ = ("_handler", "_subject")

    def __init__(self, handler: Callable[[Scope, Receive, Send, Any], Awaitable[None]], subject: Subject) -> None:
        self._handler = handler
        self._subject = subject

    def __call__(self, scope: Scope, receive: Receive, send: Send, found: Any) -> Awaitable[None]:
        """Have a request answered."""
        scope[_KEY].subject = self._subject
        return self._handler(scope, receive, send, found)


class ObservedTools:
    """Counts the calls of an MCP server's tools."""

    def __init__(self, expose: str, observer: Observer) -> None:
        self._expose = expose
        self._observer = observer
        self._subjects: dict[str, Subject] = {}

    async def result(self, tool: str, working: Awaitable[Result]) -> Result:
        """A tool's result, when the call is counted."""
        subject = self._subjects.get(tool) or self._subject(tool)
        outcome = "cancelled"
        began = perf_counter()
        try:
            result = await working
            outcome = "tool_error" if result.is_error else ""
        except Exception:
            outcome = "internal_error"
            raise
        finally:
            series = subject.series("", outcome)
            if series.histogram is not None:
                series.histogram.observe(perf_counter() - began)
            if (observation := CURRENT.get()) is not None:
                observation.tool = subject, outcome
        return result

    def _subject(self, tool: str) -> Subject:
        attributes: dict[str, Value] = {
            "naftiko.expose": self._expose,
            "mcp.method.name": "tools/call",
            "gen_ai.tool.name": tool,
        }
        subject = self._observer.subject(CALLED, "server", f"tools/call {tool}", attributes)
        self._subjects[tool] = subject
        return subject
