"""Reads the tokens of an expression, and reports the position of an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from naftiko_runtime import limits
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.rules import message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.rules import NounPhrase

T = TypeVar("T")

_BLANKS: Final = compile_lazily(r"[ \t\r\n]*")
_QUOTED: Final = compile_lazily(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_ESCAPE: Final = compile_lazily(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class JsonPathError(DescribedError):
    """An expression is not a JSONPath, or exceeds a limit.

    Attributes:
        column: Its position in the expression, in characters from 1.
    """

    def __init__(self, problem: NounPhrase, column: int) -> None:
        super().__init__(message_clauses.AT_COLUMN(column=column, problem=problem))
        self.column = column


class Scanner:
    """Reads the tokens of an expression.

    Attributes:
        text: The expression.
        at: The current position.
        depth: How many filters, arguments, lists and objects are open there.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def is_at_end(self) -> bool:
        """Return whether everything is read."""
        return self.at >= len(self.text)

    def sees(self, *tokens: str) -> bool:
        """Return whether one of these comes next."""
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

    def skip_blanks(self) -> None:
        """Skip blanks."""
        self.match(_BLANKS)

    def read_quoted(self) -> str | None:
        """Read a text in single or double quotes; None if no quote comes next."""
        found = self.match(_QUOTED)
        if found is not None:
            return _unescape(found[1] if found[1] is not None else found[2])
        if self.sees("'", '"'):
            raise self.make_error(message_clauses.PATH_QUOTE_OPEN(quote=self.text[self.at]))
        return None

    def expect(self, token: str, problem: NounPhrase) -> None:
        """Read this token, after blanks.

        Raises:
            JsonPathError: Something else comes next.
        """
        self.skip_blanks()
        if not self.accept(token):
            raise self.make_error(message_clauses.PATH_WRITE(problem=problem, token=token))

    def read_list(self, read: Callable[[], T], separator: str = ",") -> list[T]:
        """Read one item or more, with a separator between them."""
        items: list[T] = []
        while not items or self.accept(separator):
            self.skip_blanks()
            items.append(read())
            self.skip_blanks()
        return items

    def nest(self, read: Callable[[], T]) -> T:
        """Read something one level deeper.

        Raises:
            JsonPathError: It is too deep.
        """
        self.depth += 1
        if self.depth > limits.JSONPATH_NESTING_MAX:
            raise self.make_error(message_clauses.PATH_NESTING(most=limits.JSONPATH_NESTING_MAX))
        result = read()
        self.depth -= 1
        return result

    def make_error(self, problem: NounPhrase, at: int | None = None) -> JsonPathError:
        """Make an error at an offset, or at the current position."""
        return JsonPathError(problem, (self.at if at is None else at) + 1)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_replace_escape, text)
    # Two escapes can be the halves of one character.
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _replace_escape(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)
