"""What a span says of an HTTP request, by OpenTelemetry's conventions: whatever they require, and no secret.

Of a query only the names of its parameters are told. Credentials of a URL are not, and every secret that a document
is bound to is masked wherever it turns up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

from naftiko_runtime.masking import Masker
from naftiko_runtime.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from naftiko_runtime.transport.base import OutboundRequest

Value: TypeAlias = str | int
Attributes: TypeAlias = "Mapping[str, Value]"
Kind: TypeAlias = Literal["server", "client"]
"""Of a span: a request that is answered, or a call of an upstream."""
METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
OTHER_METHOD: Final = "_OTHER"
"""What stands for every method that callers invent."""
REDACTED: Final = "REDACTED"
_PORTS: Final = {"http": 80, "https": 443}
_ORIGINAL_METHOD_CHARACTERS_MAX: Final = 32


class AttributeBuilder:
    """Builds the attributes of requests and calls."""

    def __init__(self) -> None:
        self._masker = Masker(())

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these values as well, from now on; what was secret stays so."""
        self._masker = Masker((*self._masker.values, *secrets))

    def of_request(self, scope: Mapping[str, Any]) -> dict[str, Value]:
        """The attributes of a caller's request.

        Args:
            scope: The request's, as ASGI has it.
        """
        attributes = method_attributes(scope["method"])
        attributes["url.scheme"] = scope["scheme"]
        attributes["url.path"] = self.mask(scope["raw_path"].decode("latin-1"))
        if query := scope["query_string"]:
            attributes["url.query"] = self._masker.mask(redact_query(query.decode("latin-1")))
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        parts = _split(f"{scope['scheme']}://{host.decode('latin-1')}")
        attributes |= self._server(parts)
        if version := scope.get("http_version"):
            attributes["network.protocol.version"] = version
        return attributes

    def of_call(self, request: OutboundRequest) -> dict[str, Value]:
        """The attributes of a call of an upstream."""
        attributes = method_attributes(request.method)
        parts = _split(request.url)
        attributes |= self._server(parts)
        attributes["url.full"] = self._masker.mask(redact_url(parts._replace(path=redact(parts.path))))
        return attributes

    def mask(self, text: str) -> str:
        """A text without any secret that is known, or that has the form of one."""
        return redact(self._masker.mask(text))

    def _server(self, parts: SplitResult) -> dict[str, Value]:
        try:
            host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return {}
        if not host:
            return {}
        address: dict[str, Value] = {"server.address": self.mask(host)}
        return address if port is None else address | {"server.port": port}


def method_attributes(method: str) -> dict[str, Value]:
    """A request's method; one that callers invent has a name of its own only beside the one for all of them."""
    if method in METHODS:
        return {"http.request.method": method}
    original = method[:_ORIGINAL_METHOD_CHARACTERS_MAX]
    return {"http.request.method": OTHER_METHOD, "http.request.method_original": original}


def redact_query(query: str) -> str:
    """A query with the names of its parameters only."""
    pairs = [part.partition("=") for part in query.split("&")]
    return "&".join(f"{name}={REDACTED}" if equals else REDACTED for name, equals, _ in pairs)


def redact_url(parts: SplitResult) -> str:
    """A URL without user, password and the values of its query."""
    user, at, host = parts.netloc.rpartition("@")
    if at:
        host = f"{REDACTED}:{REDACTED}@{host}" if ":" in user else f"{REDACTED}@{host}"
    return parts._replace(netloc=host, query=redact_query(parts.query) if parts.query else "").geturl()


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # a host that is none
        return SplitResult("", "", "", "", "")
