"""XML, as the reference reads it: the root element's name is dropped, and its content is the value.

Attributes and child elements are fields by their local names, repeated children a list; an element with nothing but
text is that text, and beside attributes or children its text is the field with the empty name.
"""

from __future__ import annotations

from typing import Any, Final
from xml.parsers import expat

from naftiko_runtime.formats.charset import as_text

DEPTH_MAX: Final = 200


def decode(body: bytes, charset: str | None = None) -> Any:
    """Decode an XML document.

    Args:
        body: The document.
        charset: What it is in, whatever its declaration says; without one the declaration counts.

    Raises:
        ValueError: It is none, nested too deeply, or has a document type, which could make it expand or read files.
    """
    reader = _Reader()
    if charset is not None:
        body = as_text(body, charset).encode()
    parser = expat.ParserCreate(None if charset is None else "utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError) as error:  # the latter for a declared encoding that there is none of
        raise ValueError(str(error)) from None
    return reader.value


class _Reader:
    """Builds the value while the parser goes through the document."""

    def __init__(self) -> None:
        self.value: Any = None
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []

    def doctype(self, *_: Any) -> None:
        raise ValueError("it has a document type")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) == DEPTH_MAX:
            raise ValueError("nested too deeply")
        fields: dict[str, Any] = {
            _local(key): value for key, value in attributes.items() if key.partition(":")[0] != "xmlns"
        }
        self._open.append((_local(name), fields, []))

    def text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _: str) -> None:
        name, fields, texts = self._open.pop()
        text = "".join(texts)
        value: Any = fields or text
        if fields and text.strip():
            fields[""] = text
        if self._open:
            _add(self._open[-1][1], name, value)
        else:
            self.value = value


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    """Set a field; a second one of the same name makes it a list."""
    if name not in fields:
        fields[name] = value
    elif isinstance(known := fields[name], list):
        known.append(value)
    else:
        fields[name] = [known, value]
