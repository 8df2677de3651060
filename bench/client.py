"""Requests to a contender: one at a time for its response, or by wrk as the load."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

RESPONSE_SECONDS = 10.0
MODERN: Final = "2026-07-28"
LEGACY: Final = "2025-11-25"
ENVELOPE: Final = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
COUNTERS = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """A response; the names of its headers are in Title-Case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def wire_bytes(self) -> int:
        """The least size that it had on the connection; chunks add to it."""
        head = sum(len(f"{name}: {value}\r\n") for name, value in self.headers.items())
        return len("HTTP/1.1 200 OK\r\n\r\n") + head + len(self.body)


def make_tool_call(wire: str, tool: str, arguments: Mapping[str, Any]) -> Request:
    """Make a `tools/call` as a client of that protocol revision sends it."""
    params: dict[str, Any] = {"name": tool, "arguments": arguments}
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Mcp-Protocol-Version": wire,
    }
    if wire == MODERN:
        params["_meta"] = ENVELOPE
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": tool}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return Request("/mcp", "POST", tuple(headers.items()), json.dumps(message).encode())


def send_request(port: int, request: Request, headers: Mapping[str, str] | None = None) -> Response:
    """Send one request over a connection of its own.

    Raises:
        OSError, http.client.HTTPException: There is no response.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=RESPONSE_SECONDS)
    try:
        sent = {**(headers or {}), **dict(request.headers)}
        connection.request(request.method, request.target, request.body or None, sent)
        response = connection.getresponse()
        named = {name.title(): value for name, value in response.getheaders()}
        return Response(response.status, named, response.read())
    finally:
        connection.close()


def write_wrk_script(request: Request) -> str:
    """Write a script that makes wrk send this request; wrk formats it only once."""
    lines = [f"wrk.method = {_quote_lua(request.method)}"]
    lines += [f"wrk.headers[ {_quote_lua(name)} ] = {_quote_lua(value)}" for name, value in request.headers]
    if request.body:
        lines.append(f"wrk.body = {_quote_lua(request.body.decode())}")
    return "\n".join([*lines, COUNTERS.read_text()])


def _quote_lua(text: str) -> str:
    if "]==]" in text or text.startswith("\n"):
        raise ValueError("this text cannot be written as it is into a Lua script")
    return f"[==[{text}]==]"
