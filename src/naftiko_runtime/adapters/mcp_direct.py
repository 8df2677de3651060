"""The straight way for ``tools/call``: what the SDK would answer, byte for byte, without its machinery.

It takes only messages that leave no doubt: a whole JSON body of a known shape, for a tool that there is, with an
envelope that the SDK itself has accepted before. Whatever is odd in the least is handed to the SDK as it came, so
that every refusal, and every rule of every revision, is the SDK's own.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import orjson
from mcp.shared.inbound import InboundModernRoute, classify_inbound_request
from mcp_types import (
    DEFAULT_NEGOTIATED_VERSION,
    INTERNAL_ERROR,
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
    CallToolRequestParams,
)
from mcp_types import methods as sdk_methods
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from pydantic_core import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from naftiko_runtime.adapters.content import Result
    from naftiko_runtime.adapters.edge import Receive, Scope, Send
    from naftiko_runtime.adapters.mcp import ToolServer

log = logging.getLogger(__name__)

_METHOD: Final = "tools/call"
_KEYS: Final = frozenset({"jsonrpc", "id", "method", "params"})
_PARAMS: Final = frozenset({"name", "arguments", "_meta"})
_HEADERS: Final = frozenset({b"accept", b"content-type", b"mcp-protocol-version", b"mcp-method", b"mcp-name"})
_MODERN: Final = frozenset(version.encode() for version in MODERN_PROTOCOL_VERSIONS)
_HANDSHAKE: Final = frozenset(version.encode() for version in HANDSHAKE_PROTOCOL_VERSIONS)
_DEFAULT: Final = DEFAULT_NEGOTIATED_VERSION.encode()
_REMEMBERED_MAX: Final = 1024
_DEPTH_MAX: Final = 100
_EXACT: Final = 2.0**63
_JSON: Final = (b"content-type", b"application/json")


class DirectCalls:
    """Answers the calls of one MCP server."""

    def __init__(self, tools: ToolServer, server_info: dict[str, Any], body_bytes_max: int) -> None:
        """Prepare it.

        Args:
            tools: What is served.
            server_info: What the SDK puts into the ``_meta`` of its answers.
            body_bytes_max: Of a body that is taken here; a larger one is the SDK's to refuse.
        """
        self._tools = tools
        self._meta = {SERVER_INFO_META_KEY: server_info}
        self._body_bytes_max = body_bytes_max
        self._envelopes: set[tuple[str, bytes]] = set()
        self._accepted: dict[bytes, bool] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Answer a POST, or give back what the SDK is to receive instead."""
        headers = _routing_headers(scope)
        version = None if headers is None else self._version(headers)
        if headers is None or version is None:
            return receive
        message = await receive()
        body = message.get("body", b"") if message["type"] == "http.request" else b""
        if not body or message.get("more_body", False) or len(body) > self._body_bytes_max:
            return _replaying(message, receive)
        call = self._call(body, version, headers, scope)
        if call is None:
            return _replaying(message, receive)
        await self._answer(call, version, scope, send)
        return None

    def _version(self, headers: Mapping[bytes, bytes]) -> str | None:
        """The revision that a request's headers name, when they are what this way takes."""
        if headers.get(b"mcp-method", b"tools/call") != b"tools/call":
            return None
        if headers.get(b"content-type", b"").partition(b";")[0].strip() != b"application/json":
            return None
        version = headers.get(b"mcp-protocol-version", _DEFAULT)
        known = version in _HANDSHAKE or (version in _MODERN and b"mcp-method" in headers)
        return version.decode() if known and self._accepts_json(headers.get(b"accept", b"")) else None

    def _accepts_json(self, accept: bytes) -> bool:
        """Whether an ``Accept`` header takes JSON, as the SDK reads it."""
        known = self._accepted.get(accept)
        if known is None:
            kinds = {part.split(b";")[0].strip().lower() for part in accept.split(b",")}
            known = bool(kinds & {b"*/*", b"application/*", b"application/json"})
            if len(self._accepted) < _REMEMBERED_MAX:
                self._accepted[accept] = known
        return known

    def _call(self, body: bytes, version: str, headers: Mapping[bytes, bytes], scope: Scope) -> dict[str, Any] | None:
        """The message, when nothing about it is odd."""
        try:
            message = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(message, dict) or not _is_call(message):
            return None
        params = message["params"]
        name = params["name"]
        if not self._tools.has(name):
            return None
        if not _named(headers.get(b"mcp-name"), name, needed=version in MODERN_PROTOCOL_VERSIONS):
            return None
        return message if self._knows(message, params.get("_meta"), version, scope) else None

    def _knows(self, message: dict[str, Any], meta: Any, version: str, scope: Scope) -> bool:
        """Whether an envelope is sound: clients send the same one over and over, so that the SDK is asked once."""
        if isinstance(meta, dict) and type(meta.get("progressToken")) in (int, str):  # another one in every call
            meta = {key: value for key, value in meta.items() if key != "progressToken"}
        key = version, orjson.dumps(meta)
        if key in self._envelopes:
            return True
        sound = _is_sound(message, meta, version, scope)
        if sound and len(self._envelopes) < _REMEMBERED_MAX:
            self._envelopes.add(key)
        return sound

    async def _answer(self, message: dict[str, Any], version: str, scope: Scope, send: Send) -> None:
        params, modern = message["params"], version in MODERN_PROTOCOL_VERSIONS
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            result = await self._tools.result(params["name"], params.get("arguments") or {}, scope)
            answer["result"] = self._wire(result, modern=modern)
        except Exception:  # a fault of ours: the SDK would say as little
            log.exception("a tool's call failed")
            answer["error"] = {"code": INTERNAL_ERROR, "message": "Internal server error"}
        if modern:
            body = json.dumps(answer, separators=(",", ":")).encode()
            headers = [(b"content-length", str(len(body)).encode()), _JSON]
        else:
            body = to_json(answer, inf_nan_mode="null")
            headers = [_JSON, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _wire(self, result: Result, *, modern: bool) -> dict[str, Any]:
        """A result in the order in which the SDK writes its parts."""
        wire: dict[str, Any] = {"content": [result.block], "isError": result.is_error}
        if modern:
            wire["resultType"] = "complete"
        if result.structured is not None:
            wire["structuredContent"] = result.structured
        if modern:
            wire["_meta"] = self._meta
        return wire


def _routing_headers(scope: Scope) -> dict[bytes, bytes] | None:
    """The headers that decide who answers; nothing when one is there twice, or parameters are given as headers."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _HEADERS:
            if name in headers:
                return None
            headers[name] = value
        elif name.startswith(b"mcp-param-"):
            return None
    return headers


def _is_call(message: dict[str, Any]) -> bool:
    """Whether a message is the call of a tool, with nothing in it that need not be."""
    params = message.get("params")
    if message.get("method") != _METHOD or message.get("jsonrpc") != "2.0" or not message.keys() <= _KEYS:
        return False
    if type(message.get("id")) not in (int, str) or not isinstance(params, dict) or not params.keys() <= _PARAMS:
        return False
    arguments = params.get("arguments")
    return isinstance(params.get("name"), str) and isinstance(arguments, dict | None) and _is_plain(arguments)


def _is_plain(value: Any) -> bool:
    """Whether every parser reads a value alike: no number beyond 64 bits, which ours rounds, and no great depth."""
    level = [value]
    for _ in range(_DEPTH_MAX):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, float) and not -_EXACT < item < _EXACT:
                return False
        if not below:
            return True
        level = below
    return False


def _named(given: bytes | None, name: str, *, needed: bool) -> bool:
    """Whether the header for a tool's name says the same as the body, in plain letters."""
    if given is None:
        return not needed
    return given == name.encode("ascii", "ignore") and name.isascii() and not given.startswith(b"=?")


def _is_sound(message: dict[str, Any], meta: Any, version: str, scope: Scope) -> bool:
    """Whether the SDK would take a message of this envelope."""
    params = message["params"]
    if version in MODERN_PROTOCOL_VERSIONS:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not isinstance(classify_inbound_request(message, headers=headers), InboundModernRoute):
            return False
    elif isinstance(meta, dict) and meta.get(PROTOCOL_VERSION_META_KEY, version) != version:
        return False
    try:
        sdk_methods.validate_client_request(_METHOD, version, params)
        CallToolRequestParams.model_validate(params, by_name=False)
    except (ValidationError, KeyError, ValueError):
        return False
    return True


def _replaying(message: MutableMapping[str, Any], receive: Receive) -> Receive:
    """What the SDK receives when a message was already taken."""
    waiting = deque([message])

    async def replay() -> MutableMapping[str, Any]:
        return waiting.popleft() if waiting else await receive()

    return replay
