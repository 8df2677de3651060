"""Plain scalars by the core schema of YAML 1.2, and numbers that keep their spelling."""

from __future__ import annotations

import re
from typing import Any, Final

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class WrittenInt(int):
    """An integer that keeps its spelling: ``007``, ``0x1F``."""

    text: str


class WrittenFloat(float):
    """A number that keeps its spelling: the version ``1.10``, ``1e3``."""

    text: str


def parse_exact_float(text: str) -> float:
    """Return the number of a decimal text. It keeps its spelling if Python would write the float differently."""
    value = float(text)
    if repr(value) == text and "e" not in text:
        return value
    kept = WrittenFloat(value)
    kept.text = text
    return kept


def format_as_written(value: float) -> str:
    """Return a number as its author wrote it, for places that need text."""
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.text
    return str(value)


def is_number(text: str) -> bool:
    """Return whether a plain scalar is a decimal number."""
    return _FLOAT.fullmatch(text) is not None


def resolve_plain(text: str) -> Any:  # noqa: PLR0911 - one return a kind of scalar
    """Return the value of a plain scalar in YAML 1.2's core schema: null, boolean, number, or the text itself."""
    if text in _NULLS:
        return None
    first = text[0]
    if not (first.isdigit() or first in "+-.") or not text.isascii():
        return _BOOLEANS.get(text, text)
    if _INTEGER.fullmatch(text):
        return _keep_spelling(text, int(text))
    if _BASED.fullmatch(text):
        return _keep_spelling(text, int(text, 0))
    if _FLOAT.fullmatch(text):
        return _keep_spelling(text, float(text))
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def _keep_spelling(text: str, value: float) -> float:
    if str(value) == text:
        return value
    kept: Any = WrittenInt(value) if isinstance(value, int) else WrittenFloat(value)
    kept.text = text
    return kept  # type: ignore[no-any-return]
