"""ASGI middleware: counts and records the requests that an application answers, under any server."""

from __future__ import annotations

import asyncio
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from naftiko_runtime.asgi import App, Header, Receive, Scope, Send
    from naftiko_runtime.telemetry.server import PortInstrumentation


class InstrumentedApp:
    """An application whose requests are observed, from their head to the last byte of their response."""

    __slots__ = ("_app", "_port")

    def __init__(self, app: App, port: PortInstrumentation) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, port = perf_counter_ns(), self._port
        if (fields := port.trace_fields) is not None:
            named = _names_trace(scope["headers"], fields)
            if named or next(port.sampling_decisions):
                port.begin(scope, began, named=named)
        response = _Response(send)
        outcome: int | str = "cancelled"
        try:
            await self._app(scope, receive, response.send)
            outcome = response.outcome("truncated" if response.status else "cancelled")
        except asyncio.CancelledError:
            outcome = response.outcome("cancelled")
            raise
        except Exception:
            outcome = response.outcome("truncated" if response.status else 500)
            raise
        finally:
            port.end(scope, outcome, began)


class _Response:
    """What goes out of a response.

    Attributes:
        status: 0 until the head is sent.
    """

    __slots__ = ("_complete", "_send", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self._complete = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await self._send(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif not message.get("more_body", False):
            self._complete = True

    def outcome(self, incomplete: int | str) -> int | str:
        """Return the status of a complete response, and the given outcome otherwise."""
        return self.status if self._complete else incomplete


def _names_trace(headers: Sequence[Header], fields: frozenset[bytes]) -> bool:
    """Return whether a request has headers that may name a trace."""
    for name, _ in headers:  # noqa: SIM110 - a generator costs each request three times as much
        if name in fields:
            return True
    return False
