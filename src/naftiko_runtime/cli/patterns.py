"""Patterns as in ``.gitignore``; imported only where there are any."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern


@lru_cache(maxsize=256)
def compiled(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    """What tells paths that the patterns match, relative to where they stand; what is no pattern matches nothing."""
    # Others are for thousands of patterns, and cost more to import than all the rest.
    return GitIgnoreSpec([pattern for line in patterns for pattern in _one(line)], backend="simple")


def _one(line: str) -> Iterator[GitIgnoreSpecPattern]:
    try:
        yield from GitIgnoreSpec.from_lines([line], backend="simple").patterns
    except ValueError:
        return
