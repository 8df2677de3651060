"""Reads the forms that callers send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from python_multipart.multipart import MultipartParser, parse_options_header

from naftiko_runtime.errors import InputFault, Rejected
from naftiko_runtime.exposes.rest.inputs import split_lists
from naftiko_runtime.file_value import File

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_FIELDS_MAX: Final = 1000
_URLENCODED: Final = b"application/x-www-form-urlencoded"
_MULTIPART: Final = b"multipart/form-data"


def read_form(content_type: bytes, body: bytes, lists: Collection[str] = ()) -> dict[str, Any] | None:
    """Return the fields of a form by name, each a text, a file or a list of them. None if the body is not a form.

    A field that is declared as a list may also be one value with commas. JSON with the content type of a form, as
    ``curl -d`` sends it, is not a form: the first byte of a form is never a brace or a bracket.

    Raises:
        Rejected: The form does not parse, or has too many fields.
    """
    kind = content_type.partition(b";")[0].strip().lower()
    if kind == _URLENCODED and body.lstrip()[:1] not in (b"{", b"["):
        return _read_urlencoded(body, lists)
    return _read_multipart(content_type, body) if kind == _MULTIPART else None


def _read_urlencoded(body: bytes, lists: Collection[str]) -> dict[str, Any]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_MAX)
    except UnicodeDecodeError:
        raise _make_rejection("is not UTF-8 text") from None
    except ValueError:
        raise _make_rejection(f"has more than {_FIELDS_MAX} fields") from None
    fields = _group(pairs)
    split_lists(body, fields, lists)
    return _unwrap_single(fields, lists)


def _read_multipart(content_type: bytes, body: bytes) -> dict[str, Any]:
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise _make_rejection("has no boundary")
    reader = _PartReader()
    try:
        parser = MultipartParser(boundary, reader.make_callbacks())
        parser.write(body)
        parser.finalize()
        fields = [_parse_field(headers, content) for headers, content in reader.parts]
    except UnicodeDecodeError:
        raise _make_rejection("is not UTF-8 text") from None
    except ValueError:  # of the parser, too: its words are about bytes
        raise _make_rejection("does not parse as parts") from None
    if not reader.ended:
        raise _make_rejection("ends in the middle of a part")
    return _unwrap_single(_group(fields))


class _PartReader:
    """Collects the parts from a parser: headers by name in lower case, and content."""

    def __init__(self) -> None:
        self.parts: list[tuple[dict[bytes, bytes], bytearray]] = []
        self.ended = False
        self._name = b""
        self._value = b""

    def make_callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header_name,
            "on_header_value": self._add_header_value,
            "on_header_end": self._add_header,
            "on_part_data": self._add_data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) == _FIELDS_MAX:
            raise _make_rejection(f"has more than {_FIELDS_MAX} fields")
        self.parts.append(({}, bytearray()))

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _add_header(self) -> None:
        self.parts[-1][0][self._name.lower()] = self._value
        self._name = self._value = b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1][1].extend(data[start:end])

    def _end(self) -> None:
        self.ended = True


def _parse_field(headers: dict[bytes, bytes], content: bytearray) -> tuple[str, str | File]:
    """Return a part's name, and its text or file.

    Raises:
        ValueError: The part has no name, or is text that is not UTF-8.
    """
    _, options = parse_options_header(headers.get(b"content-disposition", b""))
    name = options[b"name"].decode() if b"name" in options else ""
    if not name:
        raise ValueError
    if b"filename" not in options:
        return name, content.decode()
    media_type = headers.get(b"content-type", b"").decode("latin-1") or None
    return name, File(bytes(content), options[b"filename"].decode(), media_type)


def _group(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    fields: dict[str, list[Any]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _unwrap_single(fields: dict[str, list[Any]], lists: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields by name: a list for a declared list and for a repeated field, otherwise the value."""
    return {name: v[0] if len(v) == 1 and name not in lists else v for name, v in fields.items()}


def _make_rejection(why: str) -> Rejected:
    return Rejected(InputFault("", "body", f"the form {why}"))
