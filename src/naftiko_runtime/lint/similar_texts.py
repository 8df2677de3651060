"""Finds texts that read alike: they are equal, apart from wording that makes no difference."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

_WORD: Final = compile_lazily(r"[^\W_]+(?:'[^\W_]+)?")
_NAME_PART: Final = compile_lazily(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_FILLERS: Final = "a an the this that these those its their your all please tool api endpoint can be used to will"
"""Words without which a description says the same."""
_SAME_VERBS: Final = {
    **dict.fromkeys(("fetch", "retrieve", "obtain", "return", "read", "load", "find", "lookup"), "get"),
    **dict.fromkeys(("remove", "erase"), "delete"),
    **dict.fromkeys(("modify", "edit", "change"), "update"),
    **dict.fromkeys(("query",), "search"),
    **dict.fromkeys(("make", "new"), "create"),
}
"""First words that say the same."""
_VERB_WITH_S: Final = 4
"""The length from which a first word may be a verb with an "s"."""


def group_alike(texts: Iterable[tuple[str, str]], normalize: Callable[[str], Hashable]) -> list[tuple[str, ...]]:
    """Return the names of texts whose normal forms are equal: each group has two or more, in their order.

    Args:
        texts: Each name with its text.
        normalize: Makes the normal form. A text with an empty one is like no other.
    """
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for name, text in texts:
        if form := normalize(text):
            groups[form].append(name)
    return [tuple(names) for names in groups.values() if len(names) > 1]


def normalize_description(text: str) -> tuple[str, ...]:
    """Return the words of a description without case, punctuation and fillers; a first verb is a common one."""
    fillers = _FILLERS.split()
    words = [word for word in _WORD.findall(text.casefold()) if word not in fillers]
    return _normalize_verb(words)


def normalize_name(name: str) -> tuple[str, ...]:
    """Return the parts of a name without case and punctuation; a first verb is a common one."""
    parts = [part.casefold() for part in _NAME_PART.findall(name)]
    return _normalize_verb(parts)


def _normalize_verb(words: list[str]) -> tuple[str, ...]:
    """Return words whose first one is a common verb. One word alone is no verb with an object."""
    if len(words) <= 1:
        return tuple(words)
    verb = words[0]
    if verb.endswith(("ches", "shes", "xes")):
        verb = verb[:-2]
    elif len(verb) >= _VERB_WITH_S and verb.endswith("s") and not verb.endswith("ss"):
        verb = verb[:-1]
    return (_SAME_VERBS.get(verb, verb), *words[1:])
