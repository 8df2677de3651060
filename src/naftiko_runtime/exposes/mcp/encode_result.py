"""Writes results as JSON, for revisions with a handshake and for stateless ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.exposes.mcp.revisions import HANDSHAKE, STATELESS
from naftiko_runtime.exposes.mcp.write_json import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.exposes.mcp.paging import ListPage
    from naftiko_runtime.exposes.mcp.tool_result import Result
    from naftiko_runtime.plan import Caching
    from naftiko_runtime.upstream.interface import Header

VERSION: Final = "io.modelcontextprotocol/protocolVersion"
CLIENT_INFO: Final = "io.modelcontextprotocol/clientInfo"
CAPABILITIES: Final = "io.modelcontextprotocol/clientCapabilities"
SERVER_INFO: Final = "io.modelcontextprotocol/serverInfo"
_INTERNAL_ERROR: Final = {"code": -32603, "message": "Internal server error"}
_JSON: Final = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Wire:
    """Writes responses of one family of revisions.

    Attributes:
        stateless: Whether results have ``resultType``.
        closing: The text that ends a result.
    """

    stateless: bool
    closing: bytes = b""

    def render_response(self, identity: float | str, result: bytes) -> bytes:
        """Return a response.

        Args:
            identity: The id of the request.
            result: A written object without its closing brace.
        """
        return b"".join((b'{"jsonrpc":"2.0","id":', write_json(identity), b',"result":', result, self.closing, b"}}"))

    def render_internal_error(self, identity: float | str) -> bytes:
        """Return the response for an internal error, without details."""
        return write_json({"jsonrpc": "2.0", "id": identity, "error": _INTERNAL_ERROR})

    def render_tool_result(self, result: Result) -> bytes:
        """Return a tool's result, without its closing brace."""
        parts = [
            b'{"content":',
            write_json(result.blocks),
            b',"isError":true' if result.is_error else b',"isError":false',
        ]
        if self.stateless:
            parts.append(b',"resultType":"complete"')
        if result.structured is not None:
            parts += (b',"structuredContent":', write_json(result.structured))
        return b"".join(parts)

    def make_headers(self, body: bytes) -> list[Header]:
        """Return the headers of a response."""
        return [_JSON, (b"content-length", str(len(body)).encode())]


class ServerInfo:
    """The results that describe a server and its first tools, each encoded once."""

    def __init__(self, info: Mapping[str, str], about: Mapping[str, Any], tools: ListPage, caching: Caching) -> None:
        """Encode what all results share.

        Args:
            info: The name, title and version of the server.
            about: The capabilities, and the instructions for models.
            tools: The first page of the list of tools.
            caching: How long clients may cache the list, and for whom.
        """
        self._info = info
        self._about = about
        self._tools: dict[str, Any] = {"tools": tools.items}
        if tools.next_cursor is not None:
            self._tools["nextCursor"] = tools.next_cursor
        self._cached = {"cacheScope": caching.scope, "ttlMs": caching.list_ttl_ms, "resultType": "complete"}
        self.legacy = Wire(stateless=False)
        self.stateless = Wire(stateless=True, closing=b',"_meta":' + write_json({SERVER_INFO: info}))

    @cached_property
    def render_initialize_results(self) -> dict[str, bytes]:
        """Render the result of ``initialize`` for each revision with a handshake."""
        result = {**self._about, "serverInfo": self._info}
        return {version: _open({**result, "protocolVersion": version}) for version in HANDSHAKE}

    @cached_property
    def render_discover_result(self) -> bytes:
        """Render the result of ``server/discover``."""
        return _open({**self._about, **self._cached, "supportedVersions": STATELESS})

    @cached_property
    def render_tools_result(self) -> bytes:
        """Render the result of ``tools/list`` for the stateless revisions."""
        return _open({**self._cached, **self._tools})

    @cached_property
    def render_legacy_tools_result(self) -> bytes:
        """Render the result of ``tools/list`` for the revisions with a handshake."""
        return _open(self._tools)


def _open(value: dict[str, Any]) -> bytes:
    """Return a written object without its closing brace."""
    return write_json(value)[:-1]
