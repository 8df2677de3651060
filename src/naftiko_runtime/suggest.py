"""Suggestions for misspelt names: "did you mean"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.rules import Help, helps, render_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.rules import Advice

_LETTERS_MIN: Final = 3
"""In words of this length, one other letter makes another word."""
_DIGIT: Final = compile_lazily(r"[0-9]+")
_PARTS: Final = compile_lazily(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9._/ -]+")


def is_close(word: str, known: str) -> bool:
    """Return whether one word may be a misspelling of the other."""
    return find_nearest(word, (known,)) is not None


def find_nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a word surely misspells.

    A word of three letters with another letter is another word.
    """
    found = find_closest(word, known)
    if found is None or len(found) > _LETTERS_MIN or len(found) != len(word):
        return found
    return found if sorted(found.casefold()) == sorted(word.casefold()) else None


def find_closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a word may misspell: its letters are similar, or in another order."""
    typed, first = sorted(word.casefold()), word[:1].casefold()
    ranked = []
    for candidate in known:
        far = _measure_slip(word, candidate)
        if far is None and sorted(candidate.casefold()) == typed:
            far = len(word)
        if far is not None:
            ranked.append((far, candidate[:1].casefold() != first, candidate))
    return min(ranked, default=(0, False, None), key=lambda rank: rank[:2])[2]


def find_only_near(word: str, known: Iterable[str]) -> str | None:
    """Return the only known word that a word may misspell. None if there are several."""
    close = [candidate for candidate in dict.fromkeys(known) if is_close(word, candidate)]
    return close[0] if len(close) == 1 else None


def _measure_slip(word: str, candidate: str) -> int | None:
    """Return the number of keystrokes between a word and a candidate. None if the word is no misspelling of it.

    Names are compared part by part: two names that share a long beginning and differ in a whole word are two names.
    """
    if word.casefold() == candidate.casefold():
        return 0
    if "." in candidate and "." not in word:  # the namespace was left out
        return _measure_slip(word, candidate.rpartition(".")[2])
    if min(len(word), len(candidate)) >= 2 * _LETTERS_MIN and _is_within(1, word.casefold(), candidate.casefold()):
        return None if _is_digits_only([(word, candidate)]) else 1
    parts, wanted = _PARTS.findall(word), _PARTS.findall(candidate)
    if len(parts) != len(wanted):  # a hyphen or a capital more or less
        joined, other = "".join(parts).casefold(), "".join(wanted).casefold()
        return _compute_distance(joined, other) if _is_within(1, joined, other) else None
    # The parts of two words; what each may mean is at the same position.
    pairs = [(a, b) for a, b in zip(parts, wanted, strict=True) if a.casefold() != b.casefold()]
    if (pairs and _is_digits_only(pairs)) or not all(_is_slip(a.casefold(), b.casefold()) for a, b in pairs):
        return None
    return sum(_compute_distance(a.casefold(), b.casefold()) for a, b in pairs)


def _is_slip(word: str, wanted: str) -> bool:
    """Return whether one part of a name may be a misspelling, or a shorter form, of another."""
    shorter = min(len(word), len(wanted))
    if shorter < _LETTERS_MIN:
        return sorted(word) == sorted(wanted)
    if _is_within(max(1, shorter // 3), word, wanted):
        return True
    return shorter > 2 * _LETTERS_MIN - 1 and wanted.startswith(word[: shorter - 1])


def _is_digits_only(pairs: list[tuple[str, str]]) -> bool:
    """Return whether names differ in their numbers only: ``v2`` is no misspelling of ``v1``."""
    return all(a != b and _DIGIT.sub("0", a) == _DIGIT.sub("0", b) for a, b in pairs)


def _is_within(most: int, a: str, b: str) -> bool:
    """Return whether a few keystrokes change one word to the other.

    Words of very different lengths are not compared.
    """
    return abs(len(a) - len(b)) <= most and _compute_distance(a, b) <= most


def _compute_distance(a: str, b: str) -> int:
    """Return how many letters must be added, left out, replaced or swapped to make one word of the other."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, right in enumerate(b, 1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                steps = min(steps, older[j - 2] + 1)
            row.append(steps)
    return row[-1]


def suggest(word: str, known: Iterable[str], otherwise: Help = helps.KNOWN) -> Advice | None:
    """Return the advice for an unknown word: the closest known word, or all known words.

    Args:
        word: The unknown word.
        known: The known words.
        otherwise: Lists the known words, as its argument ``known``.
    """
    candidates = sorted(set(known))
    if close := find_closest(word, candidates):
        return helps.DID_YOU_MEAN(suggestion=close)
    return otherwise(known=tuple(candidates)) if candidates else None


def suggest_text(word: str, known: Iterable[str], otherwise: str = "known") -> str | None:
    """Return the same as text, for errors that are no findings."""
    advice = suggest(word, known, Help(f"{otherwise}: {{known}}"))
    return None if advice is None else render_text(advice)
