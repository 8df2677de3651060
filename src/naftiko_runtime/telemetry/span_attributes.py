"""Span attributes of HTTP requests by OpenTelemetry's conventions, without secrets.

Only the names of query parameters are shown. Credentials in a URL are redacted, and every secret that a document is
bound to is masked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

from naftiko_runtime.masking import Masker
from naftiko_runtime.redact_document import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from naftiko_runtime.upstream.interface import OutboundRequest

Value: TypeAlias = str | int
Attributes: TypeAlias = "Mapping[str, Value]"
SpanSide: TypeAlias = Literal["server", "client", "internal"]
"""The kind of a span: a request to this server, a call of an upstream, or a step of a workflow."""
METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
OTHER_METHOD: Final = "_OTHER"
"""Stands for every method that callers invent."""
REDACTED: Final = "REDACTED"
_PORTS: Final = {"http": 80, "https": 443}
_ORIGINAL_METHOD_CHARACTERS_MAX: Final = 32


class AttributeBuilder:
    """Builds the attributes of requests and calls."""

    def __init__(self) -> None:
        self._masker = Masker(())

    def add_secrets(self, secrets: Iterable[str]) -> None:
        """Mask these values from now on, besides those before."""
        self._masker = Masker((*self._masker.values, *secrets))

    def build_request_attributes(self, scope: Mapping[str, Any]) -> dict[str, Value]:
        """Return the attributes of a caller's request.

        Args:
            scope: The ASGI scope of the request.
        """
        attributes = make_method_attributes(scope["method"])
        attributes["url.scheme"] = scope["scheme"]
        attributes["url.path"] = self.mask(scope["raw_path"].decode("latin-1"))
        if query := scope["query_string"]:
            attributes["url.query"] = self._masker.mask(redact_query(query.decode("latin-1")))
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        parts = _split_url(f"{scope['scheme']}://{host.decode('latin-1')}")
        attributes |= self._describe_server(parts)
        if version := scope.get("http_version"):
            attributes["network.protocol.version"] = version
        return attributes

    def build_call_attributes(self, request: OutboundRequest) -> dict[str, Value]:
        """Return the attributes of a call of an upstream."""
        attributes = make_method_attributes(request.method)
        parts = _split_url(request.url)
        attributes |= self._describe_server(parts)
        attributes["url.full"] = self._masker.mask(redact_url(parts._replace(path=redact(parts.path))))
        return attributes

    def mask(self, text: str) -> str:
        """Return a text with known secrets, and values that look like secrets, masked."""
        return redact(self._masker.mask(text))

    def _describe_server(self, parts: SplitResult) -> dict[str, Value]:
        try:
            host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return {}
        if not host:
            return {}
        address: dict[str, Value] = {"server.address": self.mask(host)}
        return address if port is None else address | {"server.port": port}


def make_method_attributes(method: str) -> dict[str, Value]:
    """Return the attributes of a method; a method that callers invent is ``_OTHER``, with its original beside it."""
    if method in METHODS:
        return {"http.request.method": method}
    original = method[:_ORIGINAL_METHOD_CHARACTERS_MAX]
    return {"http.request.method": OTHER_METHOD, "http.request.method_original": original}


def redact_query(query: str) -> str:
    """Return a query with the names of its parameters only."""
    pairs = [part.partition("=") for part in query.split("&")]
    return "&".join(f"{name}={REDACTED}" if equals else REDACTED for name, equals, _ in pairs)


def redact_url(parts: SplitResult) -> str:
    """Return a URL without user, password and query values."""
    user, at, host = parts.netloc.rpartition("@")
    if at:
        host = f"{REDACTED}:{REDACTED}@{host}" if ":" in user else f"{REDACTED}@{host}"
    return parts._replace(netloc=host, query=redact_query(parts.query) if parts.query else "").geturl()


def _split_url(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # an invalid host
        return SplitResult("", "", "", "", "")
