"""Adds a counter to a Python script: each function and each iteration of a loop reports how many statements it has.

The counter is a limit against mistakes, not a protection. Text that a script gives to ``exec`` is not counted,
and neither are comprehensions; the limits on time and memory hold for both.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_Loop: TypeAlias = ast.For | ast.AsyncFor | ast.While
_Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_NEW_LINE: Final = re.compile("\r\n?")


class CountedScript(Struct, frozen=True):
    """A script with a counter.

    Attributes:
        text: The script with calls of the counter.
        inserted: Numbers of the lines of ``text`` that were inserted, ascending.
    """

    text: str
    inserted: tuple[int, ...]

    def find_line(self, line: int) -> int:
        """The line of the script for a line of ``text``."""
        return line - bisect_left(self.inserted, line)


def add_counter(text: str, counter: str) -> CountedScript:
    """Call a counter, a function of one number, in each function and each iteration of a loop.

    Lines are inserted or extended, never joined, so that messages can name the lines of the script.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: Python cannot parse it.
    """
    text = _NEW_LINE.sub("\n", text)
    lines = text.encode().split(b"\n")
    # By line, from the last to the first: later lines keep their numbers until they are reached.
    marks = sorted(_find_marks(ast.parse(text)), reverse=True)
    inserted: list[int] = []
    for line, column, statements in marks:
        before, after = lines[line - 1][:column], lines[line - 1][column:]
        call = f"{counter}({statements})".encode()
        is_continued = line > 1 and lines[line - 2].endswith(b"\\")
        if not before.strip() and not is_continued:
            lines.insert(line - 1, before + call)
            inserted.append(line)
        else:
            lines[line - 1] = before + call + b"; " + after
    inserted.reverse()
    return CountedScript(b"\n".join(lines).decode(), tuple(line + above for above, line in enumerate(inserted)))


def _find_marks(tree: ast.Module) -> Iterator[tuple[int, int, int]]:
    """Where calls are inserted: the line, the column in bytes, and how many statements are counted."""
    for node in ast.walk(tree):
        if isinstance(node, _Loop | _Definition):
            first = node.body[0]
            decorators = first.decorator_list if isinstance(first, _Definition | ast.ClassDef) else []
            line = min([first.lineno, *(decorator.lineno for decorator in decorators)])
            yield line, first.col_offset, _count_block(node.body)


def _count_block(body: list[ast.stmt]) -> int:
    """The statements of a block, without those that count themselves."""
    count = 0
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        count += isinstance(node, ast.stmt)
        if isinstance(node, _Definition | _Loop):
            continue
        waiting.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr))
    return count
