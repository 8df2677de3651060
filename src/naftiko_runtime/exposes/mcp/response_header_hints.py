"""Response headers that a model can use: rate limits, the time of the next call, and the next page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from naftiko_runtime.engine.result import BODY_HEADERS, PASSED_HEADERS
from naftiko_runtime.exposes.rest.rewrite_header_urls import make_relative_to_base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.engine.result import OperationResult
    from naftiko_runtime.upstream.interface import Header

_OMITTED: Final = (PASSED_HEADERS | BODY_HEADERS) - {b"link", b"ratelimit", b"retry-after"}
"""Of all that callers of REST get; what is left are these, limits, and what the document or the operator names."""

_LINK_TOKEN: Final = re.compile(
    r'<([^<>]*)>|(?<![\w*-])rel\s*=\s*(?:"([^"\\]*)"|([^\s;,"]+))|"(?:[^"\\]|\\.)*"|,', re.IGNORECASE
)
"""What matters of a ``Link`` header (RFC 8288): targets, relations, quoted texts, and the ends of links."""


def list_hint_headers(result: OperationResult, operation: BoundOperation) -> str:
    """Return the response headers for the caller of a tool, one on each line. Empty without any.

    They include the headers that the document or the operator exposes.
    """
    headers = [header for header in result.headers if header[0] not in _OMITTED]
    if not headers:
        return ""
    kept = [*_remove_links(headers), *_find_next_pages(headers, result, operation)]
    if operation.masks is not None:
        kept = operation.masks.mask_headers(kept)
    lines = [f"{_format_name(name)}: {value.decode('utf-8', 'replace')}" for name, value in kept]
    return "\n".join(["Response headers:", *lines]) if lines else ""


def _remove_links(headers: list[Header]) -> Iterator[Header]:
    return (header for header in headers if header[0] != b"link")


def _find_next_pages(headers: list[Header], result: OperationResult, operation: BoundOperation) -> Iterator[Header]:
    """Yield the link to the next page.

    A link below the API's base URI is reduced to its path and query, which show the next arguments.
    """
    for name, value in headers:
        if name == b"link":
            for target in find_next_targets(value.decode("latin-1")):
                shown = make_relative_to_base(target, operation, result.url)
                yield name, f'<{shown}>; rel="next"'.encode("latin-1")


def find_next_targets(value: str) -> Iterator[str]:
    """Yield the targets of a ``Link`` header with ``rel=next``."""
    target: str | None = None
    for token in _LINK_TOKEN.finditer(value):
        if token[1] is not None:
            target = token[1].strip()
        elif token[0] == ",":
            target = None
        elif target is not None and "next" in (token[2] or token[3] or "").lower().split():
            yield target
            target = None


def _format_name(name: bytes) -> str:
    return name.decode().title().replace("Ratelimit", "RateLimit")
