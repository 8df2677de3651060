"""Links a JSON body that the document has as one text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.plan import Composed, Constant, JsonText

if TYPE_CHECKING:
    from collections.abc import Iterator

    import orjson

    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.plan import Body, Term
    from naftiko_runtime.source import KeyPath
    from naftiko_runtime.template import Placeholder
else:
    orjson = import_lazily("orjson")

_JSON_STRING: Final = compile_lazily(r'"((?:[^"\\]|\\.)*)"(\s*:)?', re.DOTALL)
_JsonPlace = Literal["bare", "string", "key"]
_MARK: Final = "\0"
"""JSON text cannot hold it."""


def link_json_text(text: str, key_path: KeyPath, references: CallReferences) -> Body | None:
    """Link a JSON text with placeholders, each of which is bare, in a string or in a key; None if it is not JSON."""
    pieces = references.split_body_template(text, key_path)
    if not _is_json(pieces, key_path, references):
        return None
    terms = iter(
        [references.resolve_body_piece(piece, text, key_path) for piece in pieces if not isinstance(piece, str)]
    )
    whole = "".join(piece if isinstance(piece, str) else _MARK for piece in pieces)
    parts: list[str | tuple[Term, _JsonPlace]] = []
    end = 0
    for string in _JSON_STRING.finditer(whole):
        if _MARK not in string[1]:
            continue
        parts += _replace_marks(whole[end : string.start()], terms, "bare")
        if string[2]:
            parts += ['"', *_replace_marks(string[1], terms, "key"), '"', string[2]]
        else:
            parts.append((_link_string(string[1], terms), "string"))
        end = string.end()
    return JsonText((*parts, *_replace_marks(whole[end:], terms, "bare")))


def _replace_marks(text: str, terms: Iterator[Term], place: _JsonPlace) -> list[str | tuple[Term, _JsonPlace]]:
    """Replace the marks in a piece of JSON text by their terms."""
    head, *rest = text.split(_MARK)
    parts: list[str | tuple[Term, _JsonPlace]] = [head] if head else []
    for literal in rest:
        parts.append((next(terms), place))
        parts += [literal] if literal else []
    return parts


def _link_string(text: str, terms: Iterator[Term]) -> Term:
    """Return the inside of a JSON string as one term, so that it is absent as a whole."""
    head, *rest = [orjson.loads(f'"{literal}"') for literal in text.split(_MARK)]
    parts: list[Any] = [Constant(head)] if head else []
    for literal in rest:
        parts.append(next(terms))
        parts += [Constant(literal)] if literal else []
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))


def _is_json(pieces: tuple[str | Placeholder, ...], key_path: KeyPath, references: CallReferences) -> bool:
    """With any values in it, the text must be JSON: ``0`` fits bare and inside a string alike."""
    sample = "".join(piece if isinstance(piece, str) else "0" for piece in pieces)
    try:
        orjson.loads(sample)
    except orjson.JSONDecodeError as error:
        references.context.report(rules.INVALID_VALUE_JSON_BODY(problem=error.msg), key_path)
        return False
    return True
