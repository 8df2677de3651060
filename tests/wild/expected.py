"""What a caller gives, and what must arrive at the upstream."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wild.author import Consumed
PATH_PLACEHOLDER = re.compile(r"\{\{\s*([^{}/]+?)\s*\}\}|\{\s*([^{}/]+?)\s*\}")
UNKNOWN = "\0"
"""A placeholder in an expected text for a value that only an earlier response has."""


class _Mark:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


ABSENT = _Mark("ABSENT")
ANY = _Mark("ANY")


class Unjudged(Exception):  # noqa: N818 - it is no fault
    """The author's meaning is beyond this oracle."""


def fold(name: str) -> str:
    """A name without case and punctuation."""
    return "".join(filter(str.isalnum, name)).casefold()


def as_text(value: Any) -> str:
    """A value as a URL, a header or a form shows it."""
    if value is ANY or value is ABSENT:
        return UNKNOWN if value is ANY else ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def path_names(path: str) -> list[str]:
    """The placeholders of a path."""
    return [first or second for first, second in PATH_PLACEHOLDER.findall(path)]


@dataclass
class Caller:
    """What the caller gives.

    Attributes:
        values: By the name under which the route or the published contract asks for it.
        raw_query: Sent as it is to an open operation.
        raw_body: The same.
        extras: Unnamed arguments to an open tool.
    """

    values: dict[str, Any]
    raw_query: str | None = None
    raw_body: bytes | None = None
    extras: dict[str, Any] = field(default_factory=dict)


@dataclass
class Expected:
    """A request as its author meant it."""

    namespace: str
    method: str
    path: str = ""
    """Decoded segment by segment: ``/`` only between segments."""
    segments: list[str] = field(default_factory=list)
    query: list[tuple[str, Any]] = field(default_factory=list)
    raw_query: str | None = None
    headers: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, Any] = field(default_factory=dict)
    body: tuple[str, Any] | None = None
    """``json``, ``form``, ``text``, ``multipart`` or ``raw``, and what it holds."""
    unreachable: list[str] = field(default_factory=list)
    """Inputs that the author refers to and the caller has no way to give."""
    lost: list[str] = field(default_factory=list)
    """``with`` entries that have no place to go."""
    unchecked: list[str] = field(default_factory=list)


def consumed_path(consumed: Consumed) -> str:
    """The path of a consumed operation; one that has its own continues or replaces the resource's."""
    resource = str(consumed.resource.get("path") or "")
    own = consumed.operation.get("path")
    if not isinstance(own, str) or not own:
        return resource
    if own.startswith("/") or (resource and own.startswith(resource)):
        return own
    return f"{resource.rstrip('/')}/{own}"
