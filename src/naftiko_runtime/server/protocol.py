"""uvicorn's HTTP/1.1 protocol, hardened for standing at an edge.

As it comes, half-sent requests stay open for ever, a head of any size is accepted, so are several Host headers, and
nobody tells an application that its caller has gone. It is subclassed at the pinned minor version; the tests hold
every behaviour that is added here.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from naftiko_runtime import limits
from naftiko_runtime.adapters.problem import problem_document, send_problem_document
from naftiko_runtime.adapters.rest import Truncated

if TYPE_CHECKING:
    from naftiko_runtime.adapters.edge import App, Receive, Scope, Send

log = logging.getLogger(__name__)

_NOT_HTTP: Final = (400, "bad-request", "the request is not HTTP/1.1")
_BAD_HOST: Final = (400, "bad-host", "a request needs exactly one Host header")
_HEAD_TOO_LARGE: Final = (431, "head-too-large", "the request's head is larger than this server takes")
_TOO_MANY_HEADERS: Final = (
    431,
    "too-many-headers",
    f"a request has at most {limits.REQUEST_HEADERS_MAX} headers",
)


class GatewayProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._heads = 0
        self._in_head = True
        self._refused = False
        self._clock: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None

    # -- the head: bounded in size, number and time ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A caller has connected and owes a request's head."""
        super().connection_made(transport)
        self._expect(limits.REQUEST_HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Bytes of a head or a body."""
        if self._refused:
            return
        head_only, heads = self._in_head, self._heads
        super().data_received(data)
        if self._in_head and not self._refused and not self.transport.is_closing():
            # A piece that also ends an earlier request cannot be counted, but is itself of bounded size.
            self._await_rest_of_head(len(data) if head_only and heads == self._heads else 0)

    def _await_rest_of_head(self, received: int) -> None:
        """A head is not complete, perhaps not begun: bound what may still come of it, and when."""
        self._head_bytes += received
        if self._head_bytes > limits.REQUEST_HEAD_BYTES_MAX:
            self._refuse_unparsed(*_HEAD_TOO_LARGE)
        elif self._clock is None and self._idle():
            self._expect(limits.REQUEST_HEAD_SECONDS)

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's words are not for callers
        """Answer what is not HTTP."""
        self._refuse_unparsed(*_NOT_HTTP)

    def _refuse_unparsed(self, status: int, slug: str, detail: str) -> None:
        """Answer without the application; in the middle of another answer there is nothing left to say."""
        if not self._idle():
            self.transport.close()
            return
        body = problem_document(status, slug, detail)
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nconnection: close\r\n"
            f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.read_away()

    def read_away(self) -> None:
        """End our side and drop what still comes: closing with bytes unread would take the answer back."""
        self._refused = True
        self._stop_clock()
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self._clock = self.loop.call_later(limits.REFUSED_SECONDS, self.transport.close)

    def on_headers_complete(self) -> None:
        """The head is there: check what HTTP demands of it, and run the application or a refusal."""
        self._in_head = False
        self._heads += 1
        self._head_bytes = 0
        self._stop_clock()
        refusal = self._refusal()
        if refusal is None:
            super().on_headers_complete()
        else:
            application, self.app = self.app, _refuse(*refusal)
            self.url = b"/"  # the refused one may be too long to be taken apart
            try:
                super().on_headers_complete()
            finally:
                self.app = application
        if not self._bodyless():
            self._expect(limits.REQUEST_BODY_IDLE_SECONDS)

    def _refusal(self) -> tuple[int, str, str] | None:
        if len(self.headers) > limits.REQUEST_HEADERS_MAX:
            return _TOO_MANY_HEADERS
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > limits.REQUEST_HEAD_BYTES_MAX:
            return _HEAD_TOO_LARGE
        hosts = sum(1 for name, _ in self.headers if name == b"host")
        needed = self.parser.get_http_version() != "1.0"
        return _BAD_HOST if hosts > 1 or (needed and hosts == 0) else None

    def _bodyless(self) -> bool:
        return not any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)

    # -- the body: its next piece is awaited for a bounded time ---------------------------------------------------

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        super().on_body(body)
        self._stop_clock()
        self._expect(limits.REQUEST_BODY_IDLE_SECONDS)

    def on_message_complete(self) -> None:
        """The request is complete; from now on the caller waits for us."""
        super().on_message_complete()
        self._in_head = True
        self._stop_clock()

    def _expect(self, seconds: float) -> None:
        self._clock = self.loop.call_later(seconds, self._too_slow)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _too_slow(self) -> None:
        self._clock = None
        if self.flow.read_paused:  # the application holds the caller back, not the other way round
            self._expect(limits.REQUEST_BODY_IDLE_SECONDS)
        elif not self.transport.is_closing():
            self.transport.close()

    # -- the caller's going ---------------------------------------------------------------------------------------

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if not self._bodyless():
            cycle.transport = _Door(self, cycle)  # type: ignore[assignment]
        task = self.loop.create_task(_run(cycle, app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        self._running = task

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller has gone: what still runs for it is cancelled, and with it the call to the upstream."""
        self._stop_clock()
        waiting = self.cycle is not None and not self.cycle.response_complete
        super().connection_lost(exc)
        if waiting and self._running is not None:
            self._running.cancel()


class _Door:
    """The connection of a request with a body, which may be answered before all of it has come."""

    __slots__ = ("_cycle", "_protocol", "abort", "is_closing", "write")

    def __init__(self, protocol: GatewayProtocol, cycle: RequestResponseCycle) -> None:
        self._protocol = protocol
        self._cycle = cycle
        self.abort = protocol.transport.abort
        self.is_closing = protocol.transport.is_closing
        self.write = protocol.transport.write

    def close(self) -> None:
        """Close for writing at once, for reading when the body is over or has gone on for too long."""
        if self._cycle.more_body:
            self._protocol.read_away()
        else:
            self._protocol.transport.close()


async def _run(cycle: RequestResponseCycle, app: App) -> None:
    """Run the application; what it raises ends here, in the log and in an answer that says as little as it must."""
    try:
        await app(cycle.scope, cycle.receive, cycle.send)  # type: ignore[arg-type]
    except asyncio.CancelledError:
        if not cycle.disconnected:  # a shutdown that ran out of grace
            cycle.transport.abort()
    except Truncated as error:
        log.warning("answer broken off", extra={"reason": str(error.__cause__)})
        cycle.transport.abort()
    except Exception:  # the process boundary: whatever was not foreseen ends here
        incident = secrets.token_hex(6)
        extra = {"incident": incident, "method": cycle.scope["method"], "path": cycle.scope["path"]}
        log.exception("unexpected error", extra=extra)
        await _our_fault(cycle, incident)
    else:
        if not cycle.response_complete and not cycle.disconnected:
            cycle.transport.abort()
    finally:
        cycle.on_response = lambda: None


async def _our_fault(cycle: RequestResponseCycle, incident: str) -> None:
    if cycle.response_started:
        cycle.transport.abort()
        return
    detail = f"an unexpected error; the server's log has it as {incident}"
    await send_problem_document(cycle.send, 500, "internal-error", detail)  # type: ignore[arg-type]


def _refuse(status: int, slug: str, detail: str) -> App:
    async def refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send_problem_document(send, status, slug, detail, headers=((b"connection", b"close"),))

    return refuse
