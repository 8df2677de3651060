"""Sockets and an event loop that a test controls step by step."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from support.exchange_streams import Foreign, Message, Stream, response_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

_T = TypeVar("_T")
_ROUNDS = 12
_SIOCOUTQNSD = 0x894B
"""Asks Linux how many bytes of a socket were not sent; what is sent on loopback has arrived."""
_ALL = 1 << 30


class StepSocket:
    """One end of a connection; what it is to send waits until the kernel takes it."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connected
        self.unsent = bytearray()
        self.ends = False
        self.closed = False
        self.peer_ended = False
        self.peer_reset = False

    def send(self, data: bytes) -> None:
        self.unsent += data
        self.flush()

    def flush(self) -> bool:
        """Send what waits; whether something went out."""
        sent = 0
        with suppress(BlockingIOError):
            while self.unsent and not self.closed:
                try:
                    count = self.socket.send(self.unsent[: 1 << 20])
                except OSError as error:
                    if isinstance(error, BlockingIOError):
                        raise
                    self.unsent.clear()
                    self.peer_ended = self.peer_reset = True
                    break
                del self.unsent[:count]
                sent += count
        if self.ends and not self.unsent and not self.closed:
            self.ends = False
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        return sent > 0

    def receive(self, size: int = _ALL) -> bytes:
        """What has come, at most so much of it."""
        got = bytearray()
        while len(got) < size and not self.closed:
            try:
                data = self.socket.recv(min(size - len(got), 1 << 20))
            except BlockingIOError:
                break
            except OSError:
                data, self.peer_reset = b"", True
            if not data:
                self.peer_ended = True
                break
            got += data
        return bytes(got)

    def unsent_by_kernel(self) -> int:
        """How many bytes were given to the kernel that it has not sent."""
        if self.closed:
            return 0
        return int.from_bytes(fcntl.ioctl(self.socket, _SIOCOUTQNSD, bytes(4)), sys.byteorder)

    def nothing_to_read(self) -> bool:
        """Whether all that came was read, and the other side has not ended."""
        if self.closed or self.peer_ended:
            return False
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def end(self) -> None:
        """End the sending side once everything is sent."""
        self.ends = True
        self.flush()

    def close(self, *, reset: bool = False) -> None:
        if not self.closed:
            if reset:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
            self.closed = True


class Caller(StepSocket):
    """A caller's connection: what it is to send, what it asked for, what it got."""

    def __init__(self, port: int, check: Callable[[Message, int, str], None], kind: str = "rest") -> None:
        """Connect.

        Args:
            port: Of the listener.
            check: Told a response as far as it has come, the number of its exchange, and the method.
            kind: Of what listens there.
        """
        connected = socket.socket()
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        connected.connect(("127.0.0.1", port))
        super().__init__(connected)
        self.kind = kind
        self._check = check
        self.pending = bytearray()
        self.asked: list[tuple[int, str]] = []
        self.responses = Stream(self._begun, self._checked)

    def ask(self, number: int, method: str, request: bytes) -> None:
        self.asked.append((number, method))
        self.pending += request

    def send_more(self, size: int) -> None:
        data = bytes(self.pending[:size])
        del self.pending[:size]
        self.send(data)

    def read(self, size: int) -> None:
        self.responses.feed(self.receive(size))
        if self.peer_ended and not self.peer_reset:
            self.responses.end()

    def _begun(self, response: Message) -> bool:
        if len(self.responses.messages) > len(self.asked):
            raise Foreign(f"nobody asked for {response.line!r}")
        _, method = self.asked[len(self.responses.messages) - 1]
        return method == "HEAD" or response.status in (204, 304)

    def _checked(self, response: Message) -> None:
        number, method = self.asked[len(self.responses.messages) - 1]
        self._check(response, number, method)


class Wire(StepSocket):
    """A connection that the upstream accepted, with the requests that came on it and the response in progress."""

    def __init__(self, connected: socket.socket, upstream: StepUpstream) -> None:
        super().__init__(connected)
        self._upstream = upstream
        self.requests = Stream(upstream.begun, upstream.checked)
        self.response_count = 0
        self.rest = b""
        """Of the response that was begun."""
        self.ends_response = False
        """Whether the end of the connection is that of the response in progress."""
        self.last = False
        """Whether no further response may follow."""

    def read(self, size: int = _ALL) -> None:
        """Read what has come, strictly."""
        self.requests.feed(self.receive(size))

    @property
    def asked(self) -> Message | None:
        """The first request whose response was not begun."""
        waiting = self.requests.messages[self.response_count :]
        return waiting[0] if waiting and not self.last and not self.closed else None

    def respond(self, size: int, framing: str, status: int, first: int, *, keeps: bool) -> None:
        """Begin the response of the request that is asked, with its first bytes."""
        message = self.asked
        assert message is not None
        self.response_count += 1
        if message.line.startswith(b"HEAD ") or status in (204, 304):
            framing = "bodyless"
        self.last = not keeps or framing == "until close"
        head, body = response_bytes(message.number, size, framing, status, keeps=keeps)
        self.ends_response = framing == "until close"
        self.rest = head + body
        self.go_on(first)

    def go_on(self, size: int) -> None:
        """Send more of the response."""
        data, self.rest = self.rest[:size], self.rest[size:]
        self.send(data)
        if not self.rest and self.last and self.ends_response:
            self.end()


class StepUpstream:
    """Accepts connections, and reads and writes on them only when a test says so."""

    def __init__(self) -> None:
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)  # of all that are accepted
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(64)
        self._listening.setblocking(False)
        self.port = int(self._listening.getsockname()[1])
        self.wires: list[Wire] = []
        self.expected: dict[int, bytes] = {}
        """The request body of each exchange."""
        self.repeatable: set[int] = set()
        self._seen: set[int] = set()

    def accept(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self.wires.append(Wire(self._listening.accept()[0], self))

    def begun(self, request: Message) -> bool:
        """Take a request's head."""
        if request.number not in self.expected:
            raise Foreign(f"nobody asked for {request.line!r}")
        if request.number in self._seen and request.number not in self.repeatable:
            raise Foreign(f"asked twice: {request.line!r}")
        self._seen.add(request.number)
        return False

    def checked(self, request: Message) -> None:
        """Take a part of a request's body."""
        expected = self.expected[request.number]
        if not expected.startswith(request.body) or (request.complete and len(request.body) != len(expected)):
            came = bytes(request.body)
            at = next(
                (n for n, (a, b) in enumerate(zip(came, expected, strict=False)) if a != b),
                min(len(came), len(expected)),
            )
            raise Foreign(f"{request.line!r}: byte {at} of {len(expected)} of its body: {came[at : at + 100]!r}")

    def close(self) -> None:
        for wire in self.wires:
            wire.close()
        self._listening.close()


class _Loop(asyncio.SelectorEventLoop):
    skipped_seconds = 0.0

    def time(self) -> float:
        """A clock that a test can let run on."""
        return super().time() + self.skipped_seconds

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """An address is looked up at once, not in a thread whose end nobody could wait for."""
        return socket.getaddrinfo(host, port, **options)


class StepLoop:
    """A loop that runs until nothing happens any more, whenever the test says so."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Run a loop, by default one whose clock can be let run on."""
        self.loop = loop or _Loop()
        self.tasks: deque[asyncio.Task[Any]] = deque()
        self.problems: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.problems.append(context))

    def settle(self, sockets: Callable[[], Sequence[StepSocket]]) -> None:
        """Let everything happen that can.

        Args:
            sockets: The test's ends of all connections.
        """
        left = -1
        while True:
            flushed = sum(one.flush() for one in sockets())
            self.rounds()
            before, left = left, sum(one.unsent_by_kernel() for one in sockets())
            if not flushed and left in (0, before):
                break
        self.rounds()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return self.loop.run_until_complete(coroutine)

    def skip(self, seconds: float) -> None:
        """Let time pass, in which nothing else happens."""
        if isinstance(self.loop, _Loop):
            self.loop.skipped_seconds += seconds

    def rounds(self, number: int = _ROUNDS) -> None:
        self.run(_rounds(number))

    def close(self) -> None:
        pending = asyncio.all_tasks(self.loop)
        for task in pending:
            task.cancel()
        self.run(_gathered(pending))
        self.rounds(3)
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


async def _rounds(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def _gathered(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
