"""The fast path: handles the most frequent messages without the SDK. Its responses are the same JSON values.

The shape of a message alone decides. This path takes a whole JSON body of a known shape, with an envelope of a known
shape. Everything else is left to :mod:`sdk_path`.
"""

from __future__ import annotations

import logging
from collections import deque
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import orjson

from naftiko_runtime import limits
from naftiko_runtime.engine.threads import run_in_thread, run_without_collection
from naftiko_runtime.exposes.cancellable_calls import make_session_id
from naftiko_runtime.exposes.mcp.endpoint_clients import SESSION
from naftiko_runtime.exposes.mcp.event_stream import accepts_events
from naftiko_runtime.exposes.mcp.fast_path_envelope import is_plain_envelope, is_plain_initialize
from naftiko_runtime.exposes.mcp.message_check import accepts_json, allows_json_message, log_path
from naftiko_runtime.exposes.mcp.revisions import HANDSHAKE, STATELESS, UNNAMED
from naftiko_runtime.formats import DecodeError, read_json
from naftiko_runtime.json_limits import check_json_limits
from naftiko_runtime.problem_details import send_refusal
from naftiko_runtime.telemetry.mcp import MCP_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping

    from naftiko_runtime.asgi_types import Receive, Scope, Send
    from naftiko_runtime.exposes.mcp.encode_result import ServerInfo, Wire
    from naftiko_runtime.exposes.mcp.endpoint_clients import EndpointClients
    from naftiko_runtime.exposes.mcp.server_contents import McpContents
    from naftiko_runtime.upstream.interface import Header

log = logging.getLogger(__name__)

_CALL: Final = "tools/call"
_KEYS: Final = frozenset({"jsonrpc", "id", "method", "params"})
_CALL_PARAMS: Final = frozenset({"name", "arguments", "_meta"})
_ENVELOPE: Final = frozenset({"_meta"})
_INITIALIZED: Final = {"jsonrpc": "2.0", "method": "notifications/initialized"}
_HEADERS: Final = frozenset({b"accept", b"content-type", b"mcp-protocol-version", b"mcp-method", b"mcp-name", SESSION})
_VERSIONS: Final = {version.encode(): version for version in (*HANDSHAKE, *STATELESS)} | {None: UNNAMED}
_REMEMBERED_MAX: Final = 1024
_REMEMBERED_BYTES_MAX: Final = 1024
"""How many combinations of headers are remembered, and how large each may be: callers choose them."""

_DEPTH_MAX: Final = 100
_RESULTS: Final[dict[tuple[bool, str], Callable[[ServerInfo], bytes]]] = {
    (True, "tools/list"): attrgetter("render_tools_result"),
    (True, "server/discover"): attrgetter("render_discover_result"),
    (False, "tools/list"): attrgetter("render_legacy_tools_result"),
    (False, "ping"): lambda _: b"{",
}
"""The result of a request with nothing but an envelope, by whether the revision is stateless, and method."""


class FastPath:
    """Handles the frequent messages to one MCP server."""

    def __init__(self, contents: McpContents, body_bytes_max: int, clients: EndpointClients) -> None:
        """Compile what all messages share.

        Args:
            contents: What is served.
            body_bytes_max: The largest body that this path handles, in bytes. The SDK rejects larger ones.
            clients: The clients of the endpoint.
        """
        self._clients = clients
        self._tools = contents.tools
        self._scopes = contents.required_scopes
        self._methods = contents.methods
        self._body_bytes_max = body_bytes_max
        self._info = contents.describe_server()
        self._versions: dict[tuple[bytes | None, ...], str | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Handle a POST. If the SDK must handle it, return the receive function for the SDK's path."""
        headers = _read_routing_headers(scope["headers"])
        version = None if headers is None else self._read_version(headers)
        if headers is None or version is None:
            return receive
        event = await receive()
        stateless = version in STATELESS
        if event.get("more_body", False):
            event, message = await self._take_large(event, receive, headers, stateless=stateless)
        else:
            body = event.get("body", b"") if event["type"] == "http.request" else b""
            whole = body and len(body) <= self._body_bytes_max
            message = _read_message(body, headers, stateless=stateless) if whole else None
        wire = self._info.stateless if stateless else self._info.legacy
        if message is None:
            return _replay_message(event, receive)
        if message["method"] == _CALL:
            if not self._takes_call(message, version, headers):
                return _replay_message(event, receive)
            response = await self._respond_to_call(message, wire, headers, scope, send)
        elif (response := self._respond(message, wire, version, headers)) is None:
            return _replay_message(event, receive)
        log_path("fast", message, self._tools.server.namespace)
        if response is None:
            return None
        response_headers = wire.make_headers(response)
        if message["method"] == "initialize":
            response_headers.append((SESSION, make_session_id()))
        await send({"type": "http.response.start", "status": 200 if response else 202, "headers": response_headers})
        await send({"type": "http.response.body", "body": response})
        return None

    async def _respond_to_call(
        self, message: dict[str, Any], wire: Wire, headers: dict[bytes, bytes], scope: Scope, send: Send
    ) -> bytes | None:
        """Call a tool and return the response; None if nothing is left to send."""
        if (refusal := self._scopes.find_refusal(message, scope)) is not None:
            await send_refusal(send, refusal)
            return None
        call = self._call_tool(message, wire, scope)
        key = token = None
        if SESSION in headers and not wire.stateless:
            key = self._clients.make_key(headers[SESSION], message["id"], scope)
        if (meta := message["params"].get("_meta")) and "progressToken" in meta:
            wanted = self._tools.has_progress(message["params"]["name"]) and accepts_events(headers.get(b"accept"))
            token = meta["progressToken"] if wanted else None
        if key is None and token is None:
            return await call
        return await self._clients.run_streamed(key, token, call, send)

    async def _take_large(
        self, event: MutableMapping[str, Any], receive: Receive, headers: dict[bytes, bytes], *, stateless: bool
    ) -> tuple[MutableMapping[str, Any], dict[str, Any] | None]:
        """Receive the rest of a body, and decode the message in a thread.

        If the body is too large, the rest is not received and there is no message.
        """
        pieces, size = [event.get("body", b"")], len(event.get("body", b""))
        while event.get("more_body", False) and size <= self._body_bytes_max:
            event = await receive()
            pieces.append(event.get("body", b""))
            size += len(pieces[-1])
        if event["type"] != "http.request":
            return event, None
        body = b"".join(pieces)
        whole = {"type": "http.request", "body": body, "more_body": event.get("more_body", False)}
        if size > self._body_bytes_max:
            return whole, None
        return whole, await run_in_thread(
            partial(run_without_collection, partial(_read_message, body, headers, stateless=stateless))
        )

    def _read_version(self, headers: dict[bytes, bytes]) -> str | None:
        """Return the revision that the headers name. None if this path does not handle these headers."""
        shape = headers.get(b"mcp-protocol-version"), headers.get(b"content-type"), headers.get(b"accept")
        try:
            return self._versions[shape]
        except KeyError:
            version = _VERSIONS.get(shape[0]) if allows_json_message(shape[1]) and accepts_json(shape[2]) else None
            if len(self._versions) < _REMEMBERED_MAX and sum(map(len, filter(None, shape))) <= _REMEMBERED_BYTES_MAX:
                self._versions[shape] = version
            return version

    def _takes_call(self, message: dict[str, Any], version: str, headers: dict[bytes, bytes]) -> bool:
        """Return whether a tool call takes this path."""
        params = message["params"]
        name = params["name"]
        named = self._tools.has(name) and _is_named(headers.get(b"mcp-name"), name, needed=version in STATELESS)
        return named and is_plain_envelope(params.get("_meta"), version)

    def _respond(self, message: dict[str, Any], wire: Wire, version: str, headers: dict[bytes, bytes]) -> bytes | None:
        """Return the response to a message that is no call.

        It is empty for a notification, and None if the SDK must respond.
        """
        if b"mcp-name" in headers:
            return None
        if message == _INITIALIZED and not wire.stateless:
            return b""
        result = self._describe(message, version)
        return None if result is None else wire.render_response(message["id"], result)

    def _describe(self, message: dict[str, Any], version: str) -> bytes | None:
        """Return the result of a request about the server. None if the SDK must respond."""
        method, params = message["method"], message.get("params", {})
        if method == "initialize":
            wanted = params.get("protocolVersion")
            plain = version in HANDSHAKE and wanted in HANDSHAKE and is_plain_initialize(params)
            return self._info.render_initialize_results[wanted] if plain else None
        stateless = version in STATELESS
        result = _RESULTS.get((stateless, method)) if method in self._methods[stateless] else None
        plain = params.keys() <= _ENVELOPE and is_plain_envelope(params.get("_meta"), version)
        return result(self._info) if result is not None and plain else None

    async def _call_tool(self, message: dict[str, Any], wire: Wire, scope: Scope) -> bytes:
        """Call a tool and return the response."""
        params = message["params"]
        MCP_PATH.set("fast")
        try:
            result = await self._tools.result(params["name"], params.get("arguments") or {}, scope, params.get("_meta"))
            return wire.render_response(message["id"], wire.render_tool_result(result))
        except Exception:  # our own bug: the SDK would say as little
            log.exception("a tool call failed")
            return wire.render_internal_error(message["id"])


def _read_routing_headers(headers: Iterable[Header]) -> dict[bytes, bytes] | None:
    """Return the headers that decide the path. None if one occurs twice, or if parameters are given as headers."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _HEADERS:
            if name in found:
                return None
            found[name] = value
        elif name.startswith(b"mcp-param-"):
            return None
    return found


def _read_message(body: bytes, headers: dict[bytes, bytes], *, stateless: bool) -> dict[str, Any] | None:
    """Return a message of a known shape. Its headers must agree with its method. Otherwise return None."""
    try:
        check_json_limits(body, limits.REQUEST_VALUES_MAX, _DEPTH_MAX)
        message = orjson.loads(body)
    except ValueError:
        return None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or not message.keys() <= _KEYS:
        return None
    method, params = message.get("method"), message.get("params", {})
    if not isinstance(method, str) or not isinstance(params, dict):
        return None
    header = headers.get(b"mcp-method")
    if stateless if header is None else header != method.encode("ascii", "ignore"):
        return None
    if type(message.get("id")) not in (int, str):
        return message if message == _INITIALIZED else None
    return message if method != _CALL or _is_call(params, body) else None


def _is_call(params: dict[str, Any], body: bytes) -> bool:
    """Return whether these are the parameters of a tool call, and nothing more.

    Arguments with fractions are parsed again, so that they keep their digits.
    """
    arguments = params.get("arguments")
    valid = (
        params.keys() <= _CALL_PARAMS
        and isinstance(params.get("name"), str)
        and (arguments is None or isinstance(arguments, dict))
    )
    if valid and _has_fractions(arguments):
        try:
            params["arguments"] = read_json(body)["params"]["arguments"]
        except DecodeError:
            return False
    return valid


def _has_fractions(value: Any) -> bool:
    """Return whether a value has fractions. Integers beyond 64 bits are read as fractions."""
    if isinstance(value, dict):
        return any(map(_has_fractions, value.values()))
    if isinstance(value, list):
        return any(map(_has_fractions, value))
    return isinstance(value, float)


def _is_named(given: bytes | None, name: str, *, needed: bool) -> bool:
    """Return whether the header with the tool name equals the body, without encoding."""
    if given is None:
        return not needed
    return given == name.encode("ascii", "ignore") and name.isascii() and not given.startswith(b"=?")


def _replay_message(message: MutableMapping[str, Any], receive: Receive) -> Receive:
    """Return a receive function that begins with a message that was already received."""
    waiting = deque([message])

    async def replay() -> MutableMapping[str, Any]:
        return waiting.popleft() if waiting else await receive()

    return replay
