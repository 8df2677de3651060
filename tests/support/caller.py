"""Callers: HTTP with every byte of the target as given, and plain sockets."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEADLINE_SECONDS = 45.0

Headers = dict[str, str]


@dataclass(frozen=True)
class Response:
    """A whole response. Header names are in lower case; several headers of one name are joined by commas."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def connect(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return HTTPConnection(parts.hostname, parts.port, timeout=DEADLINE_SECONDS)


def read_headers(response: HTTPResponse) -> Headers:
    headers: Headers = {}
    for name, value in response.getheaders():
        known = headers.get(name.lower())
        headers[name.lower()] = value if known is None else f"{known}, {value}"
    return headers


@contextmanager
def open_stream(
    url: str, target: str, method: str = "GET", headers: Headers | None = None, body: Any = None
) -> Iterator[HTTPResponse]:
    """A response whose head has arrived."""
    connection = connect(url)
    chunked = body is not None and not isinstance(body, bytes)
    try:
        connection.request(method, target, body=body, headers=headers or {}, encode_chunked=chunked)
        yield connection.getresponse()
    finally:
        connection.close()


def call(url: str, target: str, method: str = "GET", headers: Headers | None = None, body: Any = None) -> Response:
    """One request on a connection of its own; a body that is no bytes is an iterable of chunks."""
    with open_stream(url, target, method, headers, body) as response:
        return Response(response.status, read_headers(response), response.read())


def is_refusing(url: str) -> bool:
    """Whether nothing listens on the port; waits for a moment."""
    parts = urlsplit(url)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        with suppress(ConnectionResetError):
            try:
                socket.create_connection((str(parts.hostname), parts.port or 0)).close()
            except ConnectionRefusedError:
                return True
    return False


class RawConnection:
    """A plain socket."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port or 80), timeout=DEADLINE_SECONDS)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_for_ever(self, data: bytes) -> None:
        while True:
            self.send(data)

    def send_until_held_back(self, data: bytes, seconds: float = 1) -> int:
        """Send as much as the peer takes, until it has taken nothing for so long; how much that was."""
        sent = 0
        self._socket.settimeout(seconds)
        try:
            while sent < len(data):
                sent += self._socket.send(data[sent : sent + 1_000_000])
        except TimeoutError:
            pass
        self._socket.settimeout(DEADLINE_SECONDS)
        return sent

    def end_sending(self) -> None:
        """End the sending side alone."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def wait_closed(self) -> bool:
        """Whether the peer closes without another byte; blocks until one of both happens."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True

    def read_some(self, size: int) -> bytes:
        """The next bytes, fewer if the peer closes."""
        return self._file.read(size)

    def read_rest(self) -> bytes:
        """All bytes until the peer closes."""
        return self._file.read()

    def read_response(self) -> Response:
        """The next response on the connection: with a Content-Length, or without a body."""
        status = int(self._file.readline().split(b" ")[1])
        headers: Headers = {}
        for line in iter(self._file.readline, b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        assert "transfer-encoding" not in headers, headers
        return Response(status, headers, self._file.read(int(headers.get("content-length", "0"))))


def make_head(line: str, headers: Iterable[tuple[str, str]] = (), *, host: str = "localhost") -> bytes:
    """A request's head."""
    lines = [f"{line} HTTP/1.1", *([f"Host: {host}"] if host else []), *(f"{n}: {v}" for n, v in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")
