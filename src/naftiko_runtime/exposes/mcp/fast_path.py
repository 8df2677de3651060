"""The straight way for what clients ask most: what the SDK would answer, byte for byte, without its machinery.

It takes only messages that leave no doubt: a whole JSON body of a known shape, with an envelope that is plain or that
the SDK itself has accepted before. Whatever is odd in the least is left to :mod:`sdk_path`.
"""

from __future__ import annotations

import logging
from collections import deque
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import orjson

from naftiko_runtime import limits
from naftiko_runtime.engine.beside import call_uncollected, run_beside_loop
from naftiko_runtime.exposes.mcp.messages import accepts_json, is_json
from naftiko_runtime.exposes.mcp.wire import CAPABILITIES, CLIENT_INFO, HANDSHAKE, STATELESS, UNNAMED, VERSION
from naftiko_runtime.formats import Undecodable, read_json
from naftiko_runtime.json_bounds import check_json_bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping

    from naftiko_runtime.asgi import Receive, Scope, Send
    from naftiko_runtime.exposes.mcp.tools import ToolServer
    from naftiko_runtime.exposes.mcp.wire import Introduction, Wire
    from naftiko_runtime.transport.base import Header

log = logging.getLogger(__name__)

_CALL: Final = "tools/call"
_KEYS: Final = frozenset({"jsonrpc", "id", "method", "params"})
_CALL_PARAMS: Final = frozenset({"name", "arguments", "_meta"})
_ENVELOPE: Final = frozenset({"_meta"})
_WELCOME_PARAMS: Final = frozenset({"protocolVersion", "capabilities", "clientInfo"})
_INITIALIZED: Final = {"jsonrpc": "2.0", "method": "notifications/initialized"}
_VARYING: Final = frozenset({"progressToken", "traceparent", "tracestate", "baggage"})
_HEADERS: Final = frozenset({b"accept", b"content-type", b"mcp-protocol-version", b"mcp-method", b"mcp-name"})
_VERSIONS: Final = {version.encode(): version for version in (*HANDSHAKE, *STATELESS)} | {None: UNNAMED}
_REMEMBERED_MAX: Final = 1024
_REMEMBERED_BYTES_MAX: Final = 1024
"""How many envelopes and headers are remembered, and how large each may be: strangers choose them."""

_DEPTH_MAX: Final = 100
_ASKED: Final[dict[tuple[bool, str], Callable[[Introduction], bytes]]] = {
    (True, "tools/list"): attrgetter("listing"),
    (True, "server/discover"): attrgetter("discovery"),
    (False, "tools/list"): attrgetter("legacy_listing"),
    (False, "ping"): lambda _: b"{",
}
"""What is answered to a question with nothing but an envelope, by wire (stateless or not) and method."""
_CAPABILITIES: Final[dict[str, dict[str, type]]] = {
    "roots": {"listChanged": bool},
    "sampling": {"tools": dict, "context": dict},
    "elicitation": {"form": dict, "url": dict},
}
"""What every revision takes for what a client can do; each with the types of its details."""


class DirectAnswers:
    """Answers the plain messages to one MCP server."""

    def __init__(
        self,
        tools: ToolServer,
        body_bytes_max: int,
        is_sound: Callable[[dict[str, Any], str, Scope], bool],
    ) -> None:
        """Prepare it.

        Args:
            tools: What is served.
            body_bytes_max: Of a body that is taken here; a larger one is the SDK's to refuse.
            is_sound: Whether the SDK would take a message whose envelope is not plain; false while nobody can tell.
        """
        self._tools = tools
        self._body_bytes_max = body_bytes_max
        self._is_sound = is_sound
        self._introduction = tools.introduction()
        self._envelopes: set[tuple[str, str, bytes]] = set()
        self._versions: dict[tuple[bytes | None, ...], str | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Answer a POST, or give back what the SDK is to receive instead."""
        headers = _routing_headers(scope["headers"])
        version = None if headers is None else self._version(headers)
        if headers is None or version is None:
            return receive
        taken = await receive()
        stateless = version in STATELESS
        if taken.get("more_body", False):
            taken, message = await self._take_large(taken, receive, headers, stateless=stateless)
        else:
            body = taken.get("body", b"") if taken["type"] == "http.request" else b""
            whole = body and len(body) <= self._body_bytes_max
            message = _message(body, headers, stateless=stateless) if whole else None
        wire = self._introduction.stateless if stateless else self._introduction.legacy
        answer = None
        if message is not None and message["method"] != _CALL:
            answer = self._answer(message, wire, version, headers, scope)
        elif message is not None and self._takes_call(message, version, headers, scope):
            answer = await self._called(message, wire, scope)
        if answer is None:
            return _replaying(taken, receive)
        await send({"type": "http.response.start", "status": 200 if answer else 202, "headers": wire.headers(answer)})
        await send({"type": "http.response.body", "body": answer})
        return None

    async def _take_large(
        self, taken: MutableMapping[str, Any], receive: Receive, headers: dict[bytes, bytes], *, stateless: bool
    ) -> tuple[MutableMapping[str, Any], dict[str, Any] | None]:
        """A body that comes in several pieces, as one, and the message in it, decoded beside the loop.

        Of a body that is too large no more is taken than shows it; there is no message in it then.
        """
        pieces, size = [taken.get("body", b"")], len(taken.get("body", b""))
        while taken.get("more_body", False) and size <= self._body_bytes_max:
            taken = await receive()
            pieces.append(taken.get("body", b""))
            size += len(pieces[-1])
        if taken["type"] != "http.request":
            return taken, None
        body = b"".join(pieces)
        whole = {"type": "http.request", "body": body, "more_body": taken.get("more_body", False)}
        if size > self._body_bytes_max:
            return whole, None
        return whole, await run_beside_loop(partial(_large_message, body, headers, stateless=stateless))

    def _version(self, headers: dict[bytes, bytes]) -> str | None:
        """The revision that a request's headers name, when they are what this way takes."""
        shape = headers.get(b"mcp-protocol-version"), headers.get(b"content-type"), headers.get(b"accept")
        try:
            return self._versions[shape]
        except KeyError:
            version = _VERSIONS.get(shape[0]) if is_json(shape[1]) and accepts_json(shape[2]) else None
            if len(self._versions) < _REMEMBERED_MAX and sum(map(len, filter(None, shape))) <= _REMEMBERED_BYTES_MAX:
                self._versions[shape] = version
            return version

    def _takes_call(self, message: dict[str, Any], version: str, headers: dict[bytes, bytes], scope: Scope) -> bool:
        """Whether a tool's call goes this way."""
        name = message["params"]["name"]
        named = self._tools.has(name) and _named(headers.get(b"mcp-name"), name, needed=version in STATELESS)
        return named and self._knows(message, version, scope)

    def _answer(
        self, message: dict[str, Any], wire: Wire, version: str, headers: dict[bytes, bytes], scope: Scope
    ) -> bytes | None:
        """The answer to a message that is no call, empty when there is none to give; none when it is the SDK's."""
        if b"mcp-name" in headers:
            return None
        if message == _INITIALIZED and not wire.stateless:
            return b""
        result = self._said(message, version, scope)
        return None if result is None else wire.answer(message["id"], result)

    def _said(self, message: dict[str, Any], version: str, scope: Scope) -> bytes | None:
        """What is answered to a question about the server; nothing when that is the SDK's to say."""
        method, params = message["method"], message.get("params", {})
        if method == "initialize":
            plain = version in HANDSHAKE and _is_plain_welcome(params)
            return self._introduction.welcome(params["protocolVersion"]) if plain else None
        answer = _ASKED.get((version in STATELESS, method))
        if answer is None or not params.keys() <= _ENVELOPE:
            return None
        return answer(self._introduction) if self._knows({**message, "params": params}, version, scope) else None

    def _knows(self, message: dict[str, Any], version: str, scope: Scope) -> bool:
        """Whether an envelope is sound: plain, or one that a client has sent before, so that the SDK is asked once."""
        meta = message["params"].get("_meta")
        key = message["method"], version, orjson.dumps(meta)
        if key in self._envelopes:
            return True
        if isinstance(meta, dict) and not _VARYING.isdisjoint(meta):
            meta = {key: value for key, value in meta.items() if not _varies(key, value)}
            key = message["method"], version, orjson.dumps(meta)
            if key in self._envelopes:
                return True
        plain = _is_plain_envelope(meta, version) if version in STATELESS else meta is None or meta == {}
        sound = plain or self._is_sound(message, version, scope)
        if sound and len(self._envelopes) < _REMEMBERED_MAX and len(key[2]) <= _REMEMBERED_BYTES_MAX:
            self._envelopes.add(key)
        return sound

    async def _called(self, message: dict[str, Any], wire: Wire, scope: Scope) -> bytes:
        """The answer to a call."""
        params = message["params"]
        try:
            result = await self._tools.result(params["name"], params.get("arguments") or {}, scope, params.get("_meta"))
            return wire.answer(message["id"], wire.called(result))
        except Exception:  # a fault of ours: the SDK would say as little
            log.exception("a tool's call failed")
            return wire.failure(message["id"])


def _routing_headers(headers: Iterable[Header]) -> dict[bytes, bytes] | None:
    """The headers that decide who answers; nothing when one is there twice, or parameters are given as headers."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _HEADERS:
            if name in found:
                return None
            found[name] = value
        elif name.startswith(b"mcp-param-"):
            return None
    return found


def _message(body: bytes, headers: dict[bytes, bytes], *, stateless: bool) -> dict[str, Any] | None:
    """A message, when nothing about it is odd, and the headers call its method by name where they call it at all."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or not message.keys() <= _KEYS:
        return None
    method, params = message.get("method"), message.get("params", {})
    if not isinstance(method, str) or not isinstance(params, dict):
        return None
    told = headers.get(b"mcp-method")
    if stateless if told is None else told != method.encode("ascii", "ignore"):
        return None
    if type(message.get("id")) not in (int, str):
        return message if message == _INITIALIZED else None
    return message if method != _CALL or _is_call(params, body) else None


def _large_message(body: bytes, headers: dict[bytes, bytes], *, stateless: bool) -> dict[str, Any] | None:
    """A message that is large, if it holds no more values than are read."""
    try:
        check_json_bounds(body, limits.REQUEST_VALUES_MAX, limits.REQUEST_DEPTH_MAX)
    except ValueError:
        return None
    return call_uncollected(partial(_message, body, headers, stateless=stateless))


def _is_call(params: dict[str, Any], body: bytes) -> bool:
    """Whether these are the parameters of a tool's call, with nothing among them that need not be.

    Arguments with fractions are read again, so that these keep the digits in which they are written.
    """
    arguments = params.get("arguments")
    sound = (
        params.keys() <= _CALL_PARAMS
        and isinstance(params.get("name"), str)
        and (arguments is None or isinstance(arguments, dict))
    )
    fractions = _find_fractions(arguments) if sound else None
    if fractions is None:
        return False
    if fractions:
        try:
            params["arguments"] = read_json(body)["params"]["arguments"]
        except Undecodable:
            return False
    return True


def _find_fractions(value: Any) -> bool | None:
    """Whether a value holds fractions, which integers beyond 64 bits are read as; nothing if it is very deep."""
    level, found = [value], False
    for _ in range(_DEPTH_MAX):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, float):
                found = True
        if not below:
            return found
        level = below
    return None


def _varies(key: str, value: Any) -> bool:
    """Whether a part of an envelope is another one in every call, and sound as it is."""
    return key in _VARYING and (isinstance(value, str) or (key == "progressToken" and type(value) is int))


def _named(given: bytes | None, name: str, *, needed: bool) -> bool:
    """Whether the header for a tool's name says the same as the body, in plain letters."""
    if given is None:
        return not needed
    return given == name.encode("ascii", "ignore") and name.isascii() and not given.startswith(b"=?")


def _is_plain_envelope(meta: Any, version: str) -> bool:
    """Whether every part of a stateless request's envelope is of the shape that most clients send."""
    return (
        isinstance(meta, dict)
        and len(meta) == 3  # noqa: PLR2004 - these three
        and meta.get(VERSION) == version
        and _is_plain_client(meta.get(CLIENT_INFO))
        and _are_plain_capabilities(meta.get(CAPABILITIES))
    )


def _is_plain_welcome(params: dict[str, Any]) -> bool:
    """Whether ``initialize`` is asked with what most clients say."""
    return (
        params.keys() == _WELCOME_PARAMS
        and params["protocolVersion"] in HANDSHAKE
        and _is_plain_client(params["clientInfo"])
        and _are_plain_capabilities(params["capabilities"])
    )


def _is_plain_client(info: Any) -> bool:
    return (
        isinstance(info, dict)
        and {"name", "version"} <= info.keys() <= {"name", "version", "title"}
        and all(isinstance(value, str) for value in info.values())
    )


def _are_plain_capabilities(given: Any) -> bool:
    return isinstance(given, dict) and all(
        name in _CAPABILITIES
        and isinstance(value, dict)
        and all(type(detail) is _CAPABILITIES[name].get(key) for key, detail in value.items())
        for name, value in given.items()
    )


def _replaying(message: MutableMapping[str, Any], receive: Receive) -> Receive:
    """What the SDK receives when a message was already taken."""
    waiting = deque([message])

    async def replay() -> MutableMapping[str, Any]:
        return waiting.popleft() if waiting else await receive()

    return replay
