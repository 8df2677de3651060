"""A message of standard input as a request to an MCP endpoint, with the headers that HTTP clients send."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

import orjson
from msgspec import Struct

from naftiko_runtime import limits
from naftiko_runtime.exposes.mcp.encode_result import VERSION
from naftiko_runtime.exposes.mcp.message_check import CANCELLED, NotAMessageError, parse
from naftiko_runtime.json_limits import check_json_limits

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.upstream.interface import Header

_NAMES: Final = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""The parameter that the ``Mcp-Name`` header repeats, by method."""

_COMMON: Final[tuple[Header, ...]] = (
    (b"content-type", b"application/json"),
    (b"accept", b"application/json, text/event-stream"),
)


class StdioMessage(Struct, frozen=True):
    """What is known of a message before it is handled.

    Attributes:
        body: The line.
        headers: The headers of the request.
        method: Its method; empty if it has none.
        identity: Its id; None if it has no valid one.
        expects_response: Whether its sender waits for a response, if only for an error.
        cancels: The id of the request that it cancels, if it does.
    """

    body: bytes
    headers: tuple[Header, ...]
    method: str
    identity: int | str | None
    expects_response: bool
    cancels: int | str | None = None

    def make_scope(self) -> Scope:
        """Return the scope of the request. There is no peer with an address."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "query_string": b"",
            "root_path": "",
            "headers": list(self.headers),
            "client": None,
            "server": None,
        }


def read_message(line: bytes, handshake_version: str | None) -> StdioMessage:
    """Read what routes a message. Whether it is valid is checked later.

    Args:
        line: The line.
        handshake_version: The revision that the client has negotiated; None before.
    """
    try:
        message = _parse(line)
    except ValueError:
        return StdioMessage(line, _COMMON, "", None, expects_response=True)
    if isinstance(message, list):
        return StdioMessage(line, _make_headers(handshake_version), "", None, expects_response=True)
    if not isinstance(message, dict):
        return StdioMessage(line, _COMMON, "", None, expects_response=True)
    params = message.get("params")
    params = params if isinstance(params, dict) else {}
    method = message.get("method")
    method = method if isinstance(method, str) else ""
    meta = params.get("_meta")
    envelope = meta.get(VERSION) if isinstance(meta, dict) else None
    version = envelope if isinstance(envelope, str) else handshake_version
    return StdioMessage(
        line,
        (*_make_headers(version), *_make_routing_headers(method, params)),
        method,
        _read_identity(message.get("id")),
        expects_response="id" in message or not method,
        cancels=_read_identity(params.get("requestId")) if method == CANCELLED else None,
    )


def _parse(line: bytes) -> Any:
    """Parse a line.

    Raises:
        ValueError: It is not JSON, or exceeds a limit.
    """
    check_json_limits(line, limits.REQUEST_VALUES_MAX, limits.REQUEST_DEPTH_MAX)
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:  # also of a number that is too large for it
        try:
            return parse(line)
        except NotAMessageError as error:
            raise ValueError(error.fault.message) from None


def _read_identity(value: Any) -> int | str | None:
    return value if type(value) in (int, str) else None


def _make_headers(version: str | None) -> tuple[Header, ...]:
    return _COMMON if version is None else (*_COMMON, (b"mcp-protocol-version", _encode(version)))


def _make_routing_headers(method: str, params: dict[str, Any]) -> tuple[Header, ...]:
    headers: tuple[Header, ...] = ((b"mcp-method", _encode(method)),) if method else ()
    name = params.get(_NAMES.get(method, ""))
    return (*headers, (b"mcp-name", _encode_name(name))) if isinstance(name, str) else headers


def _encode(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _encode_name(name: str) -> bytes:
    """Return a name as a header: as it is, or encoded where a header cannot hold it."""
    if name.isascii() and name.isprintable() and name.strip() == name and not name.startswith("=?"):
        return name.encode()
    return b"=?base64?" + b64encode(name.encode("utf-8", "replace")) + b"?="
