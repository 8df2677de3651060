"""The headers of a request, cookies included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime._version import __version__
from naftiko_runtime.authentication.kinds import get_kind
from naftiko_runtime.encode_for_place import (
    FRAMING_HEADERS,
    HEADER_NAME,
    encode_cookie,
    encode_cookie_name,
    encode_header,
)
from naftiko_runtime.engine.compile_terms import ABSENT, compile_term, evaluate_constant, render_value
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.plan import Multipart
from naftiko_runtime.rules import message_clauses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.authentication.kind import FixedField
    from naftiko_runtime.engine.compile_terms import Evaluate, Values
    from naftiko_runtime.engine.invocation import Invocation
    from naftiko_runtime.plan import NamedTerm, Request
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.upstream.interface import Header

_NEGOTIATED: Final = frozenset({b"accept", b"accept-encoding"})
_AGENT: Final = b"user-agent"
_OFTEN_GIVEN: Final = frozenset({"authorization", "x-api-key"})
"""Names of credentials that nothing else is sent under, unless a forward trusts its callers with them."""
_USER_AGENT: Final = (_AGENT, f"naftiko-runtime/{__version__}".encode())


class HeaderBuilder:
    """Builds the headers of one operation's requests."""

    __slots__ = ("_cookies", "_fixed", "_forwards", "_names_headers", "_sends_callers", "_terms")

    def __init__(
        self, request: Request, keys: Sequence[FixedField], secrets: Mapping[str, Secret], *, decodes: bool
    ) -> None:
        """Compile the parts that are the same for all calls.

        Args:
            request: The planned request.
            keys: The headers and cookies with the API's keys. No parameter can change them.
            secrets: Bound variables by full name.
            decodes: Whether the response is decoded here. If so, it may be compressed.

        Raises:
            Unrenderable: A header cannot have a fixed value.
        """
        self._sends_callers = request.caller_headers
        self._forwards = frozenset(name.encode() for name in request.upstream.forward_headers)
        encoding = b"gzip, deflate" if decodes else b"identity"
        self._fixed: list[Header] = [(b"accept", b"*/*"), (b"accept-encoding", encoding)]
        self._terms: list[tuple[str, Evaluate]] = []
        self._cookies = [
            (c.name, encode_cookie_name(c.name), compile_term(c.term, secrets, joins=True)) for c in request.cookies
        ]
        for header in request.headers:
            self._add(header, secrets)
        names = {key.name for key in keys if key.place == "header"}
        for key in keys:
            self._set_key(key)
        self._terms = [(name, get) for name, get in self._terms if name not in names]
        self._names_headers = bool(request.headers or self._forwards) or not names <= _OFTEN_GIVEN
        if isinstance(request.body, Multipart):  # only we know the boundary
            self._fixed = [pair for pair in self._fixed if pair[0] != b"content-type"]
            self._terms = [pair for pair in self._terms if pair[0] != "content-type"]

    def _add(self, header: NamedTerm, secrets: Mapping[str, Secret]) -> None:
        value = evaluate_constant(header.term, secrets)
        if value is ABSENT:
            self._terms.append((header.name, compile_term(header.term, secrets, joins=True)))
        else:
            self._set(header.name, value)

    def _set(self, name: str, value: Any) -> None:
        """Set a header that is the same for all calls. The last one of a name wins."""
        if not HEADER_NAME.fullmatch(name) or name in FRAMING_HEADERS:  # a name may come from the environment
            raise Unrenderable(message_clauses.HEADER_NAME())
        self._fixed = [pair for pair in self._fixed if pair[0] != name.encode()]
        self._fixed.append((name.encode(), encode_header(value)))

    def _set_key(self, key: FixedField) -> None:
        match key.place:
            case "header":
                self._set(key.name, key.value)
            case "cookie":
                others = [cookie for cookie in self._cookies if cookie[0] != key.name]
                self._cookies = [*others, (key.name, encode_cookie_name(key.name), lambda _: key.value)]
            case _:
                pass

    def build(self, call: Invocation, body_headers: Sequence[Header]) -> list[Header]:
        """Return the document's headers, then the default headers that the document does not name, each once.

        Raises:
            Rejected: A header cannot have a value.
        """
        own = call.caller_headers if self._sends_callers else ()
        if call.named_headers and self._forwards:
            given = [pair for pair in call.named_headers if pair[0] in self._forwards]
            names = {name for name, _ in given}
            own = (*given, *(pair for pair in own if pair[0] not in names))
        if self._names_headers or self._cookies:
            result = self._build_named(call, (*call.headers, *own, *body_headers))
        else:
            result = [*self._fixed, *call.headers, *own, *body_headers]
        if _AGENT not in [name for name, _ in result]:
            result.append(_USER_AGENT)
        return result

    def _build_named(self, call: Invocation, others: Iterable[Header]) -> list[Header]:
        """Return the document's headers, and the default headers that it does not name."""
        variable = self._build_variable(call.values)
        names = {name for name, _ in variable}
        headers = [*(pair for pair in self._fixed if pair[0] not in names), *variable]
        if self._names_headers:
            names = {name for name, _ in headers}
            others = [pair for pair in others if pair[0] not in names]
        return [*headers, *others]

    def _build_variable(self, values: Values) -> list[Header]:
        headers = []
        for name, get in self._terms:
            if not _is_left_out(value := render_value(name, "header", get, values)):
                headers.append((name.encode(), render_value(name, "header", encode_header, value)))
        cookies = [(name, written, render_value(name, "cookie", get, values)) for name, written, get in self._cookies]
        if given := [cookie for cookie in cookies if not _is_left_out(cookie[2])]:
            texts = (
                f"{written}={render_value(name, 'cookie', encode_cookie, value)}" for name, written, value in given
            )
            headers.append((b"cookie", "; ".join(texts).encode()))
        return headers


class ForwardHeaderBuilder(HeaderBuilder):
    """Builds the headers of forwarded requests: the caller's headers, with our own credentials."""

    __slots__ = ("_negotiated", "_withheld")

    def __init__(
        self, request: Request, keys: Sequence[FixedField], secrets: Mapping[str, Secret], *, decodes: bool
    ) -> None:
        """Compile the templates; see :class:`HeaderBuilder`."""
        super().__init__(request, keys, secrets, decodes=decodes)
        self._negotiated = _NEGOTIATED - {header.name.encode() for header in request.headers}
        """What the caller chooses where the document does not."""
        credential = request.upstream.credential
        is_ours = credential is not None and get_kind(credential).sets_field(credential, "header", "authorization")
        self._withheld = frozenset({b"authorization"}) if is_ours else frozenset()
        """What the caller never sends, since a flow may do so."""

    def build(self, call: Invocation, body_headers: Sequence[Header]) -> list[Header]:
        """Return the document's headers and credentials, then our headers, then the trusted headers of the caller."""
        given = {name for name, _ in call.caller_headers}
        result = [pair for pair in self._fixed if pair[0] not in self._negotiated or pair[0] not in given]
        if self._cookies:
            result += self._build_variable(call.values)
        for headers in (call.headers, body_headers, call.caller_headers):
            names = {*self._withheld, *(name for name, _ in result)}
            result += [pair for pair in headers if pair[0] not in names]
        if _AGENT not in [name for name, _ in result]:
            result.append(_USER_AGENT)
        return result


def _is_left_out(value: Any) -> bool:
    """Return whether a header or a cookie is omitted: it has no value, null, or an empty list."""
    if isinstance(value, list):
        return all(item is None for item in value)
    return value is ABSENT or value is None
