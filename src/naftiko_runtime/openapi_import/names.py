"""Names of namespaces, tools, inputs and variables."""

from __future__ import annotations

import re
from typing import Final

_TOOL_CHARACTERS_MAX: Final = 64
_INPUT_CHARACTERS_MAX: Final = 64
_SAFE_INPUT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SPOKEN: Final = {"<": " lt ", ">": " gt ", "=": " eq ", "!": " not ", "+": " plus "}
_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")


class UniqueNames:
    """Gives names that differ in more than case and punctuation."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def is_known(self, name: str) -> bool:
        """Return whether a name is given already."""
        return _fold(name) in self._known

    def add(self, name: str, most: int = _TOOL_CHARACTERS_MAX) -> str:
        """Return a name, with a number at its end if it is known already.

        Args:
            name: The name.
            most: How many characters it may have.
        """
        found, number = name, 1
        while _fold(found) in self._known:
            number += 1
            end = f"-{number}"
            found = name[: most - len(end)].rstrip("-") + end
        self._known.add(_fold(found))
        return found


def _fold(name: str) -> str:
    return re.sub(r"[-_. ]", "", name).lower()


def write_slug(text: str, most: int = _TOOL_CHARACTERS_MAX) -> str:
    """Return the words of a text in lower case, joined by hyphens, cut at a word."""
    words = [word.lower() for word in _WORDS.findall(text)]
    slug = "-".join(words)
    if len(slug) > most:
        cut = slug[: most + 1].rpartition("-")[0]
        slug = cut or slug[:most]
    return slug


def name_operation(identifier: str, method: str, path: str) -> str:
    """Return the name of an operation: of its operationId, otherwise of its method and path."""
    spoken = _PLACEHOLDER.sub(r"by-\1", path)
    return write_slug(identifier) or write_slug(f"{method} {spoken}")


def name_resource(path: str) -> str:
    """Return the name of a path: its fixed words."""
    return write_slug(_PLACEHOLDER.sub("", path)) or write_slug(path) or "root"


def name_input(name: str) -> str:
    """Return a name that an input can have: the name itself if possible."""
    if _SAFE_INPUT.fullmatch(name):
        return name
    for mark, word in _SPOKEN.items():
        name = name.replace(mark, word)
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:_INPUT_CHARACTERS_MAX]
    if not safe:
        return "value"
    return safe if not safe[0].isdigit() else f"n{safe}"[:_INPUT_CHARACTERS_MAX]


def name_variable(*texts: str) -> str:
    """Return the name of a variable: the words of texts in capitals."""
    words = "_".join(write_slug(text).replace("-", "_") for text in texts).upper().strip("_")
    return words if words and not words[0].isdigit() else f"API_{words}".rstrip("_")
