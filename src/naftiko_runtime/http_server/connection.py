"""HTTP/1.1 as an ASGI server speaks it, hardened for default_headers at an edge: llhttp reads it.

What servers mostly leave open is closed here: half-sent requests do not stay open for ever, heads are bounded, there is
exactly one Host, and an application ends when its caller has gone. The tests hold every one of these.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from http import HTTPStatus
from types import NoneType
from typing import TYPE_CHECKING, Final, NamedTuple, cast
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserInvalidURLError, HttpParserUpgrade, HttpRequestParser, parse_url

from naftiko_runtime import limits
from naftiko_runtime.header_names import lower
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.exchange import Exchange
from naftiko_runtime.http_server.run_app import run_app

if TYPE_CHECKING:
    from naftiko_runtime.asgi import Header, Receive, Scope, Send
    from naftiko_runtime.http_server.listener_state import ListenerState

log = logging.getLogger(__name__)


class _Refusal(NamedTuple):
    """Why a request does not get as far as the application; ``header`` is one more line of the answer's head."""

    status: int
    slug: str
    detail: str
    header: str = ""


_NOT_HTTP: Final = _Refusal(400, "bad-request", "the request is not HTTP/1.1")
_BAD_HOST: Final = _Refusal(400, "bad-host", "a request needs exactly one Host header, which names a host")
_BAD_FRAMING: Final = _Refusal(400, "bad-framing", "a body's last and only transfer coding is chunked, with HTTP/1.1")
_UNKNOWN_CODING: Final = _Refusal(501, "unknown-coding", "no transfer coding but chunked is understood")
_HEAD_TOO_LARGE: Final = _Refusal(431, "head-too-large", "the request's head is larger than this server takes")
_TOO_MANY_HEADERS: Final = _Refusal(
    431, "too-many-headers", f"a request has at most {limits.REQUEST_HEADERS_MAX} headers"
)
_TOO_EAGER: Final = _Refusal(
    503, "too-many-requests-waiting", "this connection has too many requests waiting for their answers"
)
_FULL: Final = _Refusal(503, "too-many-connections", "this server has no room for another connection", "retry-after: 1")

_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_TRAILER_BYTES: Final = 64
"""What a trailer counts for besides its letters, so that many empty ones come to an end."""
_HASH: Final = ord("#")
_HOST: Final = re.compile(rb"[A-Za-z0-9!$&'()*+,;=._~%:\[\]-]*")
_VERSIONS: Final = ("1.0", "1.1")
_COUNTED: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})


class _StopParsingError(Exception):
    """Ends the parser's work on a connection."""


_CALLERS_FAULTS: Final = (NoneType, _StopParsingError, UnicodeDecodeError, HttpParserInvalidURLError)
"""Why the parser is stopped, by itself or from its callbacks; anything else is our own fault."""


class Connection(asyncio.Protocol):
    """One connection. Requests that come before the one in front is answered wait in line."""

    def __init__(self, state: ListenerState) -> None:
        self.loop = asyncio.get_running_loop()
        self.state = state
        self.parser = _parser(self)
        self.transport: asyncio.Transport
        self.exchange: Exchange | None = None
        self.write_paused = False
        self._read_paused = False
        self._writable: asyncio.Future[None] | None = None
        self._waiting: deque[tuple[Exchange, AppConfig]] = deque()
        self._idle_bytes = 0
        """What has come since anything came of it."""
        self._idle_since = 0.0
        self._moved = False
        self._in_head = True
        self._refused = False
        self._last_word = b""
        self._clock: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None
        self._front: Exchange | None = None
        """The request that is being answered; ``exchange`` is the one that came last."""
        self._unsent_before = 0
        self._stalled_since = 0.0
        self._known_host: bytes | None = None
        self._fresh_head()

    def _fresh_head(self) -> None:
        self.url = b""
        self.headers: list[Header] = []
        self._expects_continue = False
        self._trailer_bytes = 0
        self._head_begun = False
        self._host: bytes | None = None
        self._bad_host = False
        self._has_body = False
        self._framing = b""
        self._version = ""
        self._coding: bytes | None = None

    # -- the head: bounded in size, number and time ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller has connected and owes a request's head."""
        self.transport = cast("asyncio.Transport", transport)
        self._client, self._server = _address(transport, "peername"), _address(transport, "sockname")
        self.state.connections.add(self)
        if len(self.state.connections) > limits.CONNECTIONS_MAX + limits.CONNECTIONS_REFUSED_MAX:
            self._refused = True
            self._count_rejection(_FULL)
            self.transport.abort()
        elif len(self.state.connections) > limits.CONNECTIONS_MAX:
            self._turn_away(_FULL)
        else:
            self._expect(limits.REQUEST_HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Bytes of a head or a body."""
        if self._refused:
            return
        self._moved = False
        self._idle_bytes += len(data)
        left = None
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as offer:
            left = memoryview(data)[offer.args[0] :]
        except HttpParserError as error:
            self._misread(error)
        if left is not None:  # not in the handler: what goes wrong now has causes of its own
            self._read_on(left)
        if not self._refused and not self.transport.is_closing():
            self._await_rest()

    def _read_on(self, data: memoryview) -> None:
        """Nothing is upgraded to: what follows an offer to, which its parser would not read, is HTTP/1.1 still."""
        while True:
            self.parser = _parser(self) if not self._framing else _parser_of_body(self, self._framing)
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
                continue
            except HttpParserError as error:
                self._misread(error)
            return

    def _misread(self, error: HttpParserError) -> None:
        if not isinstance(error.__context__, _CALLERS_FAULTS):
            log.error("unexpected error in reading a request", exc_info=error)
        self._not_http()

    def _await_rest(self) -> None:
        """A head or a body is not complete, perhaps not begun: bound what may still come of it, and when.

        A piece that also ends something cannot be counted, but is itself of bounded size.
        """
        if self._moved:
            self._idle_bytes = 0
        elif self._idle_bytes > limits.REQUEST_HEAD_BYTES_MAX:
            self._refuse_unparsed(_HEAD_TOO_LARGE)
            return
        self._expect_rest_of_head()

    def _expect_rest_of_head(self) -> None:
        if self._in_head and self._clock is None and self._idle():
            self._expect(limits.REQUEST_HEAD_SECONDS)

    def _idle(self) -> bool:
        return self.exchange is None or self.exchange.response_complete

    def _not_http(self) -> None:
        if not self._refused:  # or the parser was stopped, or fails on the rest of what is refused anyway
            self._refuse_unparsed(_NOT_HTTP)

    def _refuse_unparsed(self, refusal: _Refusal) -> None:
        """Answer what is no request, after those before it; in a body there is nothing left to say."""
        if self._in_head:
            self._turn_away(refusal)
        else:
            self._refused = True
            self.transport.close()

    def _turn_away(self, refusal: _Refusal, *, bodyless: bool = False) -> None:
        """Answer without the application, once what came before is answered, and end the connection."""
        self._refused = True
        self._count_rejection(refusal)
        self._stop_clock()
        content_type, body = self.state.config.render_error(refusal.status, refusal.slug, refusal.detail)
        lines = [
            f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}",
            *(f"{n.decode()}: {v.decode()}" for n, v in self.state.headers if n != b"connection"),
            "connection: close",
            f"content-type: {content_type.decode()}",
            f"content-length: {len(body)}",
            *([refusal.header] if refusal.header else ()),
            "\r\n",
        ]
        self._last_word = "\r\n".join(lines).encode() + (b"" if bodyless else body)
        if self._idle():
            self._say_last_word()

    def _count_rejection(self, refusal: _Refusal) -> None:
        if self.state.metrics is not None:
            self.state.metrics.count_rejection(refusal.slug)

    def _say_last_word(self) -> None:
        self.transport.write(self._last_word)
        self._last_word = b""
        self.read_away()

    def answered(self) -> None:
        """An answer is written: go on with the next request, or with what was left to say."""
        if self.transport.is_closing():
            return
        self.resume_reading()
        self._idle_since = self.loop.time()
        if self._waiting:
            self._start(*self._waiting.popleft())
        elif self._head_begun:
            self._expect_rest_of_head()
        if self._last_word and self._idle() and not self.transport.is_closing():
            self._say_last_word()

    def end_connection(self, exchange: Exchange) -> None:
        """Close after a response that is complete; for reading only when nothing more is known to come."""
        if exchange.more_body or self._read_paused or self._waiting:
            self.read_away()
        else:
            self.transport.close()

    def read_away(self) -> None:
        """End our side and drop what still comes: closing with bytes unread would take the answer back."""
        self._refused = True
        self._waiting.clear()
        self._stop_clock()
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.resume_reading()
        self._clock = self.loop.call_later(limits.REFUSED_SECONDS, self.transport.close)

    def on_message_begin(self) -> None:
        """A request's first byte."""
        self._fresh_head()
        self._head_begun = True

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; or a trailer, which is counted and dropped: nobody has looked at it when the head was judged."""
        if not self._in_head:
            self._trailer_bytes += len(name) + len(value) + _TRAILER_BYTES
            if self._trailer_bytes > limits.REQUEST_HEAD_BYTES_MAX:
                raise _StopParsingError
            return
        name = lower(name)
        if name in _COUNTED:
            self._note(name, value)
        self.headers.append((name, value.rstrip(b" \t")))  # RFC 9110, 5.5; the parser drops only what leads

    def _note(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            if self._host is not None or (value != self._known_host and not self._is_host(value)):
                self._bad_host = True
            self._host = value
        elif name == b"content-length":
            self._has_body = True
            self._framing = b"content-length: " + value
        elif name == b"transfer-encoding":
            self._has_body = True
            self._framing = b"transfer-encoding: chunked"
            self._coding = value if self._coding is None else self._coding + b"," + value
        elif value.lower() == b"100-continue":
            self._expects_continue = True

    def _is_host(self, value: bytes) -> bool:
        """Whether that can be a host; a connection mostly names the same one in all its requests."""
        if _HOST.fullmatch(value) is None:
            return False
        self._known_host = value
        return True

    def on_headers_complete(self) -> None:
        """The head is there: check what HTTP demands of it, and run the application or refuse."""
        self._moved = True
        self._stop_clock()
        refusal = self._refusal()
        if refusal is not None:
            self._turn_away(refusal, bodyless=self.parser.get_method() == b"HEAD")
            raise _StopParsingError
        self._begin_request()  # an odd target fails here, and is still answered as a head
        self._in_head = self._head_begun = False
        if self._has_body:
            self._expect(limits.REQUEST_BODY_IDLE_SECONDS)

    def _begin_request(self) -> None:
        """Run the application, or let the request wait for those before it on this connection."""
        version = self._version
        config = self.state.config
        if self.url.startswith(b"/") and _HASH not in self.url:  # a number: seeking bytes makes an exception each time
            raw_path, _, query = self.url.partition(b"?")
        elif self.url == b"*" and self.parser.get_method() == b"OPTIONS":
            raw_path, query, config = b"*", b"", _SERVER_OPTIONS
        else:
            raw_path, query = self._other_target()
        path = raw_path.decode("ascii")
        scope: Scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "method": self.parser.get_method().decode("ascii"),
            "scheme": "http",
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": self.headers,
            "client": self._client,
            "server": self._server,
            "state": {},
        }
        before = self.exchange
        self.exchange = exchange = Exchange(
            self,
            scope,
            expects_continue=self._expects_continue and version != "1.0",
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
        )
        if before is None or before.response_complete:
            self._start(exchange, config)
        else:
            self.pause_reading()
            self._waiting.append((exchange, config))

    def _other_target(self) -> tuple[bytes, bytes]:
        """The path and the query of a target that is more than these; of a whole URL, the host is the request's.

        Raises:
            HttpParserInvalidURLError: It is no target, or one for OPTIONS only.
        """
        parsed = parse_url(self.url)
        if self.url == b"*" or (parsed.schema and not parsed.host):
            raise HttpParserInvalidURLError
        if parsed.host and parsed.schema:  # RFC 9112, 3.2.2
            host = parsed.host if parsed.port is None else b"%b:%d" % (parsed.host, parsed.port)
            self.headers = [(name, host if name == b"host" else value) for name, value in self.headers]
        return parsed.path or b"/", parsed.query or b""

    def _refusal(self) -> _Refusal | None:
        if len(self.headers) > limits.REQUEST_HEADERS_MAX:
            return _TOO_MANY_HEADERS
        if self._idle_bytes > limits.REQUEST_HEAD_BYTES_MAX and self._head_bytes() > limits.REQUEST_HEAD_BYTES_MAX:
            return _HEAD_TOO_LARGE
        if len(self._waiting) >= limits.REQUESTS_WAITING_MAX:
            return _TOO_EAGER
        self._version = version = self.parser.get_http_version()
        if version not in _VERSIONS:
            return _NOT_HTTP
        old = version == "1.0"
        if self._coding is not None and (bad := _bad_coding(self._coding, old=old)) is not None:
            return bad
        return _BAD_HOST if self._bad_host or (not self._host and not old and self._lacks_host()) else None

    def _lacks_host(self) -> bool:
        """Whether nothing names the host: the header may be empty where the target does, or is the server itself."""
        return self._host is None or self.url.startswith(b"/")

    def body_is_short(self) -> bool:
        """Whether what is left of the body that is being read is worth waiting for, to keep the connection."""
        length = self._framing.removeprefix(b"content-length: ")
        return length.isdigit() and int(length) <= limits.REQUEST_BUFFERED_BYTES_MAX and not self._expects_continue

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    # -- the body: its next piece is awaited for a bounded time ---------------------------------------------------

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        if self.exchange is not None and not self.exchange.response_complete:
            self.exchange.body += body
            if len(self.exchange.body) > limits.REQUEST_BUFFERED_BYTES_MAX:
                self.pause_reading()
            self.exchange.notice()
        self._moved = True
        self._stop_clock()
        self._expect(limits.REQUEST_BODY_IDLE_SECONDS)

    def on_message_complete(self) -> None:
        """The request is complete; from now on the caller waits for us."""
        if self._framing and self.parser.should_upgrade():  # the parser skips the body: it is read by another one
            return
        if self.exchange is not None and not self.exchange.response_complete:
            self.exchange.more_body = False
            self.exchange.notice()
        self._in_head = True
        self._moved = True
        self._stop_clock()

    def _expect(self, seconds: float) -> None:
        self._clock = self.loop.call_later(seconds, self._too_slow)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _too_slow(self) -> None:
        """A caller's time is over; what has arrived by now still counts."""
        self._clock = self.loop.call_later(limits.TIMER_GRACE_SECONDS, self._give_up)

    def _give_up(self) -> None:
        self._clock = None
        if self._read_paused:  # the application holds the caller back, not the other way round
            self._expect(limits.REQUEST_BODY_IDLE_SECONDS)
        elif not self.transport.is_closing():
            self.transport.close()

    # -- the answer: it is read, or the caller is as good as gone -------------------------------------------------

    def replace_app(self, config: AppConfig) -> None:
        """Let another application answer from the next request on, those that wait in line included."""
        self._waiting = deque((exchange, old if old is _SERVER_OPTIONS else config) for exchange, old in self._waiting)

    def check_timeouts(self, now: float) -> None:
        """Close what nobody uses; give up a caller that does not read. To be called every second or so."""
        unused = self._clock is None and self._in_head and self._idle()
        if unused and now - self._idle_since > limits.KEEP_ALIVE_SECONDS:
            self.transport.close()
        self._watch_writing(now)

    def _watch_writing(self, now: float) -> None:
        """Give up a caller that has not read any of its answer for too long."""
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent < self._unsent_before or self._unsent_before == 0:
            self._stalled_since = now
        elif now - self._stalled_since > limits.WRITE_STALL_SECONDS:
            log.info("answer not read by its caller", extra={"unsent_bytes": unsent})
            self.transport.abort()
        self._unsent_before = unsent

    def pause_writing(self) -> None:
        """The caller does not read as fast as is written."""
        self.write_paused = True
        self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        """The caller has read on, if perhaps no more than was written since somebody looked."""
        self.write_paused = False
        self._unsent_before = 0
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    async def drain(self) -> None:
        """Wait until the caller has read on, or is gone."""
        if self._writable is not None:
            await asyncio.shield(self._writable)

    def pause_reading(self) -> None:
        """Let what a caller sends wait."""
        if not self._read_paused:
            self._read_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if self._read_paused:
            self._read_paused = False
            self.transport.resume_reading()

    def shutdown(self) -> None:
        """End the connection after what is in progress: an answer, or a request that may be on its way to us.

        A caller that has just connected cannot know that nobody wants its request any more.
        """
        if self.exchange is not None and not self.exchange.response_complete:
            self.exchange.keep_alive = False
        elif self._refused or (self.exchange is not None and not self._head_begun):
            self.transport.close()
        else:
            self._stop_clock()
            self._expect(limits.LAST_REQUEST_SECONDS)

    def abort_unsent(self) -> bool:
        """Drop what a caller has not read of an answer that is complete; returns whether there was anything."""
        if not self._idle() or self.transport.get_write_buffer_size() == 0:
            return False
        self.transport.abort()
        return True

    # -- the caller's going ---------------------------------------------------------------------------------------

    def _start(self, exchange: Exchange, config: AppConfig) -> None:
        # Not in the context of what happens now, which may be that of the request before. With a name, which would
        # otherwise be made up for each; uvloop's `create_task` sets one only after that.
        context = self.state.context.copy()
        task = asyncio.Task(run_app(exchange, config), loop=self.loop, name="request", context=context)
        task.add_done_callback(self.state.tasks.discard)
        self.state.tasks.add(task)
        self._running, self._front = task, exchange

    def eof_received(self) -> bool:
        """The caller ends its side: it may wait for its answer, or be gone; nothing but writing to it would tell.

        So what runs for it gets a little time. The answer then ends the connection.
        """
        if self.exchange is None or self.exchange.response_complete or self.exchange.more_body:
            return False
        self.exchange.keep_alive = bool(self._last_word)
        self._refused = True
        self._stop_clock()
        self.loop.call_soon(self._wait_half_closed)  # not before the application had the time to answer at once
        return True

    def _wait_half_closed(self) -> None:
        front = self._front
        if front is None or front.response_complete or self._clock is not None:
            return
        seconds = self.state.config.half_closed_seconds(front.scope)
        if seconds:
            self._clock = self.loop.call_later(seconds, self._give_up_half_closed)
        else:
            self.transport.close()

    def _give_up_half_closed(self) -> None:
        self._clock = None
        if self.transport.get_write_buffer_size():  # it may be reading, which is watched elsewhere
            self._wait_half_closed()
        else:
            self.transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        """The caller has gone: what still runs for it is cancelled, and with it the call to the upstream."""
        self._stop_clock()
        self.state.connections.discard(self)
        self.resume_writing()
        front, running = self._front, self._running
        if front is not None and running is not None and not front.response_complete:
            front.disconnected = True
            front.notice()
            running.cancel()
        self._running = self._front = None
        del self.parser  # which has this as well, so that they would wait for a collection


def _parser(protocol: Connection | _Resumed) -> HttpRequestParser:
    parser = HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # what follows is not answered
    return parser


def _parser_of_body(protocol: Connection, framing: bytes) -> HttpRequestParser:
    """A parser that has read a head of that framing, and tells of the body and of all that follows."""
    resumed = _Resumed(protocol)
    parser = _parser(resumed)
    parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
    resumed.begin()
    return parser


class _Resumed:
    """Tells a protocol what a parser reads, from a moment on that is behind a head."""

    def __init__(self, protocol: Connection) -> None:
        self._protocol = protocol
        self._begun = False

    def begin(self) -> None:
        """The head is read: tell of everything from now on."""
        self._begun = True

    def on_message_begin(self) -> None:
        if self._begun:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self._begun:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._begun:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._begun:
            self._protocol.on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._protocol.on_body(body)

    def on_message_complete(self) -> None:
        self._protocol.on_message_complete()


def _address(transport: asyncio.BaseTransport, end: str) -> tuple[str, int] | None:
    """The host and port of one end of a connection, as ASGI wants them."""
    found = transport.get_extra_info(end)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) else None


async def _server_options(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer ``OPTIONS *``, which asks whether there is a server, and of no resource (RFC 9110, 9.3.7)."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


_SERVER_OPTIONS: Final = AppConfig(_server_options)


def _bad_coding(coding: bytes, *, old: bool) -> _Refusal | None:
    """What is wrong with a Transfer-Encoding: its end must be told by chunks, and nothing here undoes a compression."""
    codings = [part.strip().lower() for part in coding.split(b",")]
    if old or codings[-1] != b"chunked" or codings.count(b"chunked") > 1:
        return _BAD_FRAMING
    return _UNKNOWN_CODING if len(codings) > 1 else None
