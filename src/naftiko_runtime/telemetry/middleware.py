"""ASGI middleware: counts and records the requests that an application answers, under any server."""

from __future__ import annotations

from operator import itemgetter
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.asgi import SendProgress
from naftiko_runtime.telemetry.tracing import CURRENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, MutableMapping

    from naftiko_runtime.asgi import App, Receive, Scope, Send
    from naftiko_runtime.telemetry.server_requests import PortInstrumentation

_NAME: Final = itemgetter(0)


class InstrumentedApp:
    """An application whose requests are observed, from their head to the last byte of their response."""

    __slots__ = ("_app", "_port")

    def __init__(self, app: App, port: PortInstrumentation) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, port = perf_counter_ns(), self._port
        response = getattr(send, "__self__", None)
        if not isinstance(response, SendProgress):  # another server's
            CURRENT.set(None)  # uvicorn begins a pipelined request in the context of the one before
            response = _Response(send)
            send = response.send
        if (fields := port.trace_fields) is not None:
            named = not fields.isdisjoint(map(_NAME, scope["headers"]))
            if named or next(port.sampling_decisions):
                port.begin(scope, began, named=named)
        incomplete: int | str = "cancelled"
        try:
            await self._app(scope, receive, send)
            incomplete = "truncated" if response.status else "cancelled"
        except Exception:
            incomplete = "truncated" if response.status else 500
            raise
        finally:
            port.end(scope, response.status if response.response_complete else incomplete, began)


class _Response(SendProgress):
    """Watches what is sent."""

    __slots__ = ("_send", "response_complete", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.response_complete = False

    def send(self, message: MutableMapping[str, Any]) -> Awaitable[None]:
        """ASGI."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif not message.get("more_body", False):
            self.response_complete = True
        return self._send(message)
