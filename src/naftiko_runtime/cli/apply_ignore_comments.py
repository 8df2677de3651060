"""``# naftiko: ignore[…]`` comments: which findings they silence, and which comments have no effect."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

from naftiko_runtime import rules
from naftiko_runtime.cli.rule_names import UnknownRule, expand_rule
from naftiko_runtime.diagnostic import Span, diagnose
from naftiko_runtime.rules import Severity, helps
from naftiko_runtime.source import LINE_BREAK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.rules import Message

_COMMENT: Final = re.compile(r"(?<![^\s#])#\s*naftiko: ignore(?P<file>-file)?(?:\s*\[(?P<names>[^\]]*)\]|(?!\S))")
_FIRST: Final = ("NK1", "NK210")
"""Codes of errors that keep the rest of a document from being looked at."""

_NAME: Final = re.compile(r"[^\s,]+")
_LinePlace: TypeAlias = tuple[int, int]
"""Line and column, counted from 0 as libyaml does."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name in the brackets of a comment: of rules, or an unknown one."""

    text: str
    span: Span
    rules: frozenset[str] = frozenset()
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment.

    Attributes:
        span: Its place.
        names: The rules that it silences. None for all rules.
        line: The line that it applies to. 0 for the whole file, None if it applies to nothing.
        fault: The finding for a comment that applies to nothing.
    """

    span: Span
    names: tuple[Name, ...] | None
    line: int | None
    fault: Message = rules.UNUSED_IGNORE_LAST

    def silences(self, diagnostic: Diagnostic) -> Iterator[Name | Ignore]:
        """Yield what silences a finding: a name of this comment, or the comment itself if it has none."""
        span = diagnostic.span
        if self.line is None or (self.line and (span is None or span.line != self.line)):
            return
        if self.names is None:
            yield self
        else:
            yield from (name for name in self.names if diagnostic.rule.slug in name.rules)


def parse_ignore_comments(text: str, file: str) -> tuple[Ignore, ...]:
    """Parse the comments of a YAML text that silence findings."""
    lines = LINE_BREAK.split(text)
    matches = [(row, match) for row, line in enumerate(lines) if (match := _COMMENT.search(line))]
    if not matches:
        return ()
    inside = _Scalars(text)
    head = next((row for row, line in enumerate(lines) if not _is_blank(line)), len(lines))
    found = (
        _parse_comment(lines, row, match, file, head) for row, match in matches if (row, match.start()) not in inside
    )
    return tuple(found)


def _is_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _parse_comment(lines: Sequence[str], row: int, match: re.Match[str], file: str, head: int) -> Ignore:
    span = Span(file, row + 1, match.start() + 1, row + 1, match.end() + 1)
    names = None if match["names"] is None else tuple(_parse_names(match, span))
    if match["file"]:
        return Ignore(span, names, 0) if row < head else Ignore(span, names, None, rules.UNUSED_IGNORE_TOO_LATE)
    if not _is_blank(lines[row]):
        return Ignore(span, names, row + 1)
    following = (number for number, line in enumerate(lines[row + 1 :], row + 2) if not _is_blank(line))
    return Ignore(span, names, next(following, None))


def _parse_names(match: re.Match[str], span: Span) -> Iterator[Name]:
    for word in _NAME.finditer(match["names"]):
        column = match.start("names") + word.start() + 1
        place = Span(span.file, span.line, column, span.line, column + len(word[0]))
        try:
            yield Name(word[0], place, expand_rule(word[0]))
        except UnknownRule as error:
            yield Name(word[0], place, suggestion=error.suggestion)


class _Scalars:
    """The places of quoted and block scalars in a YAML text, where ``#`` begins no comment."""

    def __init__(self, text: str) -> None:
        import yaml

        self._starts: list[_LinePlace] = []
        self._ends: list[_LinePlace] = []
        try:
            for token in yaml.scan(text, Loader=yaml.CSafeLoader):
                if isinstance(token, yaml.ScalarToken) and token.style:
                    # A block's first line ends in a comment if it likes.
                    mark, block = token.start_mark, token.style in "|>"
                    self._starts.append((mark.line + 1, 0) if block else (mark.line, mark.column))
                    self._ends.append((token.end_mark.line, token.end_mark.column))
        except yaml.YAMLError:
            return  # what follows is no YAML, so that one guess is as good as another

    def __contains__(self, place: _LinePlace) -> bool:
        index = bisect_right(self._starts, place) - 1
        return index >= 0 and place < self._ends[index]


def filter_ignored(
    found: Sequence[Diagnostic], comments: Mapping[str, Sequence[Ignore]], file: str
) -> list[Diagnostic]:
    """Return the findings that no comment silences, and findings for the comments of a file that have no effect.

    Args:
        found: All findings of a document.
        comments: The comments of the document and its imported files, by file.
        file: The document's own file.
    """
    used: set[int] = set()
    kept = [diagnostic for diagnostic in found if not _find_silencers(diagnostic, comments, file, used)]
    own = comments.get(file, ())
    # A comment without names may not silence that it silences nothing.
    over_unused = {file: [comment for comment in own if comment.names is not None or comment.line == 0]}
    # What is found later in a sound document is not known of one whose beginning is not understood.
    looked = not any(d.severity is Severity.ERROR and d.rule.code.startswith(_FIRST) for d in found)
    unused = list(chain.from_iterable(_report_unused(comment, used) for comment in own)) if looked else []
    kept += [diagnostic for diagnostic in unused if not _find_silencers(diagnostic, over_unused, file, used)]
    return sorted(kept, key=lambda d: (d.span is not None, d.span))


def _find_silencers(
    diagnostic: Diagnostic, comments: Mapping[str, Sequence[Ignore]], file: str, used: set[int]
) -> list[Name | Ignore]:
    where = diagnostic.span.file if diagnostic.span else file
    silencers = [part for comment in comments.get(where, ()) for part in comment.silences(diagnostic)]
    used.update(map(id, silencers))
    return silencers


def _report_unused(comment: Ignore, used: set[int]) -> Iterator[Diagnostic]:
    if comment.line is None:
        yield diagnose(comment.fault(), comment.span)
    elif not comment.names:
        if id(comment) not in used:
            yield diagnose(rules.UNUSED_IGNORE(), comment.span)
    else:
        for name in comment.names:
            if not name.rules:
                advice = None if name.suggestion is None else helps.DID_YOU_MEAN(suggestion=name.suggestion)
                yield diagnose(rules.UNUSED_IGNORE_UNKNOWN(name=name.text), name.span, advice)
            elif id(name) not in used and rules.UNUSED_IGNORE.slug not in name.rules:
                yield diagnose(rules.UNUSED_IGNORE_NAME(name=name.text), name.span)
