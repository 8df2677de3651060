"""Encodes values for their place: path, query, header, cookie, JSON, XML and SPARQL. No value can leave its place."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, unquote_to_bytes

from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.source import WrittenFloat, WrittenInt, format_as_written

if TYPE_CHECKING:
    from collections.abc import Callable

    import orjson
else:
    orjson = import_lazily("orjson")

from naftiko_runtime.file_value import File, Unrenderable

_FORBIDDEN_IN_XML: Final = compile_lazily(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SPECIAL_IN_XML: Final = compile_lazily(r"[\t\n\r\"&'<>]")
_SPARQL_ESCAPES: Final = {
    **{character: f"\\{character}" for character in "\\\"'"},
    "\t": "\\t",
    "\n": "\\n",
    "\r": "\\r",
    "\b": "\\b",
    "\f": "\\f",
}
_SPECIAL_IN_SPARQL: Final = compile_lazily(r"[\t\n\r\x08\f\"'\\]")
_SPARQL_CODEPOINT: Final = compile_lazily(r"\\[uU]")
_FORBIDDEN_IN_IRI: Final = compile_lazily(r"[\x00-\x20<>\"{}|^`\\\x7f]")
_SPARQL_TOKEN: Final = compile_lazily(r"[?$]?[\w:+-](\.?[\w:+-])*")
HEADER_NAME: Final = compile_lazily(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What HTTP allows as a header's name (RFC 9110, 5.1)."""

FRAMING: Final = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers, in lower case, that say where a message ends or what its connection is for: never a document's."""

NEVER_EXPOSED: Final = FRAMING | {
    "date",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "server",
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
}
"""Response headers, in lower case, that are of one connection or between the runtime and an API: no caller's to see."""

_COOKIE_VALUE: Final = compile_lazily(r"[!#-+\--:<-\[\]-~]*")
"""What RFC 6265 allows as a cookie's value (4.1.1)."""

_UNQUOTED_ITEM: Final = compile_lazily(r"[^\s\",\\](?:[^\",\\]*[^\s\",\\])?")
"""An item of a header's list that needs no quotes: no comma, no quote, no white space around."""

_FORBIDDEN_IN_HEADER: Final = compile_lazily(r"[\x00-\x08\x0a-\x1f\x7f]")
_JSON_NUMBER: Final = compile_lazily(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_INTEGER_MIN, _INTEGER_MAX = -(2**63), 2**64 - 1
_CONTROL: Final = compile_lazily(rb"[\x00-\x1f\x7f]")
_DOTS: Final = compile_lazily(rb"(?:^|[/\\])\.{1,2}(?:;[^/\\]*)?(?=[/\\]|$)")  # some servers take "..;x" for ".."
IN_PATH: Final = "/:@!$&'()*+,;=~%-._"
"""What stands in a URL's path unencoded; a percent sign is one that encodes already."""


class Joined:
    """A list, or text with lists in it, for a place outside JSON: items are separated by commas, and each stays one."""

    __slots__ = ("parts",)

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def text(self, encode: Callable[[str], str], encode_item: Callable[[str], str]) -> str:
        """The whole as text, where texts and items are encoded each in its way; null items are left out."""
        return "".join(
            ",".join(encode_item(as_text(item)) for item in part if item is not None)
            if isinstance(part, list)
            else encode(as_text(part))
            for part in self.parts
        )


def as_text(value: Any) -> str:
    """A value as plain text: what a URL, a header or a form field shows of it.

    Raises:
        Unrenderable: It is a file that is no text, or what :func:`as_json` refuses.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, File):
        if value.text is not None:
            return value.text
        try:
            return value.content.decode()
        except UnicodeDecodeError:
            raise Unrenderable("a file that is no text can only be a part of a multipart form") from None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_as_written(value)
    return as_json(value).decode()


def as_json(value: Any) -> bytes:
    """A value as JSON.

    Raises:
        Unrenderable: It holds what JSON cannot: a lone surrogate, or nesting beyond the encoder's depth.
    """
    try:
        return orjson.dumps(value, default=_as_plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    except orjson.JSONEncodeError as error:
        if "64-bit" not in str(error):
            raise Unrenderable(f"not expressible as JSON: {error}") from None
    try:
        return orjson.dumps(_with_integers(value), default=_as_plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise Unrenderable(f"not expressible as JSON: {error}") from None


def _as_plain(value: Any) -> Any:
    """Numbers keep their spelling where JSON has it, files become base64; nothing else needs to become anything."""
    if isinstance(value, File):
        return b64encode(value.content).decode()
    if isinstance(value, WrittenInt | WrittenFloat):
        return orjson.Fragment(value.text) if _JSON_NUMBER.fullmatch(value.text) else _plain_number(value)
    raise TypeError


def _plain_number(value: float) -> Any:
    return orjson.Fragment(str(int(value))) if isinstance(value, int) else float(value)


def _with_integers(value: Any) -> Any:
    """A value whose integers beyond 64 bits, which orjson refuses, are JSON already."""
    match value:
        case dict():
            return {key: _with_integers(item) for key, item in value.items()}
        case list():
            return [_with_integers(item) for item in value]
        case int() if type(value) is int and not _INTEGER_MIN <= value <= _INTEGER_MAX:
            return orjson.Fragment(str(value))
        case _:
            return value


def in_json_string(value: Any) -> bytes:
    """A value as the inside of a JSON string: escaped, without the quotes."""
    return as_json(as_text(value))[1:-1]


def in_path(value: Any) -> str:
    """A value as ONE path segment, percent-encoded; the items of a list are separated by commas.

    Raises:
        Unrenderable: It is empty, ``.`` or ``..`` (URL libraries fold those even when encoded), or no UTF-8 text.
    """
    if isinstance(value, (list, Joined)):
        encoded = _joined(value)
        if encoded in ("", ".", ".."):
            raise Unrenderable("a path segment cannot be empty, '.' or '..'")
        return encoded
    text = as_text(value)
    if text in ("", ".", ".."):
        raise Unrenderable("a path segment cannot be empty, '.' or '..'")
    return _quoted(text)


def below_base(raw_path: bytes) -> str:
    """What a caller put behind a base URI, as it came, with all that a URL cannot hold encoded.

    Raises:
        Unrenderable: It has a segment ``.`` or ``..``, however encoded or decorated, or a control character.
    """
    decoded = unquote_to_bytes(raw_path)
    if _DOTS.search(decoded):
        raise Unrenderable("a path cannot hold segments '.' and '..'")
    if _CONTROL.search(decoded):
        raise Unrenderable("a path cannot hold control characters")
    return quote(raw_path, safe=IN_PATH)


def in_query(value: Any) -> str:
    """A value percent-encoded for a query or a form field."""
    return _joined(value) if isinstance(value, Joined) else _quoted(as_text(value))


def joined_in_query(items: list[Any], separator: str) -> str:
    """A list as one value of a query, its items separated by a character.

    Raises:
        Unrenderable: An item holds the separator, and nothing could tell them apart.
    """
    if separator == ",":
        return _joined(items)
    texts = [as_text(item) for item in items if item is not None]
    if any(separator in text for text in texts):
        raise Unrenderable(f"an item of the list holds '{separator}', which separates the items")
    return _quoted(separator.join(texts))


def _joined(value: list[Any] | Joined) -> str:
    joined = value if isinstance(value, Joined) else Joined(value)
    return joined.text(_quoted_but_commas, _quoted)


def _quoted_but_commas(text: str) -> str:
    return _quoted(text, safe=",")


def _quoted(text: str, safe: str = "") -> str:
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise Unrenderable("not valid Unicode text") from None


def in_xml(text: str) -> str:
    """Text as (part of) the content of an XML element or attribute; white space survives both.

    Raises:
        Unrenderable: It holds a character that XML has no way to write.
    """
    if _FORBIDDEN_IN_XML.search(text):
        raise Unrenderable("XML cannot hold control characters")
    return _SPECIAL_IN_XML.sub(lambda match: f"&#{ord(match[0])};", text)


def in_sparql(text: str, place: Literal["string", "iri", "token"]) -> str:
    """Text as a part of a SPARQL string or IRI, or as a whole token: a number, a name, a variable.

    Raises:
        Unrenderable: It could end the place it stands in.
    """
    match place:
        case "string":
            if _SPARQL_CODEPOINT.search(text):  # read before strings are, so that no escaping helps
                raise Unrenderable("a SPARQL string cannot hold a backslash and a u")
            return _SPECIAL_IN_SPARQL.sub(lambda match: _SPARQL_ESCAPES[match[0]], text)
        case "iri":
            return _FORBIDDEN_IN_IRI.sub(lambda match: quote(match[0], safe=""), text)
        case "token":
            if _SPARQL_TOKEN.fullmatch(text):
                return text
            raise Unrenderable("outside quotes, a SPARQL query takes a number or a name")


def utf8(text: str) -> bytes:
    """Text as UTF-8.

    Raises:
        Unrenderable: It holds half of a surrogate pair.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Unrenderable("not valid Unicode text") from None


def in_header(value: Any) -> bytes:
    """A value as (part of) a header value, UTF-8; an item of a list that holds a comma is quoted (RFC 9110, 5.6.1).

    Raises:
        Unrenderable: It holds a line break or another control character.
    """
    if isinstance(value, list):
        value = Joined(value)
    text = value.text(str, _header_item) if isinstance(value, Joined) else as_text(value)
    if _FORBIDDEN_IN_HEADER.search(text):
        raise Unrenderable("a header value cannot hold control characters")
    return utf8(text)


def _header_item(text: str) -> str:
    if text and _UNQUOTED_ITEM.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def in_cookie(value: Any) -> str:
    """A value as a cookie's: as it is where a cookie may hold it (RFC 6265, 4.1.1), otherwise percent-encoded."""
    if isinstance(value, list):
        value = Joined(value)
    text = value.text(str, _cookie_item) if isinstance(value, Joined) else as_text(value)
    return text if _COOKIE_VALUE.fullmatch(text) else _quoted(text)


def _cookie_item(text: str) -> str:
    if "," in text:
        raise Unrenderable("an item of a list in a cookie holds ',', which separates the items")
    return text


def cookie_name(name: str) -> str:
    """A cookie's name: a token, or percent-encoded."""
    return name if HEADER_NAME.fullmatch(name) else _quoted(name)
