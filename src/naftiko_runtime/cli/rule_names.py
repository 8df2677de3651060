"""Expands names, codes and prefixes of codes to rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.rules import RULES
from naftiko_runtime.suggest import find_closest

if TYPE_CHECKING:
    from collections.abc import Iterable

_CODE: Final = compile_lazily(r"NK\d{0,3}", re.IGNORECASE)


class UnknownRule(ValueError):  # noqa: N818 - its message is shown
    """An unknown rule name; the message has a ``suggestion``."""

    def __init__(self, word: str) -> None:
        codes = [rule.code for rule in RULES.values()] if word[:2].upper() == "NK" else []
        self.suggestion = find_closest(word, codes or RULES)
        super().__init__(f"no rule '{word}'" + (f"; did you mean '{self.suggestion}'?" if self.suggestion else ""))


def expand_rule(word: str) -> frozenset[str]:
    """Return the slugs of the rules that a slug, a code or the beginning of codes stands for.

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


def expand_rules(words: Iterable[str]) -> frozenset[str]:
    """Return the slugs of the rules that several words stand for.

    Raises:
        UnknownRule: One of them names none.
    """
    return frozenset().union(*map(expand_rule, words))


def complete_rule(begun: str) -> list[str]:
    """Return the slugs, or the codes, that begin with what a person has written in a shell."""
    if begun[:2].upper() == "NK":
        return sorted(rule.code for rule in RULES.values() if rule.code.startswith(begun.upper()))
    return sorted(slug for slug in RULES if slug.startswith(begun))
