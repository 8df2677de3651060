"""The request a call becomes: all that can be known at start-up is known, a call only fills the gaps."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, Any, Final, assert_never

from msgspec import Struct

from naftiko_runtime._version import __version__
from naftiko_runtime.encode import (
    FRAMING_HEADERS,
    HEADER_NAME,
    encode_cookie,
    encode_cookie_name,
    encode_header,
    encode_path_segment,
    encode_query,
)
from naftiko_runtime.engine.body import FORM, TypedBytes, body_encoder
from naftiko_runtime.engine.caller_query import OAUTH1_FIELDS, drop_fields, field_names, query_names
from naftiko_runtime.engine.evaluate import ABSENT, compile_term, evaluate_constant
from naftiko_runtime.engine.fields import STYLES, fields_of
from naftiko_runtime.engine.multipart import MULTIPART, content_type_of
from naftiko_runtime.errors import Fault, Rejected
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.link.substitution import find_variables
from naftiko_runtime.plan import (
    ApiKeyCredential,
    BasicCredential,
    BearerCredential,
    ClientCredentials,
    DigestCredential,
    Form,
    Multipart,
    OpenBody,
    SigningCredential,
)
from naftiko_runtime.secret import Secret
from naftiko_runtime.transport.base import OutboundRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from naftiko_runtime.engine.evaluate import Evaluate, Values
    from naftiko_runtime.engine.fields import Fields
    from naftiko_runtime.plan import NamedTerm, Placement, Plan, Request, Term
    from naftiko_runtime.transport.base import Header

_NEGOTIATED: Final = frozenset({b"accept", b"accept-encoding"})
_AGENT: Final = b"user-agent"
_OFTEN_GIVEN: Final = frozenset({"authorization", "x-api-key"})
"""Names of credentials that nothing else is sent under, unless a forward trusts its callers with them."""
_USER_AGENT: Final = (_AGENT, f"naftiko-runtime/{__version__}".encode())


class Invocation(Struct):
    """One call as an adapter hands it over.

    Attributes:
        values: Admitted inputs by name.
        query: The caller's query string for an open query, byte for byte.
        body: The caller's body for an open body: bytes, or a stream.
        body_headers: Content type (and length, when known) of that body.
        headers: What is passed on of the caller's headers: forwarding, tracing.
        caller_headers: User-Agent, Accept-Language and Referer, sent only by open operations; of a forward those that
            it trusts.
        method: The caller's, for a forward.
        rest: The rest of the caller's path, for a forward: empty, or percent-encoded from its slash on.
    """

    values: Values = {}
    query: bytes = b""
    body: bytes | AsyncIterator[bytes] | None = None
    body_headers: Sequence[Header] = ()
    headers: Sequence[Header] = ()
    caller_headers: Sequence[Header] = ()
    method: str = ""
    rest: str = ""


class RequestBuilder:
    """Builds the requests of one operation."""

    def __init__(self, plan: Request, secrets: Mapping[str, Secret], *, decodes: bool) -> None:
        """Prepare everything that no call can change.

        Raises:
            Unrenderable: A fixed value, a secret say, cannot stand where it belongs.

        Args:
            plan: The planned request.
            secrets: Bound variables by full name.
            decodes: Whether the answer will be decoded here, so that a compressed one is welcome.
        """
        self._operation = plan.operation
        self._method = plan.method
        self._open_query = plan.open_query
        self._caller_headers = plan.caller_headers
        encoding = b"gzip, deflate" if decodes else b"identity"
        self._headers: list[Header] = [(b"accept", b"*/*"), (b"accept-encoding", encoding)]
        self._header_terms: list[tuple[str, Evaluate]] = []
        self._cookies = [
            (c.name, encode_cookie_name(c.name), compile_term(c.term, secrets, joins=True)) for c in plan.cookies
        ]
        self._query: list[str | tuple[str, str, Evaluate, Fields]] = []
        for term in plan.query:
            self._add_query(term, secrets)
        for header in plan.headers:
            self._add_header(header, secrets)
        self._keys: set[str] = set()
        """Names of the headers that hold the API's own keys."""
        self._key_fields: list[str] = []
        self._authenticate(plan, secrets)
        self._trusted_fields = self._own_fields(plan) if plan.open_query else frozenset()
        self.secret_fields = field_names(
            [*self._key_fields, *(t.name for t in plan.query if next(find_variables(t), None))]
        )
        """Names of the query fields that hold secrets."""
        self._path = [p if isinstance(p, str) else compile_term(p, secrets, joins=True) for p in plan.path]
        self._fixed_url = (
            "".join(p for p in self._path if isinstance(p, str)) if not any(map(callable, self._path)) else None
        )
        self._open_body = isinstance(plan.body, OpenBody)
        self._encode_body: Callable[[Values], bytes | None] | None = None
        if plan.body is not None and not isinstance(plan.body, OpenBody):
            self._encode_body, self._content_type = body_encoder(plan.body, secrets)
        self._has_keyed_form = _has_keyed_form(plan)
        self._names_headers = bool(plan.headers) or not self._keys <= _OFTEN_GIVEN
        if isinstance(plan.body, Multipart):  # only we know the boundary
            self._headers = [pair for pair in self._headers if pair[0] != b"content-type"]
            self._header_terms = [pair for pair in self._header_terms if pair[0] != "content-type"]

    def _add_query(self, term: NamedTerm, secrets: Mapping[str, Secret]) -> None:
        name, fields = encode_query(term.name), STYLES[term.style]
        value = evaluate_constant(term.term, secrets)
        if value is ABSENT:
            self._query.append((term.name, name, compile_term(term.term, secrets, joins=True), fields))
        else:
            self._query += fields(name, value)

    def _add_header(self, header: NamedTerm, secrets: Mapping[str, Secret]) -> None:
        value = evaluate_constant(header.term, secrets)
        if value is ABSENT:
            self._header_terms.append((header.name, compile_term(header.term, secrets, joins=True)))
        else:
            self._set_header(header.name, value)

    def _set_header(self, name: str, value: Any) -> None:
        """A header that no call changes; the last one of a name wins."""
        if not HEADER_NAME.fullmatch(name) or name in FRAMING_HEADERS:  # a name may come from the environment
            raise Unrenderable("this is no name of a header that can be sent")
        self._headers = [pair for pair in self._headers if pair[0] != name.encode()]
        self._headers.append((name.encode(), encode_header(value)))

    def _set_key(self, name: str, value: str) -> None:
        """A header with the API's key, which no parameter of that name changes."""
        self._set_header(name, value)
        self._header_terms = [(other, get) for other, get in self._header_terms if other != name]
        self._keys.add(name)

    def _set_field(self, name: str, value: str) -> None:
        """A query field with the API's key, which no parameter of that name changes."""
        encoded = encode_query(name)
        others = [f for f in self._query if (f.partition("=")[0] if isinstance(f, str) else f[1]) != encoded]
        self._query = [*others, *fields_of(encoded, value)]
        self._key_fields.append(name)

    def _place_key(self, placement: Placement, name: str, value: Term, secrets: Mapping[str, Secret]) -> None:
        match placement:
            case "query":
                self._set_field(name, str(evaluate_constant(value, secrets)))
            case "header":
                self._set_key(name.lower(), str(evaluate_constant(value, secrets)))
            case "cookie":
                self._set_cookie(name, value, secrets)
            case "body":
                pass  # a flow adds it to whatever body there is
            case _:
                assert_never(placement)

    def _set_cookie(self, name: str, value: Term, secrets: Mapping[str, Secret]) -> None:
        """A cookie with the API's key, which no parameter of that name changes."""
        others = [cookie for cookie in self._cookies if cookie[0] != name]
        self._cookies = [*others, (name, encode_cookie_name(name), compile_term(value, secrets))]

    def _own_fields(self, plan: Request) -> frozenset[bytes]:
        """The names of query fields that the document sends, and no caller."""
        written = "".join(piece if isinstance(piece, str) else "" for piece in plan.path).partition("?")[2]
        names = [*(entry.partition("=")[0] if isinstance(entry, str) else entry[1] for entry in self._query)]
        names += OAUTH1_FIELDS if isinstance(plan.upstream.credential, SigningCredential) else ()
        return field_names(query_names("&".join([written, *names])))

    def _authenticate(self, plan: Request, secrets: Mapping[str, Secret]) -> None:
        credential = plan.upstream.credential

        def text(term: Any) -> str:
            return str(evaluate_constant(term, secrets))

        match credential:
            case None:
                pass
            case BasicCredential():
                for part in (credential.username, credential.password):
                    encode_header(
                        text(part)
                    )  # RFC 7617 allows no control characters either, though base64 would hide them
                self._set_key("authorization", f"Basic {basic_token(credential, secrets)}")
            case BearerCredential(token_term):
                self._set_key("authorization", f"Bearer {text(token_term)}")
            case ApiKeyCredential(keys, placement):
                for key, value in keys:
                    self._place_key(placement, text(key), value, secrets)
            case DigestCredential() | ClientCredentials() | SigningCredential():
                pass  # a flow of requests, see engine.flows
            case _:
                assert_never(credential)

    def build(self, call: Invocation) -> OutboundRequest:
        """The request of one call.

        Raises:
            Rejected: A value cannot stand where it belongs, or one that the path needs is absent.
        """
        values = call.values
        url = self._fixed_url if self._fixed_url is not None else self._url(values)
        query = self._query_string(values, call.query)
        if query:
            url = f"{url}{'&' if '?' in url else '?'}{query}"
        body: bytes | AsyncIterator[bytes] | None = None
        body_headers: Sequence[Header] = ()
        if self._open_body:
            body, body_headers = call.body, call.body_headers
        elif self._encode_body is not None:
            made: bytes | None = _guarded("", "body", self._encode_body, values)
            if made is not None:
                body, body_headers = made, ((b"content-type", self._type_of(made)),)
        if self._has_keyed_form and body is None:
            body, body_headers = b"", ((b"content-type", FORM),)
        return OutboundRequest(self._operation, self._method, url, self._all_headers(call, body_headers), body)

    def _type_of(self, made: bytes) -> bytes:
        """The content type of a body that was made here."""
        if type(made) is TypedBytes:
            return made.media_type
        return content_type_of(made) if self._content_type is MULTIPART else self._content_type

    def _all_headers(self, call: Invocation, body_headers: Sequence[Header]) -> list[Header]:
        """The document's headers, then those that belong to every call unless the document names them, each once."""
        own = call.caller_headers if self._caller_headers else ()
        if self._names_headers or self._cookies:
            result = self._named_headers(call, (*call.headers, *own, *body_headers))
        else:
            result = [*self._headers, *call.headers, *own, *body_headers]
        if _AGENT not in [name for name, _ in result]:
            result.append(_USER_AGENT)
        return result

    def _named_headers(self, call: Invocation, others: Sequence[Header]) -> list[Header]:
        """The document's headers, and those of the others that it does not name."""
        variable = self._variable_headers(call.values)
        names = {name for name, _ in variable}
        headers = [*(pair for pair in self._headers if pair[0] not in names), *variable]
        if self._names_headers:
            names = {name for name, _ in headers}
            others = [pair for pair in others if pair[0] not in names]
        return [*headers, *others]

    def _url(self, values: Values) -> str:
        """Path pieces joined; a value is one segment, or a part of one."""
        pieces: list[str] = []
        for piece in self._path:
            if isinstance(piece, str):
                pieces.append(piece)
                continue
            value = _guarded("", "path", piece, values)
            if value is ABSENT or value is None:
                raise Rejected(Fault("", "path", "a value for the upstream's path is missing"))
            pieces.append(_guarded("", "path", encode_path_segment, value))
        return "".join(pieces)

    def _query_string(self, values: Values, raw: bytes) -> str:
        if raw and self._trusted_fields:
            raw = drop_fields(raw, self._trusted_fields)
        if not self._query:
            return raw.decode("latin-1") if self._open_query and raw else ""
        fields: list[str] = []
        for entry in self._query:
            if isinstance(entry, str):
                fields.append(entry)
                continue
            name, encoded, get, fields_of_value = entry
            if (value := _guarded(name, "query", get, values)) is not ABSENT:
                fields += _guarded(name, "query", partial(fields_of_value, encoded), value)
        if self._open_query and raw:
            fields.append(raw.decode("latin-1"))
        return "&".join(fields)

    def _variable_headers(self, values: Values) -> list[Header]:
        headers = []
        for name, get in self._header_terms:
            if not _is_left_out(value := _guarded(name, "header", get, values)):
                headers.append((name.encode(), _guarded(name, "header", encode_header, value)))
        cookies = [(name, written, _guarded(name, "cookie", get, values)) for name, written, get in self._cookies]
        if given := [cookie for cookie in cookies if not _is_left_out(cookie[2])]:
            texts = (f"{written}={_guarded(name, 'cookie', encode_cookie, value)}" for name, written, value in given)
            headers.append((b"cookie", "; ".join(texts).encode()))
        return headers


class ForwardBuilder(RequestBuilder):
    """Builds the requests of a forward: the caller's own, but for where they go and who we are."""

    def __init__(self, plan: Request, secrets: Mapping[str, Secret], *, decodes: bool) -> None:
        """Prepare it; see :class:`RequestBuilder`."""
        super().__init__(plan, secrets, decodes=decodes)
        named = {header.name.encode() for header in plan.headers}
        self._negotiated = _NEGOTIATED - named
        """What the caller chooses where the document does not."""
        by_flow = isinstance(plan.upstream.credential, DigestCredential | ClientCredentials | SigningCredential)
        self._withheld = frozenset({b"authorization"}) if by_flow else frozenset()
        """What the caller never sends, since a flow does."""

    def build(self, call: Invocation) -> OutboundRequest:
        """The request of one call; see :meth:`RequestBuilder.build`."""
        query = self._query_string(call.values, call.query)
        url = f"{self._fixed_url}{call.rest}{f'?{query}' if query else ''}"
        return OutboundRequest(self._operation, call.method, url, self._all_headers(call, call.body_headers), call.body)

    def _all_headers(self, call: Invocation, body_headers: Sequence[Header]) -> list[Header]:
        """The document's headers and credentials, then ours, then what is trusted of the caller's."""
        given = {name for name, _ in call.caller_headers}
        result = [pair for pair in self._headers if pair[0] not in self._negotiated or pair[0] not in given]
        if self._cookies:
            result += self._variable_headers(call.values)
        for headers in (call.headers, body_headers, call.caller_headers):
            names = {*self._withheld, *(name for name, _ in result)}
            result += [pair for pair in headers if pair[0] not in names]
        if _AGENT not in [name for name, _ in result]:
            result.append(_USER_AGENT)
        return result


def basic_token(credential: BasicCredential, secrets: Mapping[str, Secret]) -> str:
    """What ``Authorization: Basic`` carries."""
    username, password = (
        evaluate_constant(credential.username, secrets),
        evaluate_constant(credential.password, secrets),
    )
    return b64encode(f"{username}:{password}".encode()).decode()


def derived_secrets(plan: Plan, secrets: Mapping[str, Secret]) -> list[Secret]:
    """Secrets made of secrets, which no output may show either."""
    credentials = (*(u.credential for u in plan.called_upstreams), *(s.guard for s in plan.servers))
    return [Secret(basic_token(c, secrets)) for c in credentials if isinstance(c, BasicCredential)]


def _has_keyed_form(plan: Request) -> bool:
    """Whether a key is added to a form, so that there is one even without any field of its own."""
    match plan.upstream.credential, plan.body:
        case ApiKeyCredential(placement="body"), Form() | OpenBody(kind="form"):
            return True
        case _:
            return False


def _is_left_out(value: Any) -> bool:
    """Whether a header or a cookie has nothing to carry: no value, null, or an empty list."""
    if isinstance(value, list):
        return all(item is None for item in value)
    return value is ABSENT or value is None


def _guarded(name: str, place: str, render: Callable[[Any], Any], value: Any) -> Any:
    try:
        return render(value)
    except Unrenderable as error:
        raise Rejected(Fault(name, place, str(error))) from None
