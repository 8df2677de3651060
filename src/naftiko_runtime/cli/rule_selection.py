"""Which rules are told of, how much they matter, and from where on a check fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import pattern
from naftiko_runtime.rules import RULES, Severity
from naftiko_runtime.suggest import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.cli.configuration import Configuration
    from naftiko_runtime.diagnostic import Diagnostic

_ALWAYS: Final = frozenset({rules.UNREADABLE.slug, rules.SYNTAX.slug})
"""Told whatever is chosen: nothing else is known of such a file."""
_CODE: Final = pattern(r"NK\d{0,3}", re.IGNORECASE)


class UnknownRule(ValueError):  # noqa: N818 - it is told by its message
    """No rule has that name; the message says so, and which one may be meant: the ``suggestion``."""

    def __init__(self, word: str) -> None:
        codes = [rule.code for rule in RULES.values()] if word[:2].upper() == "NK" else []
        self.suggestion = closest(word, codes or RULES)
        super().__init__(f"no rule '{word}'" + (f"; did you mean '{self.suggestion}'?" if self.suggestion else ""))


def rules_named(word: str) -> frozenset[str]:
    """The slugs of the rules that a slug, a code or the beginning of codes names.

    Raises:
        UnknownRule: There is none.
    """
    if word in RULES:
        return frozenset({word})
    if _CODE.fullmatch(word):
        found = frozenset(slug for slug, rule in RULES.items() if rule.code.startswith(word.upper()))
        if found:
            return found
    raise UnknownRule(word)


def all_named(words: Iterable[str]) -> frozenset[str]:
    """The rules of several words.

    Raises:
        UnknownRule: One of them names none.
    """
    return frozenset().union(*map(rules_named, words))


class Selection(NamedTuple):
    """What the command line says of rules; it wins over what files say.

    Attributes:
        select: Slugs of the only rules to tell of, whatever files say of them; none when it does not say.
        ignore: Slugs of rules not to tell of.
        error_on: The least severity that is a failure; none when it does not say.
    """

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    error_on: Severity | None = None

    def told(self, found: Iterable[Diagnostic], configuration: Configuration) -> Iterator[Diagnostic]:
        """What is told of what was found, with the severity that it is given."""
        for diagnostic in found:
            slug = diagnostic.rule.slug
            severity = configuration.severity.get(slug, diagnostic.severity)
            if self.select is not None:
                wanted = slug in self.select
                severity = severity or diagnostic.severity
            else:
                wanted = configuration.selects(slug)
            if slug in _ALWAYS:
                yield diagnostic
            elif wanted and slug not in self.ignore and severity is not None:
                yield diagnostic if severity is diagnostic.severity else replace(diagnostic, severity=severity)

    def fails_on(self, configuration: Configuration) -> Severity:
        """The least severity that is a failure."""
        return self.error_on or configuration.error_on or Severity.ERROR
