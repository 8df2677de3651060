"""Keys of APIs: in a header, in the query, in a cookie, or as a field of the body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal
from urllib.parse import parse_qsl, unquote_plus, urlencode

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.authentication.flow import Flow, buffer_body
from naftiko_runtime.authentication.guard import Guard, Refusal, find_header, format_realm, is_same
from naftiko_runtime.authentication.kind import (
    AuthenticationKind,
    AuthenticationPart,
    FixedField,
    SecretText,
    SentText,
    require,
)
from naftiko_runtime.encode_for_place import FRAMING_HEADERS, HEADER_NAME, encode_json, format_text
from naftiko_runtime.errors import InputFault, Rejected, UnsupportedCoding
from naftiko_runtime.frozen_values import thaw
from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.model.part import Meanings, Text
from naftiko_runtime.rules import helps
from naftiko_runtime.terms import Composed, Constant, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import orjson

    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.authentication.guard import GuardServices
    from naftiko_runtime.authentication.kind import Linker, TextOf
    from naftiko_runtime.source import KeyPath
    from naftiko_runtime.terms import Term
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse
else:
    orjson = import_lazily("orjson")

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = compile_lazily(r"application/([\w.+-]+\+)?json")
_BOUNDARY: Final = compile_lazily(r'multipart/form-data\s*;.*boundary="?([^";]+)"?', re.IGNORECASE)
_WITH_BODY: Final = ("POST", "PUT", "PATCH", "DELETE")


class ApiKey(AuthenticationPart):
    """A key in a header or in the query.

    Keys in the body or a cookie, and several keys in ``headers``, are outside the specification.
    """

    type: Literal["apikey"]
    key: SentText = ""
    value: SecretText = ""
    placement: Literal["header", "query", "body", "cookie"] = "header"
    headers: dict[str, Text] | None = None

    meanings: ClassVar[Meanings] = {
        "key": ("The name of the header, query parameter, cookie or body field that has the key.", "X-Api-Key"),
        "value": ("The key itself.", "{{TOKEN}}"),
        "placement": ("The place of the key in the request.", "header"),
        "headers": ("Several keys, by the names of their headers.", {"X-Api-Key": "{{KEY}}"}),
    }


class ApiKeyCredential(Struct, frozen=True):
    """One or more keys, as pairs of name and value, all in one place."""

    keys: tuple[tuple[Term, Term], ...]
    placement: Literal["header", "query", "body", "cookie"]


class ApiKeyKind(AuthenticationKind[ApiKey, ApiKeyCredential]):
    """See :class:`AuthenticationKind`."""

    name = "apikey"
    part = ApiKey
    guards_exposes = True
    foreign_keys: ClassVar[Mapping[str, str]] = {
        "header": "write 'key', the header's name",
        "prefix": "write it into the 'value': \"Token {{KEY}}\"",
    }

    def list_spellings(self, written: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """``in`` and ``name`` for ``placement`` and ``key``; with ``name``, ``key`` may be the value."""
        key_is_value = "name" in written and "key" in written and "value" not in written
        return (("in", "placement"), *((("key", "value"),) if key_is_value else ()), ("name", "key"))

    def link(self, part: ApiKey, linker: Linker) -> ApiKeyCredential:
        if part.headers and not part.key:
            return _link_headers(part, part.headers, linker)
        if not part.key:
            advice = helps.ADD_KEY_HEADER() if part.placement == "header" else helps.ADD_KEY_NAME(where=part.placement)
            linker.report(rules.EMPTY_CREDENTIAL(key="key"), part.get_path(), advice, key=True)
        require(part.value, "value", part.get_path(), linker)
        if part.placement in ("header", "cookie") and part.key and "{{" not in part.key:
            _check_name(part.key, part.get_path("key"), linker)
        name = linker.link_secret_text(part.key, part.get_path("key"))
        return ApiKeyCredential(((name, linker.link_secret_text(part.value, part.get_path("value"))),), part.placement)

    def link_guard(self, part: ApiKey, linker: Linker) -> ApiKeyCredential | None:
        if part.placement in ("body", "cookie"):
            linker.report(rules.NOT_SERVED_KEY_PLACEMENT(placement=part.placement), part.get_path("placement"))
            return None
        return self.link(part, linker)

    def sends_in_header(self, part: ApiKey) -> bool:
        return part.placement == "header"

    def sets_field(self, credential: ApiKeyCredential, place: str, name: str) -> bool:
        if place != credential.placement:
            return False
        terms = (key for key, _ in credential.keys)
        names = [term.value for term in terms if isinstance(term, Constant) and isinstance(term.value, str)]
        return name.lower() in map(str.lower, names) if place == "header" else name in names

    def sends_only_headers(self, credential: ApiKeyCredential) -> bool:
        return credential.placement == "header"

    def adds_to_body(self, credential: ApiKeyCredential) -> bool:
        return credential.placement == "body"

    def list_secrets(self, credential: ApiKeyCredential) -> Sequence[Term]:
        return [value for _, value in credential.keys]

    def list_fixed_fields(self, credential: ApiKeyCredential, text: TextOf) -> Sequence[FixedField]:
        place = credential.placement
        if place == "body":  # the flow adds it to whatever body there is
            return ()
        pairs = ((text(key), text(value)) for key, value in credential.keys)
        return [FixedField(place, name.lower() if place == "header" else name, value) for name, value in pairs]

    def open_flow(self, credential: ApiKeyCredential, text: TextOf) -> BodyKeyFlow | None:
        if credential.placement != "body":
            return None
        return BodyKeyFlow([(text(key), text(value)) for key, value in credential.keys])

    def open_guard(
        self, credential: ApiKeyCredential, namespace: str, text: TextOf, services: GuardServices
    ) -> ApiKeyGuard:
        pairs = [(text(key), text(value)) for key, value in credential.keys]
        return ApiKeyGuard(namespace, pairs, in_query=credential.placement == "query")

    def describe_schemes(self, credential: ApiKeyCredential) -> Mapping[str, Mapping[str, str]]:
        named = (
            ("apiKey" if number == 1 else f"apiKey{number}", key) for number, (key, _) in enumerate(credential.keys, 1)
        )
        return {name: {"type": "apiKey", "in": credential.placement, "name": _show_name(key)} for name, key in named}


API_KEY: Final = ApiKeyKind()


def _link_headers(part: ApiKey, headers: dict[str, str], linker: Linker) -> ApiKeyCredential:
    """Return the keys of a ``headers`` mapping."""
    linker.report(rules.NON_STANDARD_KEY_HEADERS(), part.get_path("headers"), key=True)
    keys = []
    for name, value in headers.items():
        key_path = part.get_path("headers", name)
        require(value, name, key_path, linker)
        _check_name(name, key_path, linker)
        keys.append((Constant(name), linker.link_secret_text(value, key_path)))
    return ApiKeyCredential(tuple(keys), "header")


def _check_name(name: str, key_path: KeyPath, linker: Linker) -> None:
    """Check the name of a header that takes a key."""
    if not HEADER_NAME.fullmatch(name):
        linker.report(rules.INVALID_VALUE_HEADER_NAME(name=name), key_path)
    if name.lower() in {*FRAMING_HEADERS, "host"}:
        linker.report(rules.INVALID_VALUE_OWN_HEADER(name=name), key_path, helps.NAME_KEY_HEADER())


def _show_name(term: Term) -> str:
    """Return the name of a key. A variable in it shows as ``<VARIABLE>``, because its value may be secret."""
    match term:
        case Constant(value):
            return format_text(thaw(value))
        case Composed(parts):
            return "".join(map(_show_name, parts))
        case Variable(name):
            return f"<{name.rpartition('.')[2]}>"
        case _:  # a caller's argument names no key
            return ""


class ApiKeyGuard(Guard):
    """Checks keys in headers or in the query. All of them are needed."""

    def __init__(self, namespace: str, keys: Iterable[tuple[str, str]], *, in_query: bool) -> None:
        self._keys = {name if in_query else name.lower(): value.encode() for name, value in keys}
        self._in_query = in_query
        # No scheme is registered for keys, but a 401 needs a challenge (RFC 9110, 15.5.2).
        self._challenges = (f"ApiKey {format_realm(namespace)}",)
        where = "query parameter" if in_query else "header"
        self._needed = f"a key is needed in the {where} {', '.join(repr(name) for name, _ in keys)}"

    def check(self, scope: Scope) -> Refusal | None:
        """See :class:`Guard`."""
        given = self._read_query(scope) if self._in_query else self._read_headers(scope)
        if set(given) != set(self._keys):
            return Refusal(self._needed, self._challenges)
        same = [is_same(given[name], value) for name, value in self._keys.items()]
        return None if all(same) else Refusal("the key is wrong", self._challenges)

    def _read_headers(self, scope: Scope) -> dict[str, bytes]:
        given = ((name, find_header(scope, name.encode("latin-1", "replace"))) for name in self._keys)
        return {name: value for name, value in given if value is not None}

    def _read_query(self, scope: Scope) -> dict[str, bytes]:
        """Return the keys, and remove them from the query. A key that occurs twice counts as absent."""
        given: dict[str, list[bytes]] = {}
        kept: list[bytes] = []
        for field in scope["query_string"].split(b"&"):
            name, _, value = field.partition(b"=")
            if (decoded := unquote_plus(name.decode("latin-1"))) in self._keys:
                given.setdefault(decoded, []).append(unquote_plus(value.decode("latin-1")).encode())
            else:
                kept.append(field)
        scope["query_string"] = b"&".join(kept)
        return {name: values[0] for name, values in given.items() if len(values) == 1}


class BodyKeyFlow(Flow):
    """Adds the keys to a JSON object or a form; a request without a body gets a JSON object of them."""

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        self._keys = dict(keys)

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`. A streamed body is read first.

        Raises:
            Rejected: The body cannot have a key, or the caller sends one.
            UnsupportedCoding: The body is compressed.
        """
        request = await buffer_body(request)
        headers = [pair for pair in request.headers if pair[0] not in (b"content-type", b"content-length")]
        coding = b",".join(value for name, value in headers if name == b"content-encoding").strip().lower()
        if coding not in (b"", b"identity"):
            raise UnsupportedCoding
        kinds = [value.decode("latin-1") for name, value in request.headers if name == b"content-type"]
        body = request.body if isinstance(request.body, bytes) else b""
        if not body and request.method not in _WITH_BODY:
            raise _reject(f"the API's key goes in the body, and a {request.method} has none")
        kind = kinds[0] if kinds else "application/json"
        headers += [(b"content-type", kind.encode("latin-1"))]
        return await transport.send(replace(request, headers=headers, body=self._add_keys(body, kind)))

    def _add_keys(self, body: bytes, kind: str) -> bytes:
        plain = kind.partition(";")[0].strip().lower()
        if plain == _FORM:
            return self._add_to_form(body)
        if match := _BOUNDARY.match(kind):
            return self._add_to_parts(body, match[1].encode("latin-1"))
        if _JSON.fullmatch(plain):
            return self._add_to_json(body or b"{}")
        raise _reject("must be JSON or a form: the API's key is a field of it")

    def _add_to_json(self, body: bytes) -> bytes:
        """Return an object with the keys. Its other bytes are unchanged."""
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise _reject("must be JSON") from None
        if not isinstance(given, dict):
            raise _reject("must be a JSON object: the API's key is a field of it")
        self._check(given)
        rest = body.lstrip()[1:]
        return encode_json(self._keys)[:-1] + (b"," if given else b"") + rest

    def _add_to_form(self, body: bytes) -> bytes:
        self._check(name for name, _ in parse_qsl(body.decode("latin-1"), keep_blank_values=True))
        return b"&".join(filter(None, (body, urlencode(self._keys).encode())))

    def _add_to_parts(self, body: bytes, boundary: bytes) -> bytes:
        opening = b"--" + boundary
        if not body.startswith(opening):
            raise _reject("must be parts of a form, from its first byte on")
        names = re.findall(rb'(?i)\r\ncontent-disposition:[^\r\n]*\bname="?([^"\r\n;]*)', b"\r\n" + body)
        self._check(name.decode("utf-8", "replace") for name in names)
        parts = [
            opening + b'\r\ncontent-disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + value.encode()
            for name, value in self._keys.items()
        ]
        return b"\r\n".join([*parts, body])

    def _check(self, names: object) -> None:
        """Reject a key of the caller: an API could use either of two keys."""
        for name in names:  # type: ignore[attr-defined]
            if name in self._keys:
                raise Rejected(InputFault(name, "body", "is set by the runtime"))


def _reject(why: str) -> Rejected:
    return Rejected(InputFault("", "body", why))
