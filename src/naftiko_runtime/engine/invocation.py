"""A call as an adapter hands it over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.engine.evaluate import Values
    from naftiko_runtime.upstream.interface import Header


class Invocation(Struct):
    """One call as an adapter hands it over.

    Attributes:
        values: Admitted inputs by name.
        query: The caller's query string for an open query, byte for byte.
        body: The caller's body for an open body: bytes, or a stream.
        body_headers: Content type (and length, when known) of that body.
        headers: What is passed on of the caller's headers: forwarding, tracing.
        caller_headers: User-Agent, Accept-Language and Referer, sent only by open operations; of a forward those that
            it trusts.
        method: The caller's, for a forward.
        rest: The rest of the caller's path, for a forward: empty, or percent-encoded from its slash on.
    """

    values: Values = {}
    query: bytes = b""
    body: bytes | AsyncIterator[bytes] | None = None
    body_headers: Sequence[Header] = ()
    headers: Sequence[Header] = ()
    caller_headers: Sequence[Header] = ()
    method: str = ""
    rest: str = ""
