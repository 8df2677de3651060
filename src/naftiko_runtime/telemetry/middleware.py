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

_NAME: Final = itemgetter(0)


def instrument_app(app: App, port: PortInstrumentation) -> App:
    """Return an application that observes each request, from its head to the last byte of its response.

    This is on the hot path, so it has few calls and look-ups: see docs/adr/0014.
    """
    tracer, decisions, awaits_message = port.tracer, port.sampling_decisions, port.awaits_message
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
