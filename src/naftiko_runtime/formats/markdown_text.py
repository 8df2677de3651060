"""The plain text of a piece of Markdown: without emphasis, code marks, links' addresses and HTML.

In linear time: marks of emphasis are paired with a stack.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

_TOKEN: Final = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)"
    r"|(?P<link><[a-zA-Z][a-zA-Z0-9+.-]*:[^<>\s]*>|<[^<>\s@]+@[^<>\s@]+>)"
    r"|(?P<break><br[ \t]*/?>)"
    r"|(?P<tag></?[a-zA-Z][^<>]*>)"
    r"|(?P<comment><!--)"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});)"
    r"|(?P<open>!?\[)"
    r"|(?P<close>\](?:\((?P<target>(?:[^()\\]++|\\.|\([^()]*\)){0,20}+)\))?)"
    r"|(?P<mark>\*+|_+|~~)",
    re.DOTALL,
)
_TICKS_MAX: Final = 32
_PUNCTUATION: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def to_plain_text(markdown: str) -> str:
    """Return the visible text of Markdown."""
    if not _TOKEN.search(markdown):
        return markdown
    return _PlainTextReader(markdown).read()


class _PlainTextReader:
    def __init__(self, markdown: str) -> None:
        self._markdown = markdown
        self._pieces: list[str] = []
        self._marks: dict[str, list[int]] = {}
        """The indices of marks that may open an emphasis."""
        self._brackets: list[int] = []
        self._uncommented = False
        """Whether no comment ends in the rest of the text."""
        self._ticks = {found[0] for found in re.finditer("`+", markdown) if len(found[0]) <= _TICKS_MAX}

    def read(self) -> str:
        at = 0
        while (found := _TOKEN.search(self._markdown, at)) is not None:
            self._pieces.append(self._markdown[at : found.start()])
            at = self._take(found)
        self._pieces.append(self._markdown[at:])
        return "".join(self._pieces).strip()

    def _take(self, found: re.Match[str]) -> int:
        """Add the text of a token. Return the position after it."""
        match found.lastgroup:
            case "escaped":
                self._pieces.append(found["escaped"])
            case "ticks":
                return self._take_code(found)
            case "link":
                self._pieces.append(found["link"][1:-1])
            case "break":
                self._pieces.append(" ")
            case "tag":
                pass
            case "entity":
                self._pieces.append(unescape(found["entity"]))
            case "comment":
                return self._take_comment(found)
            case "open":
                self._brackets.append(len(self._pieces))
                self._pieces.append(found["open"])
            case "close":
                self._take_bracket(found)
            case _:
                self._take_emphasis(found)
        return found.end()

    def _take_comment(self, found: re.Match[str]) -> int:
        end = -1 if self._uncommented else self._markdown.find("-->", found.end())
        if end >= 0:
            return end + len("-->")
        self._uncommented = True
        self._pieces.append(found["comment"])
        return found.end()

    def _take_code(self, found: re.Match[str]) -> int:
        ticks = found["ticks"]
        if ticks in self._ticks:
            end = re.compile(f"(?<!`){ticks}(?!`)").search(self._markdown, found.end())
            if end is not None:
                self._pieces.append(self._markdown[found.end() : end.start()].strip())
                return end.end()
            self._ticks.discard(ticks)  # none follows: do not search again
        self._pieces.append(ticks)
        return found.end()

    def _take_bracket(self, found: re.Match[str]) -> None:
        """Reduce a link or an image to its text. Keep other brackets."""
        if self._brackets:
            opened = self._brackets.pop()
            if found["target"] is not None:
                self._pieces[opened] = ""
                return
        self._pieces.append(found["close"])

    def _take_emphasis(self, found: re.Match[str]) -> None:
        mark = found["mark"]
        before = self._markdown[found.start() - 1 : found.start()] or " "
        after = self._markdown[found.end() : found.end() + 1] or " "
        opens, closes = not after.isspace(), not before.isspace()
        if mark[0] == "_":  # within a word it is a character
            opens, closes = (
                opens and (before.isspace() or before in _PUNCTUATION),
                closes and (after.isspace() or after in _PUNCTUATION),
            )
        opened = self._marks.setdefault(mark, [])
        if closes and opened:
            self._pieces[opened.pop()] = ""
            return
        if opens:
            opened.append(len(self._pieces))
        self._pieces.append(mark)
