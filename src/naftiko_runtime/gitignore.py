"""Patterns as in ``.gitignore``; imported only where there are any."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pathspec import GitIgnoreSpec

if TYPE_CHECKING:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_THROUGH_A_FOLDER: Final = "ps_d"
"""The group of pathspec's expressions that takes part when a path is matched only because a folder above it is."""


@lru_cache(maxsize=256)
def compile_patterns(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    """Compile patterns that match paths relative to their folder, and everything below matching folders."""
    return GitIgnoreSpec([pattern for line in patterns for pattern in _parse_patterns(line)], backend="simple")


@dataclass(frozen=True, slots=True)
class _IgnoreLine:
    """One line of a ``.gitignore``."""

    pattern: GitIgnoreSpecPattern
    folders_only: bool

    def decide(self, path: str, *, folder: bool) -> bool | None:
        if self.folders_only and not folder:
            return None
        found = self.pattern.match_file(path)
        # A folder's children are matched one by one: '!y' brings back y, and nothing in it.
        if found is None or found.match.groupdict().get(_THROUGH_A_FOLDER):
            return None
        return self.pattern.include


@lru_cache(maxsize=256)
def _parse_lines(text: str) -> tuple[_IgnoreLine, ...]:
    lines = []
    for line in text.split("\n"):
        written = line.removesuffix("\r")
        while written.endswith(" ") and not written.endswith("\\ "):
            written = written[:-1]
        lines += [_IgnoreLine(pattern, written.endswith("/")) for pattern in _parse_patterns(written.removesuffix("/"))]
    return tuple(reversed(lines))


def decide_ignored(text: str, path: str, *, folder: bool) -> bool | None:
    """Return whether a ``.gitignore`` ignores a path relative to it, or includes it again; None if no line matches.

    The folders above the path were checked before, and are not ignored.
    """
    decisions = (line.decide(path, folder=folder) for line in _parse_lines(text))
    return next((decision for decision in decisions if decision is not None), None)


def _parse_patterns(line: str) -> list[GitIgnoreSpecPattern]:
    """Parse lines; a line that is not a pattern has no effect, as in git."""
    try:
        # The other backends are for thousands of patterns, and cost more to import than all the rest.
        patterns = GitIgnoreSpec.from_lines([line], backend="simple").patterns
    except ValueError:
        return []
    return [pattern for pattern in patterns if pattern.include is not None]
