"""URIs of resources, and templates of them: RFC 6570, level 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.terms import Argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    import re2

    from naftiko_runtime.rules import Statement
else:
    re2 = import_lazily("re2")

_EXPRESSION: Final = compile_lazily(r"\{([^{}]*)\}")
_DOUBLE: Final = compile_lazily(r"\{\{\s*([^{}]+?)\s*\}\}")
_VARIABLE: Final = compile_lazily(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")
_WORD: Final = compile_lazily(r"[A-Za-z0-9_]{1,40}")
_SCHEME: Final = compile_lazily(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ODD_CHARACTER: Final = compile_lazily(r"[^!#$&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~%]|%(?![0-9A-Fa-f]{2})")
"""What no URI has (RFC 3986): it is percent-encoded."""
_VALUE: Final = "([^/?#&,]+)"
"""What matches a variable: expansion percent-encodes every character that is not here."""


class UriError(Exception):
    """A URI or a template is invalid.

    Attributes:
        statement: What is wrong.
    """

    def __init__(self, statement: Statement) -> None:
        super().__init__(statement)
        self.statement = statement


def parse_uri(text: str) -> tuple[str | Argument, ...]:
    """Split a URI into text and the variables of a template.

    Raises:
        UriError: It is no URI and no template of level 1.
    """
    if double := _DOUBLE.search(text):
        raise UriError(rules.URI_DOUBLE_BRACES(name=double[1][:40]))
    pieces: list[str | Argument] = []
    end = 0
    for match in _EXPRESSION.finditer(text):
        if match.start() > end:
            pieces.append(text[end : match.start()])
        elif pieces:
            raise UriError(rules.URI_ADJACENT())
        pieces.append(Argument(_read_variable(match[1], pieces)))
        end = match.end()
    if end < len(text) or not pieces:
        pieces.append(text[end:])
    _check_literals([piece for piece in pieces if isinstance(piece, str)], text)
    return tuple(pieces)


def _read_variable(expression: str, before: Sequence[str | Argument]) -> str:
    if _VARIABLE.fullmatch(expression) is None:
        found = _WORD.search(expression)
        raise UriError(rules.URI_EXPRESSION(expression=expression[:40], name=found[0] if found else "name"))
    if Argument(expression) in before:
        raise UriError(rules.URI_TWICE(name=expression[:40]))
    return expression


def _check_literals(literals: Sequence[str], text: str) -> None:
    if any("{" in literal or "}" in literal for literal in literals):
        raise UriError(rules.URI_BRACE())
    if not text or text.startswith("{") or _SCHEME.match(literals[0]) is None:
        raise UriError(rules.URI_SCHEME())
    odd = next((found[0] for literal in literals if (found := _ODD_CHARACTER.search(literal))), None)
    if odd is not None:
        raise UriError(rules.URI_CHARACTER(character=odd if odd.isprintable() else f"U+{ord(odd):04X}"))


class CompiledUriTemplate:
    """A template of URIs, compiled to a pattern that matches in linear time."""

    def __init__(self, pieces: Sequence[str | Argument]) -> None:
        self._names = [piece.name for piece in pieces if isinstance(piece, Argument)]
        pattern = "".join(re2.escape(piece) if isinstance(piece, str) else _VALUE for piece in pieces)
        self._pattern = re2.compile(pattern)

    def match(self, uri: str) -> dict[str, str] | None:
        """Return the decoded values of the variables of a URI. None if it does not match, or is not UTF-8."""
        found = self._pattern.fullmatch(uri)
        if found is None:
            return None
        try:
            values = [unquote(text, errors="strict") for text in found.groups()]
        except UnicodeDecodeError:
            return None
        return dict(zip(self._names, values, strict=True))
