"""Streams of events of an MCP server, read over raw HTTP connections."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse

MODERN: Final = "2026-07-28"
LEGACY: Final = "2025-11-25"
SESSION: Final = "mcp-session-id"
_SECONDS: Final = 30
_ENVELOPE: Final = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}


class Exchange:
    """One request on a connection of its own. Leaving it closes the connection."""

    def __init__(self, url: str, method: str, headers: Mapping[str, str], body: bytes | None = None) -> None:
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
        self._connection.request(method, parts.path, body, dict(headers))
        self._response: HTTPResponse | None = None

    @property
    def response(self) -> HTTPResponse:
        """The response, once its head has come."""
        if self._response is None:
            self._response = self._connection.getresponse()
        return self._response

    @property
    def body(self) -> Any:
        """The whole body as JSON; None if it is empty."""
        content = self.response.read()
        return json.loads(content) if content else None

    def read_message(self) -> Any:
        """The message of the next event; None at the end of the stream."""
        while line := self.response.readline():
            if line.startswith(b"data:") and line[5:].strip():
                return json.loads(line[5:])
        return None

    def read_comment(self) -> bytes:
        """The next line, which is a comment."""
        line = self.response.readline()
        self.response.readline()
        return line

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def send_modern(
    url: str, method: str, identity: int | str = 1, more: Mapping[str, str] | None = None, **params: Any
) -> Exchange:
    """A request of the stateless revision, with more headers."""
    meta = _ENVELOPE | params.pop("_meta", {})
    message = {"jsonrpc": "2.0", "id": identity, "method": method, "params": params | {"_meta": meta}}
    headers = {"mcp-protocol-version": MODERN, "mcp-method": method, **(more or {})}
    if (name := params.get("name", params.get("uri"))) is not None:
        headers["mcp-name"] = name
    return _post(url, message, headers)


def send_legacy(
    url: str, method: str, identity: int | str | None, session: str | None = None, **params: Any
) -> Exchange:
    """A message of a revision with a handshake; without an id, it is a notification."""
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    headers = {"mcp-protocol-version": LEGACY} | ({} if session is None else {SESSION: session})
    return _post(url, message if identity is None else message | {"id": identity}, headers)


def initialize(url: str) -> str:
    """Do the handshake on a connection of its own; return the session."""
    client = {"name": "test", "version": "1"}
    with send_legacy(url, "initialize", 0, protocolVersion=LEGACY, capabilities={}, clientInfo=client) as exchange:
        assert exchange.response.status == 200
        assert exchange.body["result"]["capabilities"]["tools"] == {"listChanged": True}
        return str(exchange.response.headers[SESSION])


def listen(url: str, headers: Mapping[str, str] | None = None, **lists: Any) -> Exchange:
    """A request to listen to changes."""
    return send_modern(url, "subscriptions/listen", "sub", headers, notifications=lists)


def open_notifications(url: str, session: str) -> Exchange:
    """The stream of GET, once it is open."""
    headers = {"accept": "text/event-stream", "mcp-protocol-version": LEGACY, SESSION: session}
    exchange = Exchange(url, "GET", headers)
    assert exchange.read_comment().startswith(b":")
    return exchange


def _post(url: str, message: Any, headers: Mapping[str, str]) -> Exchange:
    common = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    return Exchange(url, "POST", common | dict(headers), json.dumps(message).encode())
