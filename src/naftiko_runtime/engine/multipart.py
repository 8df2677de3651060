"""Encodes ``multipart/form-data`` (RFC 7578). No value can end its part."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from naftiko_runtime.encode_for_place import encode_header, encode_utf8, format_text
from naftiko_runtime.engine.compile_terms import ABSENT, compile_term, compile_tree
from naftiko_runtime.engine.encode_fields import flatten
from naftiko_runtime.file_value import File, Unrenderable, decode_base64, parse_data_url
from naftiko_runtime.plan import Argument, MultipartPart
from naftiko_runtime.rules import message_clauses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from naftiko_runtime.engine.compile_terms import Evaluate, Values
    from naftiko_runtime.plan import Term
    from naftiko_runtime.secret import Secret

MULTIPART: Final = b"multipart/form-data"
_BOUNDARY_BYTES: Final = 16
_BINARY: Final = "application/octet-stream"
_MEDIA_TYPE: Final = re.compile(r"[!#$&^_.+\w-]+/[!#$&^_.+*\w-]+(\s*;\s*[\w-]+=(\"[^\"\\]*\"|[^\s\";]+))*", re.ASCII)
_TEXTUAL: Final = re.compile(r"text/|[\w.+-]+/([\w.-]+\+)?(json|xml|yaml|csv|javascript)\b")

Encode: TypeAlias = Callable[["Values"], bytes | None]


@dataclass(frozen=True, slots=True)
class _CompiledPart:
    name: str
    value: Evaluate
    filename: Evaluate | None
    content_type: Evaluate | None


def compile_multipart(parts: tuple[MultipartPart, ...], secrets_: Mapping[str, Secret]) -> Encode:
    """Compile a body; each one has an unpredictable boundary. Its encoder returns None if there are no parts.

    Objects, and lists with lists or objects in them, become several parts, as in other forms. In a part with a content
    type they are JSON.
    """

    def evaluate(term: Term | None) -> Evaluate | None:
        return None if term is None else compile_term(term, secrets_)

    prepared = [
        _CompiledPart(p.name, compile_tree(p.term, secrets_), evaluate(p.filename), evaluate(p.content_type))
        for p in parts
    ]

    def encode(values: Values) -> bytes | None:
        boundary = secrets.token_hex(_BOUNDARY_BYTES).encode()
        pieces: list[bytes] = []
        for part in prepared:
            value = part.value(values)
            for rest, item in _list_items(part, value):
                if item is not ABSENT and item is not None:
                    pieces += _encode_part(part, rest, item, values, boundary)
        return b"".join((*pieces, b"--", boundary, b"--\r\n")) if pieces else None

    return encode


def _list_items(part: _CompiledPart, value: Any) -> Iterable[tuple[str, Any]]:
    """Return the values that become a part each, with the suffixes of their names."""
    if isinstance(value, dict | list) and part.filename is None and part.content_type is None:
        return flatten(value)
    return [("", item) for item in (value if isinstance(value, list) else [value])]


def encode_multipart(fields: Mapping[str, Any]) -> bytes | None:
    """Encode plain fields as a body; None if there are no fields."""
    return compile_multipart(tuple(MultipartPart(name, Argument(name)) for name in fields), {})(fields)


def find_content_type(body: bytes) -> bytes:
    """Find the content type of a body of this module, which begins with its boundary."""
    return MULTIPART + b"; boundary=" + body[2 : 2 + 2 * _BOUNDARY_BYTES]


def _encode_part(part: _CompiledPart, rest: str, value: Any, values: Values, boundary: bytes) -> Iterator[bytes]:
    filename, media_type = _evaluate_text(part.filename, values), _evaluate_text(part.content_type, values)
    if isinstance(value, File):
        filename, media_type = filename or value.name, media_type or value.media_type
    content, stated = encode_content(value, media_type, is_file=part.filename is not None)
    media_type = media_type or stated
    if filename and not media_type:
        media_type = _BINARY
    yield b"--" + boundary + b'\r\ncontent-disposition: form-data; name="' + _quote(part.name + rest) + b'"'
    if filename:
        yield b'; filename="' + _quote(filename) + b'"'
    if media_type:
        if not _MEDIA_TYPE.fullmatch(media_type):
            raise Unrenderable(message_clauses.CONTENT_TYPE())
        yield b"\r\ncontent-type: " + encode_header(media_type)
    yield b"\r\n\r\n" + content + b"\r\n"


def encode_content(value: Any, media_type: str | None, *, is_file: bool) -> tuple[bytes, str | None]:
    """Encode the content of a part; return its bytes, and the content type of the value, if it has one.

    An uploaded file is unchanged. The text of a file is base64 or a ``data:`` URL, unless its content type is textual.

    Raises:
        Unrenderable: It is neither.
    """
    if isinstance(value, File):
        return value.content, value.media_type
    text = format_text(value)
    if not is_file and (media_type is None or _TEXTUAL.match(media_type)):
        return encode_utf8(text), None
    if (file := parse_data_url(text)) is not None:
        return file.content, file.media_type
    if media_type is not None and _TEXTUAL.match(media_type):
        return encode_utf8(text), None
    return decode_base64(text), None


def _evaluate_text(get: Evaluate | None, values: Values) -> str | None:
    value = ABSENT if get is None else get(values)
    return None if value is ABSENT or value is None else format_text(value)


def _quote(text: str) -> bytes:
    """Encode a quoted name as browsers do: quotes and line breaks percent-encoded, all else in UTF-8."""
    return encode_header(text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A"))
