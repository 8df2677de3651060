"""Builds the request of a call. Everything that is the same for all calls is compiled at startup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.authentication.kinds import get_kind
from naftiko_runtime.encode_for_place import encode_path_segment
from naftiko_runtime.engine.body import FORM, TypedBytes, compile_body
from naftiko_runtime.engine.compile_terms import ABSENT, compile_term, render_value
from naftiko_runtime.engine.headers import ForwardHeaderBuilder, HeaderBuilder
from naftiko_runtime.engine.multipart import MULTIPART, find_content_type
from naftiko_runtime.engine.open_credentials import list_fixed_fields
from naftiko_runtime.engine.query import QueryBuilder
from naftiko_runtime.errors import InputFault, Rejected
from naftiko_runtime.plan import Form, OpenBody
from naftiko_runtime.upstream.interface import OutboundRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from naftiko_runtime.engine.compile_terms import Values
    from naftiko_runtime.engine.invocation import Invocation
    from naftiko_runtime.plan import Request
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.upstream.interface import Header


class RequestBuilder:
    """Builds the requests of one operation.

    Attributes:
        secret_fields: The names of the query fields that hold secrets.
    """

    _header_builder: type[HeaderBuilder] = HeaderBuilder

    def __init__(self, request: Request, secrets: Mapping[str, Secret], *, decodes: bool) -> None:
        """Compile the parts that are the same for all calls.

        Raises:
            Unrenderable: A fixed value, such as a secret, cannot be written at its place.

        Args:
            request: The planned request.
            secrets: Bound variables by full name.
            decodes: Whether the response is decoded here. If so, it may be compressed.
        """
        self._operation = request.operation
        self._method = request.method
        keys = list_fixed_fields(request.upstream.credential, secrets)
        self._query = QueryBuilder(request, [key for key in keys if key.place == "query"], secrets)
        self._headers = self._header_builder(request, keys, secrets, decodes=decodes)
        self.secret_fields = self._query.secret_names
        self._path = [p if isinstance(p, str) else compile_term(p, secrets, joins=True) for p in request.path]
        self._fixed_url = (
            "".join(p for p in self._path if isinstance(p, str)) if not any(map(callable, self._path)) else None
        )
        self._open_body = isinstance(request.body, OpenBody)
        self._encode_body: Callable[[Values], bytes | None] | None = None
        if request.body is not None and not isinstance(request.body, OpenBody):
            self._encode_body, self._content_type = compile_body(request.body, secrets)
        self._has_keyed_form = _has_keyed_form(request)

    def build(self, call: Invocation) -> OutboundRequest:
        """Return the request of one call.

        Raises:
            Rejected: A value cannot be written at its place, or the path lacks a value.
        """
        values = call.values
        url = self._fixed_url if self._fixed_url is not None else self._build_url(values)
        query = self._query.build(values, call.query)
        if query:
            url = f"{url}{'&' if '?' in url else '?'}{query}"
        body: bytes | AsyncIterator[bytes] | None = None
        body_headers: Sequence[Header] = ()
        if self._open_body:
            body, body_headers = call.body, call.body_headers
        elif self._encode_body is not None:
            made: bytes | None = render_value("", "body", self._encode_body, values)
            if made is not None:
                body, body_headers = made, ((b"content-type", self._choose_content_type(made)),)
        if self._has_keyed_form and body is None:
            body, body_headers = b"", ((b"content-type", FORM),)
        headers = self._headers.build(call, body_headers)
        return OutboundRequest(self._operation, self._method, url, headers, body, caller=call.caller)

    def _choose_content_type(self, made: bytes) -> bytes:
        """Return the content type of a body that the builder encoded."""
        if type(made) is TypedBytes:
            return made.media_type
        return find_content_type(made) if self._content_type is MULTIPART else self._content_type

    def _build_url(self, values: Values) -> str:
        """Join the pieces of a path. A value is one segment, or a part of one."""
        pieces: list[str] = []
        for piece in self._path:
            if isinstance(piece, str):
                pieces.append(piece)
                continue
            value = render_value("", "path", piece, values)
            if value is ABSENT or value is None:
                raise Rejected(InputFault("", "path", "a value for the upstream's path is missing"))
            pieces.append(render_value("", "path", encode_path_segment, value))
        return "".join(pieces)


class ForwardBuilder(RequestBuilder):
    """Builds forwarded requests: the caller's request, with another URL and our credentials."""

    _header_builder = ForwardHeaderBuilder

    def build(self, call: Invocation) -> OutboundRequest:
        """Return the request of one call; see :meth:`RequestBuilder.build`."""
        query = self._query.build(call.values, call.query)
        url = f"{self._fixed_url}{call.rest}{f'?{query}' if query else ''}"
        headers = self._headers.build(call, call.body_headers)
        return OutboundRequest(self._operation, call.method, url, headers, call.body, caller=call.caller)


def _has_keyed_form(request: Request) -> bool:
    """Return whether a key is added to a form. Then there is a form even without other fields."""
    credential = request.upstream.credential
    if credential is None or not get_kind(credential).adds_to_body(credential):
        return False
    return isinstance(request.body, Form) or (isinstance(request.body, OpenBody) and request.body.kind == "form")
