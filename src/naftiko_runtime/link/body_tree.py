"""Links structured bodies: objects and lists with a term for each leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.plan import Composed, Constant, TermList, TermObject, freeze

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.plan import Term, Tree
    from naftiko_runtime.source import KeyPath


def make_object(fields: Mapping[str, Tree]) -> TermObject:
    """Return an object of fields, in their order."""
    return TermObject(tuple(fields.items()))


def link_tree(data: Any, key_path: KeyPath, references: CallReferences) -> Tree:
    """Link a structure: a term for each leaf. A leaf that is one placeholder keeps the type of its value."""
    if isinstance(data, dict):
        return make_object({key: link_tree(value, (*key_path, key), references) for key, value in data.items()})
    if isinstance(data, list):
        return TermList(tuple(link_tree(value, (*key_path, index), references) for index, value in enumerate(data)))
    return link_text(data, key_path, references) if isinstance(data, str) else Constant(freeze(data))


def link_text(text: str, key_path: KeyPath, references: CallReferences) -> Term:
    """Link one text with placeholders."""
    pieces = references.split_body_template(text, key_path)
    terms: list[Any] = [
        Constant(p) if isinstance(p, str) else references.resolve_body_piece(p, text, key_path) for p in pieces
    ]
    return terms[0] if len(terms) == 1 else Composed(tuple(terms))
