"""Documents that describe the MCP servers of a port to clients that look for servers (ADR 32). Both are drafts.

The server card (SEP-2127) is at ``/server-card`` below the path of its server, the catalog at
``/.well-known/ai-catalog.json``. They need no authentication: they have nothing that a caller may not know.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.exposes.mcp.revisions import HANDSHAKE, STATELESS
from naftiko_runtime.problem_details import send_problem_document
from naftiko_runtime.send_response import send_bodyless, send_whole
from naftiko_runtime.shorten_text import shorten_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from naftiko_runtime.asgi_types import Scope, Send
    from naftiko_runtime.plan import McpServer
    from naftiko_runtime.public_urls import PublicUrls
    from naftiko_runtime.upstream.interface import Header

CATALOG_PATH: Final = "/.well-known/ai-catalog.json"
_CARD: Final = "/server-card"
_SCHEMA: Final = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json"
_CARD_TYPE: Final = "application/mcp-server-card+json"
_CATALOG_TYPE: Final = "application/ai-catalog+json"
_LOCAL: Final = "localhost"
_DESCRIPTION_CHARACTERS_MAX: Final = 100
_NAME_CHARACTERS_MAX: Final = 200
_READABLE_BY_ALL: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET"),
    (b"access-control-allow-headers", b"Content-Type, If-None-Match"),
    (b"access-control-expose-headers", b"ETag"),
)
_CACHED: Final = (b"cache-control", b"public, max-age=3600")
_ALLOW: Final = (b"allow", b"GET, HEAD, OPTIONS")


class StaticDocument(Struct, frozen=True):
    """A document that is the same for every caller.

    Attributes:
        content_type: Its content type.
        body: Its bytes.
    """

    content_type: str
    body: bytes

    def respond(self, scope: Scope, send: Send) -> Awaitable[None]:
        """Respond to a request for it."""
        method = scope["method"]
        if method == "OPTIONS":
            return send_bodyless(send, 204, [_ALLOW, *_READABLE_BY_ALL])
        if method not in ("GET", "HEAD"):
            return send_problem_document(send, 405, "method-not-allowed", "use GET", headers=(_ALLOW,))
        tag = b'"%s"' % hashlib.sha256(self.body).hexdigest()[:32].encode()
        headers: list[Header] = [*_READABLE_BY_ALL, _CACHED, (b"etag", tag)]
        if _has_tag(scope, tag):
            return send_bodyless(send, 304, headers)
        return send_whole(send, 200, [(b"content-type", self.content_type.encode()), *headers], self.body)


def _has_tag(scope: Scope, tag: bytes) -> bool:
    """Return whether a caller has the document already (``If-None-Match``, compared weakly)."""
    given = [part.strip() for name, value in scope["headers"] if name == b"if-none-match" for part in value.split(b",")]
    return b"*" in given or tag in [part.removeprefix(b"W/") for part in given]


def make_discovery_documents(
    server: McpServer, members: Iterable[McpServer], public_urls: PublicUrls
) -> dict[str, StaticDocument]:
    """Make the documents of the servers of one port, by their paths.

    Args:
        server: The server at ``/mcp``.
        members: The servers that it merges, if any, each at ``/{namespace}/mcp``.
        public_urls: The URLs that callers use. Without one, a card has no URL, and the catalog contains the cards.
    """
    documents: dict[str, StaticDocument] = {}
    entries: list[dict[str, Any]] = []
    for one, path in ((server, "/mcp"), *((member, f"/{member.namespace}/mcp") for member in members)):
        base = public_urls.find(one.namespace.partition("+")[0])
        card = make_server_card(one, None if base is None else base + path)
        documents[path + _CARD] = StaticDocument(_CARD_TYPE, encode_json(card))
        host = _LOCAL if base is None else urlsplit(base).hostname
        identifier = f"urn:air:{host}:mcp:{card['name'].partition('/')[2]}"
        where = {"data": card} if base is None else {"url": f"{base}{path}{_CARD}"}
        entries.append({"identifier": identifier, "type": _CARD_TYPE, **where})
    for alias in (_CARD, f"/{server.namespace}/mcp{_CARD}"):
        documents.setdefault(alias, documents[f"/mcp{_CARD}"])
    documents[CATALOG_PATH] = StaticDocument(_CATALOG_TYPE, encode_json({"specVersion": "1.0", "entries": entries}))
    return documents


def make_server_card(server: McpServer, url: str | None) -> dict[str, Any]:
    """Return the card of a server.

    Args:
        server: The server.
        url: The URL that callers use, if it is known.
    """
    card: dict[str, Any] = {
        "$schema": _SCHEMA,
        "name": make_card_name(server.name or server.namespace, url),
        "version": server.version,
        "title": server.title,
        "description": shorten_text(server.instructions or server.title, _DESCRIPTION_CHARACTERS_MAX),
    }
    if url is not None:
        versions = [*STATELESS, *reversed(HANDSHAKE)]
        card["remotes"] = [{"type": "streamable-http", "url": url, "supportedProtocolVersions": versions}]
    return card


def make_card_name(own: str, url: str | None) -> str:
    """Return the name of a server: its host in reverse, and its namespace. ``localhost`` without a URL."""
    host = (None if url is None else urlsplit(url).hostname) or _LOCAL
    parts = host.split(".") if re.fullmatch(r"[a-z0-9.-]+", host) else [_LOCAL]
    reverse = ".".join(reversed(parts)) if not parts[-1].isdecimal() else host
    return f"{reverse}/{re.sub(r'[^A-Za-z0-9._-]', '-', own)}"[:_NAME_CHARACTERS_MAX]
