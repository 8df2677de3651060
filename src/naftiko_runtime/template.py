"""Templates: text split into literal pieces and placeholders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.rules import message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError

if TYPE_CHECKING:
    import re

_PLACEHOLDER: Final = compile_lazily(r"\{\{\s*([^{}]*?)\s*\}\}")
_PATH_PLACEHOLDER: Final = compile_lazily(r"\{\{\s*([^{}/]+?)\s*\}\}|\{\s*([^{}/]+?)\s*\}")


class Placeholder(Struct, frozen=True):
    """A placeholder in a template.

    Attributes:
        name: The text between its braces.
        offset: Its position in the template, in characters from 0.
        bare: Whether it is a reference without double braces; its name is then its whole text.
    """

    name: str
    offset: int
    bare: bool = False


def split_template(text: str) -> tuple[str | Placeholder, ...]:
    """Split a template into literal pieces and placeholders; text without placeholders is one piece.

    Raises:
        DescribedError: A placeholder is empty.
    """
    return _split(_PLACEHOLDER, text)


def split_path(text: str) -> tuple[str | Placeholder, ...]:
    """Split a path, whose placeholders are written ``{name}`` or ``{{name}}``.

    Raises:
        DescribedError: A placeholder is empty, or a brace is not closed.
    """
    pieces = _split(_PATH_PLACEHOLDER, text)
    if any(isinstance(piece, str) and ("{" in piece or "}" in piece) for piece in pieces):
        raise DescribedError(message_clauses.BRACE_ALONE())
    return pieces


def _split(pattern: re.Pattern[str], text: str) -> tuple[str | Placeholder, ...]:
    pieces: list[str | Placeholder] = []
    end = 0
    for match in pattern.finditer(text):
        name = next(filter(None, match.groups()), "")
        if not name:
            raise DescribedError(message_clauses.EMPTY_PLACEHOLDER())
        if match.start() > end:
            pieces.append(text[end : match.start()])
        pieces.append(Placeholder(name, match.start()))
        end = match.end()
    if end < len(text) or not pieces:
        pieces.append(text[end:])
    return tuple(pieces)
