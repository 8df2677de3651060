"""Reads an expression character by character, and says where and why it stops making sense."""

from __future__ import annotations

import re
from typing import Final

from naftiko_runtime.lazy_import import compile_lazily

_BLANKS: Final = compile_lazily(r"[ \t\r\n]*")
_QUOTED: Final = compile_lazily(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_ESCAPE: Final = compile_lazily(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class JsonPathError(ValueError):
    """An expression that is no JSONPath, or one that is not served.

    Attributes:
        message: the cause, and what to write instead.
        column: where in the expression, counted in characters from 1.
    """

    def __init__(self, message: str, column: int) -> None:
        super().__init__(f"column {column}: {message}")
        self.message = message
        self.column = column


class Scanner:
    """An expression and how much of it has been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def ended(self) -> bool:
        """Whether all was read."""
        return self.at >= len(self.text)

    def sees(self, *tokens: str) -> bool:
        """Whether one of these comes next."""
        return self.text.startswith(tokens, self.at)

    def accept(self, token: str) -> bool:
        """Read this if it comes next."""
        if not self.sees(token):
            return False
        self.at += len(token)
        return True

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what the pattern matches here, if it does."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def blanks(self) -> None:
        """Pass over blanks."""
        self.match(_BLANKS)

    def quoted(self) -> str | None:
        """Read a text in single or double quotes; nothing when no quote comes next."""
        found = self.match(_QUOTED)
        if found is not None:
            return _unescaped(found[1] if found[1] is not None else found[2])
        if self.sees("'", '"'):
            raise self.error(f"the quote is not closed: end it with {self.text[self.at]}")
        return None

    def error(self, message: str, at: int | None = None) -> JsonPathError:
        """An error at this offset, or here."""
        return JsonPathError(message, (self.at if at is None else at) + 1)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_character, text)
    # Two escapes can be the halves of one character.
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)
