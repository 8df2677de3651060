"""Messages of both eras, and the errors that come back."""

from __future__ import annotations

import json
import re
from typing import Any

from support.caller import RawConnection, Response, call, make_head

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ERAS = [MODERN, LEGACY]
ACCEPT = "application/json, text/event-stream"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
FOREIGN = re.compile(rb"pydantic|validation error|Input should|model_type|Traceback|\.py\b", re.IGNORECASE)


def headers(version: str | None, method: str | None = None, name: str | None = None) -> dict[str, str]:
    given = {"content-type": "application/json", "accept": ACCEPT, "mcp-protocol-version": version}
    if version == MODERN:
        given |= {"mcp-method": method, "mcp-name": name}
    return {key: value for key, value in given.items() if value is not None}


def request(version: str | None, method: str, params: Any = None, **more: Any) -> dict[str, Any]:
    if version == MODERN and (params is None or isinstance(params, dict)):
        params = {"_meta": META, **(params or {})}
    given = {} if params is None else {"params": params}
    return {"jsonrpc": "2.0", "id": 7, "method": method, **given, **more}


def send(url: str, version: str | None, message: Any, **more: str | None) -> Response:
    """Send a message with the headers that are right for it, but for those that are given."""
    return call(url, "/mcp", "POST", *encode_message(version, message, **more))


def send_on(connection: RawConnection, version: str | None, message: Any) -> Response:
    """The same on an open connection, at a fifth of the CPU time: for tests that send thousands of messages."""
    routed, body = encode_message(version, message)
    fields = [*routed.items(), ("content-length", str(len(body)))]
    connection.send(make_head("POST /mcp", fields, host="localhost") + body)
    return connection.read_response()


def encode_message(version: str | None, message: Any, **more: str | None) -> tuple[dict[str, str], bytes]:
    """The headers that are right for a message, but for those that are given, and its body."""
    known = message if isinstance(message, dict) else {}
    params = known.get("params") if isinstance(known.get("params"), dict) else {}
    method, name = known.get("method"), (params or {}).get("name")
    routed = headers(version, method if isinstance(method, str) else None, name if isinstance(name, str) else None)
    changed = routed | {key.replace("_", "-"): value for key, value in more.items()}
    sent = {key: value for key, value in changed.items() if value is not None and value.isascii()}
    return sent, message if isinstance(message, bytes) else json.dumps(message).encode()


def error(response: Response, status: int, code: int, *words: str, identity: Any = 7) -> None:
    """The response is a JSON-RPC error with this status, code and id, and its message has these words."""
    body = response.json
    assert (response.status, body["error"]["code"], body["id"]) == (status, code, identity), response.body
    assert [word for word in words if word not in body["error"]["message"]] == [], response.body
    assert body["jsonrpc"] == "2.0"
    assert response.headers["content-type"] == "application/json"
    assert not FOREIGN.search(response.body), response.body
