"""Messages for the keys of a mapping: unknown, missing and mutually exclusive keys."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.rules import helps
from naftiko_runtime.strict.value_messages import advise_words
from naftiko_runtime.suggest import find_nearest, suggest

if TYPE_CHECKING:
    from naftiko_runtime.rules import Advice, NounPhrase, Statement
    from naftiko_runtime.strict.official_schemas import Schema

_SYNONYMS: Final = (
    ("label", "display", "title"),
    ("functions", "flows"),
    ("location", "from"),
    ("naftiko", "ikanos"),
    ("targetName", "target"),
    ("authentication", "auth"),
)
"""Keys that mean the same in different versions or in real-world files."""


def guess_meant_keys(part: Any, value: dict[str, Any]) -> dict[str, str | None]:
    """Return, for each unknown key, the known key that it probably means."""
    if part.get("additionalProperties") is not False:
        return {}
    known = part["properties"]
    free = tuple(key for key in known if key not in value)
    return {key: _guess_meant_key(key, free) for key in value if key not in known}


def describe_unknown_key(key: str, meant: str | None, part: Any) -> tuple[Statement, Advice | None]:
    """Return what is wrong with an unknown key, and what to write instead."""
    advice = helps.DID_YOU_MEAN(suggestion=meant) if meant else _suggest_key(key, tuple(part["properties"]))
    return rules.NON_STANDARD_UNKNOWN(key=key), advice


def describe_missing_key(key: str, schema: Schema, part: Any, value: dict[str, Any]) -> tuple[Statement, Advice]:
    """Return the advice for a missing key. A key that decides about other keys may be misspelt."""
    words = part.get("properties", {}).get(key)
    if "additionalProperties" in part or not isinstance(words, dict):
        return rules.NON_STANDARD_MISSING(key=key), helps.ADD_KEY(key=key)
    shapes = [schema.resolve(choice["then"]) for choice in part["allOf"]]
    known = {known for shape in shapes for known in shape["properties"]}
    misspelt = find_nearest(key, [other for other in value if other not in known])
    advice = helps.STANDS_FOR(misspelt=misspelt) if misspelt else advise_words("", words)
    return rules.NON_STANDARD_MISSING(key=key), advice


def describe_excluded_key(key: str, other: str, needs: NounPhrase | None = None) -> tuple[Statement, Advice]:
    """Return what to do about a key that excludes another one.

    Args:
        key: The key.
        other: The other one, with its value if that matters.
        needs: What the mapping needs, if it is one of several keys.
    """
    return rules.NON_STANDARD_BESIDE(key=key, other=other), helps.IT(needs=needs) if needs else helps.KEEP_ONE()


@lru_cache(maxsize=1000)
def _suggest_key(key: str, known: tuple[str, ...]) -> Advice | None:
    return suggest(key, known, helps.IT_HAS)


@lru_cache(maxsize=1000)
def _guess_meant_key(key: str, known: tuple[str, ...]) -> str | None:
    """Return the known key that an unknown one means: a synonym, or a misspelling.

    Cached, because files repeat mistakes.
    """
    synonym = next((other for group in _SYNONYMS if key in group for other in group if other in known), None)
    return synonym or find_nearest(key, known)
