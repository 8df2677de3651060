"""Reads ``Link`` headers (RFC 8288)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.upstream.interface import Header

_PARAMETER: Final = r"""\s*;\s*([\w!#$&+.^`|~*-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*)))?"""
_TARGET: Final = re.compile(r"[\s,]*<([^<>]*)>")
_NEXT_PARAMETER: Final = re.compile(_PARAMETER)


def find_link(headers: Iterable[Header], relation: str) -> str | None:
    """Return the target of the first link with a relation; None without one.

    A link with an ``anchor`` is about another resource, and passed over.

    Args:
        headers: The headers of a response.
        relation: The relation, in lower case.
    """
    for name, value in headers:
        if name == b"link" and (found := _find_in_value(value.decode("latin-1"), relation)) is not None:
            return found
    return None


def _find_in_value(text: str, relation: str) -> str | None:
    at = 0
    while (target := _TARGET.match(text, at)) is not None:
        at = target.end()
        parameters: dict[str, str] = {}
        while (one := _NEXT_PARAMETER.match(text, at)) is not None:
            at = one.end()
            parameters.setdefault(one[1].lower(), one[2] or one[3] or "")  # the first of a name counts
        if relation in parameters.get("rel", "").lower().split() and "anchor" not in parameters:
            return target[1].strip()
        end = text.find(",", at)
        at = len(text) if end < 0 else end
    return None
