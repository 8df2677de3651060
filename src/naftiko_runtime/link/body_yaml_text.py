"""Links a YAML body that the document has as one text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.body_tree import make_object
from naftiko_runtime.plan import Composed, Constant, TermList, YamlTree, freeze
from naftiko_runtime.source import SourceError, parse_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.plan import Body, Term, Tree
    from naftiko_runtime.source import KeyPath

_YAML_MARK: Final = "\ue000{}\ue001"
_YAML_MARKED: Final = compile_lazily("\ue000([0-9]+)\ue001")


def link_yaml_text(text: str, key_path: KeyPath, references: CallReferences) -> Body | None:
    """Link a YAML text with placeholders; None if it is refused.

    The text is parsed before it has any values, so that no value can change its structure.
    """
    pieces = references.split_body_template(text, key_path)
    terms = [references.resolve_body_piece(piece, text, key_path) for piece in pieces if not isinstance(piece, str)]
    numbers = iter(range(len(terms)))
    marked = "".join(p if isinstance(p, str) else _YAML_MARK.format(next(numbers)) for p in pieces)
    try:
        parsed = parse_source(marked.encode(), "body").data
    except SourceError as error:
        references.context.report(rules.INVALID_VALUE_YAML_BODY(problem=error.diagnostics[0].statement), key_path)
        return None
    if _has_marked_key(parsed):
        references.context.report(rules.INVALID_VALUE_YAML_KEY(), key_path)
        return None
    return YamlTree(_replace_marks(parsed, terms))


def _has_marked_key(node: Any) -> bool:
    if isinstance(node, dict):
        return any(_YAML_MARKED.search(str(key)) or _has_marked_key(value) for key, value in node.items())
    return isinstance(node, list) and any(map(_has_marked_key, node))


def _replace_marks(node: Any, terms: Sequence[Term]) -> Tree:
    """Replace the marks in parsed data by their terms."""
    if isinstance(node, dict):
        return make_object({key: _replace_marks(value, terms) for key, value in node.items()})
    if isinstance(node, list):
        return TermList(tuple(_replace_marks(value, terms) for value in node))
    if not isinstance(node, str):
        return Constant(freeze(node))
    parts: list[Any] = []
    for number, text in enumerate(_YAML_MARKED.split(node)):
        if number % 2:
            parts.append(terms[int(text)])
        elif text:
            parts.append(Constant(text))
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))
