"""ASGI middleware that counts and records the requests of an application, under any server."""

from __future__ import annotations

from operator import itemgetter
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.asgi_types import SendProgress
from naftiko_runtime.telemetry.server_requests import INSTRUMENT
from naftiko_runtime.telemetry.tracing import CURRENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, MutableMapping

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send
    from naftiko_runtime.telemetry.server_requests import PortInstrumentation
    from naftiko_runtime.telemetry.tracing import Tracer

_NAME: Final = itemgetter(0)


def instrument_app(app: App, port: PortInstrumentation) -> App:
    """Return an application that counts and records requests, as far as either is on.

    Each is observed from its head to the last byte of its response. This is on the hot path, so it has few calls and
    look-ups: see docs/adr/0014.
    """
    count = _count(app, port) if port.counts else app
    if port.tracer is None:
        return count
    record = _record(app, port, port.tracer)
    return record if port.awaits_message else _choose(record, count, port.tracer)


def _choose(record: App, count: App, tracer: Tracer) -> App:
    """Return an application that records what names a trace or is sampled. Other requests cost no coroutine of it."""
    fields, decisions = tracer.fields, tracer.sampling_decisions

    def run_sampled(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if not fields.isdisjoint(map(_NAME, scope["headers"])) or next(decisions):
            return record(scope, receive, send)
        if isinstance(getattr(send, "__self__", None), SendProgress):
            return count(scope, receive, send)
        return run_elsewhere(scope, receive, send)

    async def run_elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        CURRENT.set(None)  # uvicorn begins a pipelined request in the context of the one before
        await count(scope, receive, send)

    return run_sampled


def _count(app: App, port: PortInstrumentation) -> App:
    """Return an application that counts each request."""

    async def run_counted(scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        try:
            response = send.__self__  # type: ignore[attr-defined]
        except AttributeError:
            response = None
        if not isinstance(response, SendProgress):  # the object of another server
            response = _Response(send)
            send = response.send
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
                observe = scope[INSTRUMENT].series[scope["method"]][outcome].observe
            except KeyError:
                observe = port.get_series(scope, outcome).observe
            observe(ended - began)

    return run_counted


def _record(app: App, port: PortInstrumentation, tracer: Tracer) -> App:
    """Return an application that counts and records each request."""
    fields, awaits_message = tracer.fields, port.awaits_message

    async def run_recorded(scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        try:
            response = send.__self__  # type: ignore[attr-defined]
        except AttributeError:
            response = None
        if not isinstance(response, SendProgress):  # the object of another server
            CURRENT.set(None)  # uvicorn begins a pipelined request in the context of the one before
            response = _Response(send)
            send = response.send
        named = not fields.isdisjoint(map(_NAME, scope["headers"]))
        trace = tracer.begin(scope, began, named=named, awaits_message=awaits_message)
        incomplete: int | str = "cancelled"
        try:
            await app(scope, receive, send)
            incomplete = "truncated" if response.status else "cancelled"
        except Exception:
            incomplete = "truncated" if response.status else 500
            raise
        finally:
            ended = perf_counter()
            series = port.get_series(scope, response.status if response.response_complete else incomplete)
            series.observe(ended - began)
            if trace is not None:
                tracer.end_server(trace, series, ended)

    return run_recorded


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
