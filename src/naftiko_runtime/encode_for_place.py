"""Encodes values for their place: path, query, header, cookie, JSON, XML, SPARQL. No value can leave its place."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, unquote_to_bytes

from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.rules import message_clauses
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
"""The names of headers (RFC 9110, 5.1)."""

FRAMING_HEADERS: Final = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers, in lower case, of message framing and connections: a document cannot set them."""

NEVER_EXPOSED_HEADERS: Final = FRAMING_HEADERS | {
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
"""Response headers, in lower case, of one connection or between the runtime and an API: callers never get them."""

_COOKIE_VALUE: Final = compile_lazily(r"[!#-+\--:<-\[\]-~]*")
"""The values of cookies (RFC 6265, 4.1.1)."""

_UNQUOTED_ITEM: Final = compile_lazily(r"[^\s\",\\](?:[^\",\\]*[^\s\",\\])?")
"""A list item in a header that needs no quotes: without commas, quotes, and white space around it."""

_FORBIDDEN_IN_HEADER: Final = compile_lazily(r"[\x00-\x08\x0a-\x1f\x7f]")
_JSON_NUMBER: Final = compile_lazily(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_INTEGER_MIN, _INTEGER_MAX = -(2**63), 2**64 - 1
_CONTROL: Final = compile_lazily(rb"[\x00-\x1f\x7f]")
_DOTS: Final = compile_lazily(rb"(?:^|[/\\])\.{1,2}(?:;[^/\\]*)?(?=[/\\]|$)")  # some servers take "..;x" for ".."
PATH_SAFE: Final = "/:@!$&'()*+,;=~%-._"
"""Characters that a URL's path has unencoded. A percent sign is part of an encoded character."""


class CommaSeparated:
    """A list, or text with lists in it, for a place outside JSON. Commas separate the items, and no item has any."""

    __slots__ = ("parts",)

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def render(self, encode: Callable[[str], str], encode_item: Callable[[str], str]) -> str:
        """Render it as text; null items are left out.

        Args:
            encode: Encodes the text around lists.
            encode_item: Encodes an item of a list.
        """
        return "".join(
            ",".join(encode_item(format_text(item)) for item in part if item is not None)
            if isinstance(part, list)
            else encode(format_text(part))
            for part in self.parts
        )


def format_text(value: Any) -> str:
    """Format a value as plain text, as in a URL, a header or a form field.

    Raises:
        Unrenderable: It is a file that is not text, or :func:`encode_json` refuses it.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, File):
        if value.text is not None:
            return value.text
        try:
            return value.content.decode()
        except UnicodeDecodeError:
            raise Unrenderable(message_clauses.FILE_BINARY()) from None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_as_written(value)
    return encode_json(value).decode()


def encode_json(value: Any) -> bytes:
    """Encode a value as JSON.

    Raises:
        Unrenderable: It has a lone surrogate, or exceeds the encoder's depth.
    """
    try:
        return orjson.dumps(value, default=_encode_unknown, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    except orjson.JSONEncodeError as error:
        refused = error
    try:  # it may have integers that the encoder refuses
        return orjson.dumps(
            _encode_large_integers(value), default=_encode_unknown, option=orjson.OPT_PASSTHROUGH_SUBCLASS
        )
    except orjson.JSONEncodeError as error:
        raise Unrenderable(message_clauses.NOT_JSON(problem=str(error))) from None
    except RecursionError:
        raise Unrenderable(message_clauses.NOT_JSON(problem=str(refused))) from None


def _encode_unknown(value: Any) -> Any:
    """Numbers keep their spelling if JSON has it, and files become base64."""
    if isinstance(value, File):
        return b64encode(value.content).decode()
    if isinstance(value, WrittenInt | WrittenFloat):
        return orjson.Fragment(value.text) if _JSON_NUMBER.fullmatch(value.text) else _encode_number(value)
    raise TypeError


def _encode_number(value: float) -> Any:
    return orjson.Fragment(str(int(value))) if isinstance(value, int) else float(value)


def _encode_large_integers(value: Any) -> Any:
    """Encode the integers beyond 64 bits, which orjson refuses."""
    match value:
        case dict():
            return {key: _encode_large_integers(item) for key, item in value.items()}
        case list():
            return [_encode_large_integers(item) for item in value]
        case int() if type(value) is int and not _INTEGER_MIN <= value <= _INTEGER_MAX:
            return orjson.Fragment(str(value))
        case _:
            return value


def escape_json_string(value: Any) -> bytes:
    """Escape a value for the inside of a JSON string, without the quotes."""
    return encode_json(format_text(value))[1:-1]


def encode_path_segment(value: Any) -> str:
    """Percent-encode a value as ONE path segment; commas separate the items of a list.

    Raises:
        Unrenderable: It is empty, ``.`` or ``..`` (URL libraries resolve those even if encoded), or not Unicode.
    """
    if isinstance(value, (list, CommaSeparated)):
        encoded = _encode_joined(value)
        if encoded in ("", ".", ".."):
            raise Unrenderable(message_clauses.SEGMENT())
        return encoded
    text = format_text(value)
    if text in ("", ".", ".."):
        raise Unrenderable(message_clauses.SEGMENT())
    return _percent_encode(text)


def encode_caller_path(raw_path: bytes) -> str:
    """Encode the path that a caller appends to a base URI: only the characters that a URL cannot have.

    Raises:
        Unrenderable: It has a segment ``.`` or ``..`` in any encoding, or a control character.
    """
    decoded = unquote_to_bytes(raw_path)
    if _DOTS.search(decoded):
        raise Unrenderable(message_clauses.SEGMENTS())
    if _CONTROL.search(decoded):
        raise Unrenderable(message_clauses.PATH_CONTROL())
    return quote(raw_path, safe=PATH_SAFE)


def encode_query(value: Any) -> str:
    """Percent-encode a value for a query or a form field."""
    return _encode_joined(value) if isinstance(value, CommaSeparated) else _percent_encode(format_text(value))


def encode_query_list(items: list[Any], separator: str) -> str:
    """Percent-encode a list as one value of a query, with a separator between the items.

    Raises:
        Unrenderable: An item has the separator.
    """
    if separator == ",":
        return _encode_joined(items)
    texts = [format_text(item) for item in items if item is not None]
    if any(separator in text for text in texts):
        raise Unrenderable(message_clauses.LIST_SEPARATOR(separator=separator))
    return _percent_encode(separator.join(texts))


def _encode_joined(value: list[Any] | CommaSeparated) -> str:
    joined = value if isinstance(value, CommaSeparated) else CommaSeparated(value)
    return joined.render(_percent_encode_except_commas, _percent_encode)


def _percent_encode_except_commas(text: str) -> str:
    return _percent_encode(text, safe=",")


def _percent_encode(text: str, safe: str = "") -> str:
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise Unrenderable(message_clauses.NOT_UNICODE()) from None


def escape_xml(text: str) -> str:
    """Escape text for the content of an XML element or attribute; white space is kept in both.

    Raises:
        Unrenderable: It has a control character, which XML cannot represent.
    """
    if _FORBIDDEN_IN_XML.search(text):
        raise Unrenderable(message_clauses.XML_CONTROL())
    return _SPECIAL_IN_XML.sub(lambda match: f"&#{ord(match[0])};", text)


def escape_sparql(text: str, place: Literal["string", "iri", "token"]) -> str:
    """Escape text for a SPARQL string or IRI, or check that it is a token: a number, a name, a variable.

    Raises:
        Unrenderable: It could end its place.
    """
    match place:
        case "string":
            if _SPARQL_CODEPOINT.search(text):  # decoded before strings are parsed, so that escaping does not help
                raise Unrenderable(message_clauses.SPARQL_STRING())
            return _SPECIAL_IN_SPARQL.sub(lambda match: _SPARQL_ESCAPES[match[0]], text)
        case "iri":
            return _FORBIDDEN_IN_IRI.sub(lambda match: quote(match[0], safe=""), text)
        case "token":
            if _SPARQL_TOKEN.fullmatch(text):
                return text
            raise Unrenderable(message_clauses.SPARQL_BARE())


def encode_utf8(text: str) -> bytes:
    """Encode text as UTF-8.

    Raises:
        Unrenderable: It has a lone surrogate.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Unrenderable(message_clauses.NOT_UNICODE()) from None


def encode_header(value: Any) -> bytes:
    """Encode a value for a header, in UTF-8; a list item that has a comma is quoted (RFC 9110, 5.6.1).

    Raises:
        Unrenderable: It has a line break or another control character.
    """
    if isinstance(value, list):
        value = CommaSeparated(value)
    text = value.render(str, _quote_header_item) if isinstance(value, CommaSeparated) else format_text(value)
    if _FORBIDDEN_IN_HEADER.search(text):
        raise Unrenderable(message_clauses.HEADER_VALUE())
    return encode_utf8(text)


def _quote_header_item(text: str) -> str:
    if text and _UNQUOTED_ITEM.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def encode_cookie(value: Any) -> str:
    """Encode a value for a cookie: unchanged if a cookie may have it (RFC 6265, 4.1.1), otherwise percent-encoded."""
    if isinstance(value, list):
        value = CommaSeparated(value)
    text = value.render(str, _check_cookie_item) if isinstance(value, CommaSeparated) else format_text(value)
    return text if _COOKIE_VALUE.fullmatch(text) else _percent_encode(text)


def _check_cookie_item(text: str) -> str:
    if "," in text:
        raise Unrenderable(message_clauses.COOKIE_SEPARATOR())
    return text


def encode_cookie_name(name: str) -> str:
    """Encode the name of a cookie: a token unchanged, otherwise percent-encoded."""
    return name if HEADER_NAME.fullmatch(name) else _percent_encode(name)
