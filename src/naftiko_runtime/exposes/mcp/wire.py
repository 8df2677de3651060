"""What MCP's library writes, byte for byte: two wires, each with its JSON and its order of keys.

Revisions with a handshake are written in UTF-8, as pydantic writes it; the stateless ones in ASCII, as the standard
library does. orjson writes either several times as fast; where it would differ, the slow one is asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic_core import to_json

from naftiko_runtime.source import WrittenFloat, WrittenInt
from naftiko_runtime.template import Unrenderable, as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.exposes.mcp.tool_result import Result
    from naftiko_runtime.transport.base import Header

# As the library has them; a test compares the two. What is not named here is left to it.
HANDSHAKE: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
STATELESS: Final = ("2026-07-28",)
UNNAMED: Final = "2025-03-26"
VERSION: Final = "io.modelcontextprotocol/protocolVersion"
CLIENT_INFO: Final = "io.modelcontextprotocol/clientInfo"
CAPABILITIES: Final = "io.modelcontextprotocol/clientCapabilities"
SERVER_INFO: Final = "io.modelcontextprotocol/serverInfo"
_INTERNAL_ERROR: Final = {"code": -32603, "message": "Internal server error"}

_JSON: Final = (b"content-type", b"application/json")
_LEGACY_FIRST: Final = ("properties", "required", "type")
_PUNCTUATION: Final = bytes.maketrans(b"[]{}:", b",,,,,")
_DELETE: Final = 0x7F
_DIGITS: Final = b"-.0123456789"
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]+")


def in_utf8(value: Any) -> bytes:
    """A JSON value as pydantic writes it."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return _exactly(value) or to_json(value, inf_nan_mode="null")


def in_ascii(value: Any) -> bytes:
    """A JSON value as the standard library writes it."""
    try:
        written = orjson.dumps(value)
    except orjson.JSONEncodeError:
        exact = _exactly(value)
        if exact is None:
            return _by_the_standard_library(value)
        return exact if exact.isascii() else _FOREIGN.sub(_escaped, exact.decode()).encode()
    return _by_the_standard_library(value) if _may_differ(written) else written


def _exactly(value: Any) -> bytes | None:
    """A value with numbers that remember their spelling, written so; nothing without any, or when it is no JSON."""
    waiting, found = [value], False
    while waiting and not found:
        item = waiting.pop()
        found = isinstance(item, WrittenFloat | WrittenInt)
        waiting.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
    try:
        return as_json(value) if found else None
    except Unrenderable:
        return None


def _escaped(foreign: re.Match[str]) -> str:
    return encode_basestring_ascii(foreign[0])[1:-1]


def text_in_ascii(text: str) -> bytes:
    """A string as the standard library writes it."""
    return encode_basestring_ascii(text).encode()


def _by_the_standard_library(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _may_differ(written: bytes) -> bool:
    """Whether the standard library may write otherwise what orjson wrote: foreign letters, exponents, small numbers.

    An exponent is an "e" with nothing but digits between it and the punctuation on both sides. Nothing is sought by
    ``in``, which makes an exception that nobody sees for any bytes that it is given.
    """
    if not written.isascii() or _DELETE in written or written.find(b"0.0000") >= 0:
        return True
    bare = written.translate(_PUNCTUATION, _DIGITS)
    return bare.find(b",e,") >= 0 or bare == b"e"


@dataclass(frozen=True, slots=True)
class Wire:
    """How answers of one kind of revision are written.

    Attributes:
        value: Writes a JSON value.
        text: Writes a string.
        stateless: Whether requests carry their envelope, and answers say who gave them.
        closing: What ends a result: nothing, or who gave it.
    """

    value: Callable[[Any], bytes]
    text: Callable[[str], bytes]
    stateless: bool
    closing: bytes = b""

    def answer(self, identity: float | str, result: bytes) -> bytes:
        """A response with a written result, but for its closing brace."""
        return b"".join((b'{"jsonrpc":"2.0","id":', self.value(identity), b',"result":', result, self.closing, b"}}"))

    def failure(self, identity: float | str) -> bytes:
        """A response that says that something went wrong, and no more."""
        return self.value({"jsonrpc": "2.0", "id": identity, "error": _INTERNAL_ERROR})

    def called(self, result: Result) -> bytes:
        """What a tool gave, as a written result."""
        block = result.block
        if block["type"] == "text":
            content = b'{"text":' + self.text(block["text"]) + b',"type":"text"}'
        else:
            content = self.value(block)
        if result.note:
            content += b',{"text":' + self.text(result.note) + b',"type":"text"}'
        parts = [b'{"content":[', content, b'],"isError":true' if result.is_error else b'],"isError":false']
        if self.stateless:
            parts.append(b',"resultType":"complete"')
        if result.structured is not None:
            parts += (b',"structuredContent":', self.value(result.structured))
        return b"".join(parts)

    def headers(self, body: bytes) -> list[Header]:
        """The headers of a response."""
        length = (b"content-length", str(len(body)).encode())
        return [length, _JSON] if self.stateless else [_JSON, length]


class Introduction:
    """What a server says of itself and its tools, written once for each wire and kind of question."""

    def __init__(
        self,
        info: Mapping[str, str],
        instructions: str | None,
        tools: list[dict[str, Any]],
        *,
        ttl_ms: int = 0,
        cache_scope: str = "private",
    ) -> None:
        """Prepare it.

        Args:
            info: Who answers: name, title, version.
            instructions: For models.
            tools: As listed, in the order of keys that the stateless wire has.
            ttl_ms: For how long clients may keep the list, in milliseconds.
            cache_scope: Whether it may be served to others.
        """
        self._info = info
        self._about: dict[str, Any] = {"capabilities": {"tools": {"listChanged": False}}}
        if instructions is not None:
            self._about["instructions"] = instructions
        self._tools = tools
        self._ttl_ms, self._cache_scope = ttl_ms, cache_scope
        closing = b',"_meta":' + in_ascii({SERVER_INFO: info})
        self.legacy = Wire(in_utf8, in_utf8, stateless=False)
        self.stateless = Wire(in_ascii, text_in_ascii, stateless=True, closing=closing)
        self._welcomes: dict[str, bytes] = {}

    def welcome(self, version: str) -> bytes:
        """The result of ``initialize`` for a revision with a handshake."""
        if (known := self._welcomes.get(version)) is None:
            welcome = {**self._about, "protocolVersion": version, "serverInfo": self._info}
            known = self._welcomes[version] = _open(in_utf8(welcome))
        return known

    @cached_property
    def discovery(self) -> bytes:
        """The result of ``server/discover``."""
        said = {"cacheScope": self._cache_scope, **self._about, "resultType": "complete"}
        return _open(in_ascii({**said, "supportedVersions": STATELESS, "ttlMs": self._ttl_ms}))

    @cached_property
    def listing(self) -> bytes:
        """The result of ``tools/list`` on the stateless wire."""
        listing = {"cacheScope": self._cache_scope, "resultType": "complete", "tools": self._tools}
        return _open(in_ascii({**listing, "ttlMs": self._ttl_ms}))

    @cached_property
    def legacy_listing(self) -> bytes:
        """The result of ``tools/list`` of the revisions with a handshake."""
        return _open(in_utf8({"tools": [_legacy(tool) for tool in self._tools]}))


def _open(written: bytes) -> bytes:
    """A written object without its closing brace."""
    return written[:-1]


def _legacy(tool: dict[str, Any]) -> dict[str, Any]:
    """A listed tool whose schemas begin with the keys that the older revisions know by name."""
    return {key: _reordered(value) if key.endswith("Schema") else value for key, value in tool.items()}


def _reordered(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: schema[key] for key in _LEGACY_FIRST if key in schema} | schema
