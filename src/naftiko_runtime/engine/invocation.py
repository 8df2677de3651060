"""A call of an exposed operation, as the engine receives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.caller_identity import AuthenticatedCaller
    from naftiko_runtime.engine.compile_terms import Values
    from naftiko_runtime.upstream.interface import Header


class Invocation(Struct):
    """One call of an exposed operation.

    Attributes:
        values: Admitted inputs by name.
        query: The caller's query string for an open query, byte for byte.
        body: The caller's body for an open body: bytes, or a stream.
        body_headers: The content type of that body, and its length if it is known.
        headers: The caller's headers that are always passed on: forwarding, tracing.
        caller_headers: User-Agent, Accept-Language and Referer, for open operations. For a forward: the headers
            that it trusts.
        method: The caller's method, for a forward.
        rest: The rest of the caller's path, for a forward: empty, or percent-encoded from its slash on.
        caller: Who calls, if the expose knows it.
        named_headers: The caller's headers that the called APIs name in ``forwardHeaders``.
    """

    values: Values = {}
    query: bytes = b""
    body: bytes | AsyncIterator[bytes] | None = None
    body_headers: Sequence[Header] = ()
    headers: Sequence[Header] = ()
    caller_headers: Sequence[Header] = ()
    method: str = ""
    rest: str = ""
    caller: AuthenticatedCaller | None = None
    named_headers: Sequence[Header] = ()
