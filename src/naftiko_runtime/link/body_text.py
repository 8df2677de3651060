"""Links a body that is text with placeholders: plain text, XML, SPARQL or a form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.plan import PlainText

if TYPE_CHECKING:
    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.plan import Body, Escape, Term
    from naftiko_runtime.source import KeyPath


def link_text_body(text: str, content_type: str, kind: str, key_path: KeyPath, references: CallReferences) -> Body:
    """Link a text; each value is escaped for the kind of text and for its place in it."""
    pieces = references.split_body_template(text, key_path)
    before = ""
    parts: list[str | tuple[Term, Escape]] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
            before += piece
        else:
            escaping = _choose_escape(kind, before, whole=len(pieces) == 1)
            parts.append((references.resolve_body_piece(piece, text, key_path), escaping))
            before += "x"
    return PlainText(tuple(parts), content_type)


def _choose_escape(kind: str, before: str, *, whole: bool) -> Escape:
    """Return how a value is escaped, by the text before it."""
    match kind:
        case "xml" | "formUrlEncoded":
            return "xml" if kind == "xml" else "form"
        case "sparql" if not whole:  # a whole query of the caller is not escaped
            return _find_sparql_place(before)
        case _:
            return "none"


_SPARQL_OPENED: Final = compile_lazily(
    r'''("""|\'\'\')(?:\\.|.)*?(?:\1|(?P<long>\Z))|(["'])(?:\\.|[^\\\n])*?(?:\3|(?P<short>\Z))'''
    r"""|<[^<>"{}|^`\\\s]*(?:>|(?P<iri>\Z))|\#[^\n]*""",
    re.DOTALL,
)


def _find_sparql_place(before: str) -> Escape:
    """Return whether a query so far ends inside a string, inside an IRI, or in neither."""
    place: Escape = "sparql-token"
    for match in _SPARQL_OPENED.finditer(before):
        if match["long"] is not None or match["short"] is not None:
            place = "sparql-string"
        elif match["iri"] is not None:
            place = "sparql-iri"
    return place
