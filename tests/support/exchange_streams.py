"""Byte streams in which every byte belongs to one exchange, and readers that fail on foreign bytes.

The body of each request and of each response is text that only this exchange has, and reads like a request or a
response itself: whoever loses count of a body takes the rest of it for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD_END = b"\r\n\r\n"
_ID = re.compile(rb"/exchange/(\d+)(?:[/?]|$)")


@lru_cache(maxsize=64)
def request_body(number: int, size: int) -> bytes:
    """What the request of an exchange holds: requests that nobody sent."""
    unit = b"POST /smuggled/%06d HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n" % number
    return (unit * (size // len(unit) + 1))[:size]


@lru_cache(maxsize=64)
def response_body(number: int, size: int) -> bytes:
    """What the response of an exchange holds: responses that nobody gave."""
    unit = b"HTTP/1.1 200 OK\r\netag: %06d\r\ncontent-length: 7\r\n\r\nforeign" % number
    return (unit * (size // len(unit) + 1))[:size]


class Foreign(AssertionError):  # noqa: N818 - named for what was found
    """A byte of one exchange is in another one."""


@dataclass(slots=True)
class Message:
    """One message of a stream, as far as it has come."""

    line: bytes
    headers: dict[bytes, bytes]
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False

    @property
    def number(self) -> int:
        """Of the exchange that a request's target names."""
        found = _ID.search(self.line.split(b" ")[1])
        if found is None:
            raise Foreign(f"nobody asked for {self.line!r}")
        return int(found[1])

    @property
    def status(self) -> int:
        return int(self.line.split(b" ")[1])


class Stream:
    """Messages of one direction of a connection, read strictly: what is no HTTP is a byte of something else."""

    def __init__(self, begun: Callable[[Message], bool], checked: Callable[[Message], None]) -> None:
        """Begin at a connection's first byte.

        Args:
            begun: Told each message once its head is there; whether it has no body whatever its head says.
            checked: Told each message whenever more of its body has come, or its end.
        """
        self.messages: list[Message] = []
        self._begun = begun
        self._checked = checked
        self._unread = bytearray()
        self._left: int | None = 0
        self._chunked = False
        self._until_end = False

    @property
    def current(self) -> Message | None:
        """The message that is not complete."""
        return None if not self.messages or self.messages[-1].complete else self.messages[-1]

    @property
    def begun(self) -> bool:
        """Whether something of a message is there that is not complete."""
        return self.current is not None or bool(self._unread)

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        self._unread += data
        while self._step():
            pass

    def end(self) -> None:
        """The other side has ended the stream."""
        if self._until_end and (message := self.current) is not None:
            self._complete(message)

    def _step(self) -> bool:
        message = self.current
        if message is None:
            return self._head()
        if self._chunked:
            return self._chunk(message)
        if self._until_end:
            size = len(self._unread)
        else:
            assert self._left is not None
            size = min(self._left, len(self._unread))
            self._left -= size
        message.body += self._unread[:size]
        del self._unread[:size]
        if self._left == 0 and not self._until_end:
            self._complete(message)
        else:
            self._checked(message)
        return size > 0

    def _complete(self, message: Message) -> None:
        message.complete = True
        self._chunked = self._until_end = False
        self._checked(message)

    def _head(self) -> bool:
        end = self._unread.find(_HEAD_END)
        if end < 0:
            return False
        line, *lines = bytes(self._unread[:end]).split(b"\r\n")
        del self._unread[: end + len(_HEAD_END)]
        if b"HTTP/1." not in line or not all(b":" in each for each in lines):
            raise Foreign(f"no head of a message: {line[:100]!r}")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(b":") for each in lines)}
        message = Message(line, headers)
        if line.startswith(b"HTTP/1.1 1"):  # an interim response
            return True
        self.messages.append(message)
        bodyless = self._begun(message)
        if bodyless:
            self._left = 0
        elif headers.get(b"transfer-encoding") == b"chunked":
            self._chunked, self._left = True, None
        elif b"content-length" in headers:
            self._left = int(headers[b"content-length"])
        elif line.startswith(b"HTTP/"):
            self._until_end, self._left = True, None
        else:
            self._left = 0
        if self._left == 0:
            self._complete(message)
        return True

    def _chunk(self, message: Message) -> bool:
        """Read a piece of a chunk; ``_left`` is what is left of it with its line end, or nothing before its size."""
        if self._left is None:
            end = self._unread.find(b"\r\n")
            if end < 0:
                return False
            line = bytes(self._unread[:end])
            if re.fullmatch(rb"[0-9a-f]+", line) is None:
                raise Foreign(f"no size of a chunk: {line[:100]!r}")
            del self._unread[: end + 2]
            self._left = int(line, 16) + 2
            if self._left == 2:  # the last one
                self._left = -2
        if self._left < 0:
            if len(self._unread) < 2:
                return False
            self._line_end()
            self._left = None
            self._complete(message)
            return True
        size = min(self._left - 2, len(self._unread))
        message.body += self._unread[:size]
        del self._unread[:size]
        self._left -= size
        self._checked(message)
        if self._left > 2 or len(self._unread) < 2:
            return size > 0
        self._line_end()
        self._left = None
        return True

    def _line_end(self) -> None:
        if self._unread[:2] != b"\r\n":
            raise Foreign(f"no end of a chunk: {bytes(self._unread[:100])!r}")
        del self._unread[:2]


def response_bytes(
    number: int, size: int, framing: str, status: int = 200, *, keeps: bool = True
) -> tuple[bytes, bytes]:
    """The head and the body, framed, of the response of an exchange.

    Args:
        number: The exchange.
        size: Of the body.
        framing: ``length``, ``chunked``, ``until close``, or ``bodyless`` where it has none whatever it says.
        status: The status code.
        keeps: Whether it keeps its connection.
    """
    body = response_body(number, size)
    lines = [b"HTTP/1.1 %d Said" % status, b"etag: %06d" % number, b"content-type: text/plain"]
    if not keeps:
        lines.append(b"connection: close")
    match framing:
        case "length":
            lines.append(b"content-length: %d" % size)
        case "chunked":
            lines.append(b"transfer-encoding: chunked")
            third = size // 3
            parts = [part for part in (body[:third], body[third:]) if part]
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        case "bodyless":
            lines.append(b"content-length: %d" % size)
            body = b""
    return b"\r\n".join([*lines, b"", b""]), body


def make_request(method: str, target: str, lines: list[str]) -> bytes:
    """The head of a request."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", "host: localhost", *lines, "", ""]).encode()


def in_two_chunks(body: bytes) -> bytes:
    """A body in the framing of ``transfer-encoding: chunked``."""
    half = len(body) // 2
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part) + b"0\r\n\r\n"
