"""XML, as the reference reads it: the root element's name is dropped, and its content is the value.

Attributes and child elements are fields by their local names, repeated children a list. An element with nothing but
text is that text; beside attributes or children its text is the field with the empty name, and several texts are a
list. ``xsi:nil`` is null.

Entities are never expanded. A document type is ignored. A reference to anything but the five entities of XML
stays as it is written.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final
from xml.parsers import expat

from naftiko_runtime.formats.decode_text import decode_text, find_codec, find_marked_charset

if TYPE_CHECKING:
    from naftiko_runtime.decoding_irregularities import Irregularities

DEPTH_MAX: Final = 200
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_DECLARED: Final = re.compile(rb"\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]*)")
_DECLARATION: Final = re.compile(r"\A\s*<\?xml\b[^>]*\?>")
_FORBIDDEN: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE: Final = re.compile(r"&(?:#(?:x(?P<hex>[0-9a-fA-F]+)|(?P<number>[0-9]+));|(?P<name>[A-Za-z_][\w.-]*;))?")
_CODE_DIGITS_MAX: Final = 8


def decode(body: bytes, charset: str | None, notes: Irregularities) -> Any:
    """Decode an XML document.

    The charset of the content type counts more than the document's declaration.

    Raises:
        ValueError: It is not XML, or nested too deeply.
    """
    text = _DECLARATION.sub("", decode_text(body, charset or _find_declared_charset(body), notes), count=1).lstrip()
    try:
        return _parse(text)
    except expat.ExpatError as error:
        mended, forbidden = _FORBIDDEN.subn("\ufffd", text)
        mended, references = _mend_references(mended)
        if not forbidden + references:
            raise ValueError(str(error)) from None
    try:
        value = _parse(mended)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    notes.add("characters that XML does not allow", forbidden + references)
    return value


def _find_declared_charset(body: bytes) -> str | None:
    """Return the charset that the document declares.

    A declaration in ASCII bytes cannot be true for UTF-16 or UTF-32.
    """
    if body.startswith((b"<\0", b"\0<")):
        return "utf-16-le" if body[1] == 0 else "utf-16-be"
    found = None if find_marked_charset(body) else _DECLARED.match(body)
    named = None if found is None else found[1].decode()
    codec = find_codec(named) if named else None
    return None if codec is not None and codec.startswith(("utf_16", "utf_32")) else named


def _mend_references(text: str) -> tuple[str, int]:
    """Replace every ``&`` that begins no valid reference. Return the text and the number of replacements."""
    count = 0

    def mend(reference: re.Match[str]) -> str:
        nonlocal count
        if reference["name"]:
            return reference[0]
        digits = reference["hex"] or reference["number"]
        if digits is None:
            count += 1
            return "&amp;"
        code = int(digits, 16 if reference["hex"] else 10) if len(digits) <= _CODE_DIGITS_MAX else -1
        if 0 <= code <= 0x10FFFF and not _FORBIDDEN.match(chr(code)):  # noqa: PLR2004 - the last code point
            return reference[0]
        count += 1
        return "\ufffd"

    return _REFERENCE.sub(mend, text), count


def _parse(text: str) -> Any:
    encoded = text.encode("utf-8", "replace")
    subset = _find_internal_subset(encoded)
    if subset is not None:
        encoded = encoded[: subset.start] + encoded[subset.stop :]
    reader = _ValueBuilder()
    parser = _make_parser()
    parser.buffer_text = True
    parser.StartElementHandler = reader.on_start
    parser.EndElementHandler = reader.on_end
    parser.CharacterDataHandler = reader.on_text
    parser.SkippedEntityHandler = reader.on_reference
    parser.Parse(encoded, True)
    return reader.value


def _make_parser() -> expat.XMLParserType:
    parser = expat.ParserCreate("utf-8")
    parser.UseForeignDTD(True)  # so that what a document type may declare is skipped instead of an error
    return parser


class _SubsetFound(Exception):  # noqa: N818 - no error
    """Stops the parser after the document type."""


def _find_internal_subset(encoded: bytes) -> slice | None:
    """Return the range of the declarations in the document type. Without them, no entity can expand."""
    head = encoded.find(b"<!DOCTYPE")
    if head < 0:
        return None
    parser = _make_parser()
    bounds: list[int] = []

    def on_doctype_start(_name: str, _system: str | None, _public: str | None, has_subset: int) -> None:
        if not has_subset:
            raise _SubsetFound
        bounds.append(parser.CurrentByteIndex)

    def on_doctype_end() -> None:
        bounds.append(parser.CurrentByteIndex)
        raise _SubsetFound

    def on_element(_name: str, _attributes: dict[str, str]) -> None:
        raise _SubsetFound

    parser.StartDoctypeDeclHandler = on_doctype_start
    parser.EndDoctypeDeclHandler = on_doctype_end
    parser.StartElementHandler = on_element
    with contextlib.suppress(_SubsetFound):
        parser.Parse(encoded, True)
    return slice(*bounds) if len(bounds) > 1 else None


class _ValueBuilder:
    """Builds the value from the parser's events."""

    def __init__(self) -> None:
        self.value: Any = None
        self._open: list[_Element] = []
        self._nil = {"xsi:nil"}

    def on_start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) == DEPTH_MAX:
            raise ValueError("nested too deeply")
        element = _Element(_get_local_name(name))
        for key, value in attributes.items():
            prefix, _, local = key.partition(":")
            if prefix == "xmlns":
                if value == _INSTANCE:
                    self._nil.add(f"{local}:nil")
            elif key not in self._nil:
                element.fields[_get_local_name(key)] = value
        element.nil = any(attributes.get(key, "").strip() in ("true", "1") for key in self._nil)
        self._open.append(element)

    def on_text(self, text: str) -> None:
        self._open[-1].pieces.append(text)

    def on_reference(self, name: str, is_parameter: int) -> None:
        if self._open and not is_parameter:
            self._open[-1].pieces.append(f"&{name};")

    def on_end(self, _: str) -> None:
        element = self._open.pop()
        if self._open:
            parent = self._open[-1]
            parent.end_text()
            _add_field(parent.fields, element.name, element.to_value())
        else:
            value = element.to_value()
            self.value = {"": value} if isinstance(value, str) and value else value


class _Element:
    """An element that is still open."""

    __slots__ = ("fields", "name", "nil", "pieces", "texts")

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: dict[str, Any] = {}
        self.nil = False
        self.pieces: list[str] = []
        self.texts: list[str] = []

    def end_text(self) -> None:
        """Keep the text before a child, unless it is white space."""
        text = "".join(self.pieces)
        if text.strip():
            self.texts.append(text)
        self.pieces.clear()

    def to_value(self) -> Any:
        if self.nil:
            return None
        if not self.fields:
            return "".join(self.pieces)
        self.end_text()
        if self.texts:
            self.fields[""] = self.texts[0] if len(self.texts) == 1 else self.texts
        return self.fields


def _get_local_name(name: str) -> str:
    return name.rpartition(":")[2]


def _add_field(fields: dict[str, Any], name: str, value: Any) -> None:
    """Set a field. Repeated fields become a list."""
    if name not in fields:
        fields[name] = value
    elif isinstance(known := fields[name], list):
        known.append(value)
    else:
        fields[name] = [known, value]
