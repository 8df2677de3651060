"""ASGI middleware that counts and records the requests of an application, under any server."""

from __future__ import annotations

from itertools import repeat
from operator import itemgetter
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.asgi_types import SendProgress
from naftiko_runtime.telemetry.server_requests import INSTRUMENT
from naftiko_runtime.telemetry.tracing import CURRENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, MutableMapping

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send
    from naftiko_runtime.telemetry.server_requests import PortInstrumentation

_NAME: Final = itemgetter(0)


def instrument_app(app: App, port: PortInstrumentation) -> App:
    """Return an application that counts and records requests, as far as either is on.

    Each is observed from its head to the last byte of its response. This is on the hot path, so it has few calls and
    look-ups: see docs/adr/0014.
    """
    if port.counts or port.tracer is None or port.awaits_message:
        return _observe(app, port, port.sampling_decisions)
    return _record(app, port, port.tracer.fields)


def _record(app: App, port: PortInstrumentation, fields: frozenset[bytes]) -> App:
    """Return an application that observes only what may be recorded. Other requests cost no coroutine of their own."""
    observed, decisions = _observe(app, port, repeat(True)), port.sampling_decisions

    def run_recorded(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if not fields.isdisjoint(map(_NAME, scope["headers"])) or next(decisions):
            return observed(scope, receive, send)
        if isinstance(getattr(send, "__self__", None), SendProgress):
            return app(scope, receive, send)
        return run_unrecorded(scope, receive, send)

    async def run_unrecorded(scope: Scope, receive: Receive, send: Send) -> None:
        CURRENT.set(None)  # uvicorn begins a pipelined request in the context of the one before
        await app(scope, receive, send)

    return run_recorded


def _observe(app: App, port: PortInstrumentation, decisions: Iterator[bool]) -> App:
    """Return an application that observes each request.

    Args:
        app: The application.
        port: Its port.
        decisions: Whether to begin a request that names no trace; one is taken for each such request.
    """
    tracer, awaits_message = port.tracer, port.awaits_message
    fields = frozenset[bytes]() if tracer is None else tracer.fields

    async def run_instrumented(scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        try:
            response = send.__self__  # type: ignore[attr-defined]
        except AttributeError:
            response = None
        if not isinstance(response, SendProgress):  # the object of another server
            CURRENT.set(None)  # uvicorn begins a pipelined request in the context of the one before
            response = _Response(send)
            send = response.send
        trace = None
        if tracer is not None:
            named = not fields.isdisjoint(map(_NAME, scope["headers"]))
            if named or next(decisions):
                trace = tracer.begin(scope, began, named=named, awaits_message=awaits_message)
        incomplete: int | str = "cancelled"
        try:
            await app(scope, receive, send)
            incomplete = "truncated" if response.status else "cancelled"
        except Exception:
            incomplete = "truncated" if response.status else 500
            raise
        finally:
            outcome = response.status if response.response_complete else incomplete
            ended = perf_counter()
            try:
                series = scope[INSTRUMENT].series[scope["method"]][outcome]
            except KeyError:
                series = port.get_series(scope, outcome)
            series.observe(ended - began)
            if tracer is not None and trace is not None:
                tracer.end_server(trace, series, ended)

    return run_instrumented


class _Response(SendProgress):
    """Records the messages of a response."""

    __slots__ = ("_send", "response_complete", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.response_complete = False

    def send(self, message: MutableMapping[str, Any]) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif not message.get("more_body", False):
            self.response_complete = True
        return self._send(message)
