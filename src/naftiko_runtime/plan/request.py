"""A consumed operation as one exposed operation calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.frozen_values import Term
    from naftiko_runtime.plan.body import Body, NamedTerm
    from naftiko_runtime.plan.upstream import Upstream


class Request(Struct, frozen=True):
    """A consumed operation as one exposed operation calls it: every place filled with a term.

    Attributes:
        upstream: The API it goes to.
        operation: ``namespace.operation``.
        method: The HTTP method, in capitals.
        path: Pieces behind the base URI: encoded literals, and terms that are one segment's (part of a) value.
        query: Parameters in order.
        headers: Header fields; names in lower case.
        cookies: Cookies.
        body: What the body is made from; none for no body.
        open_query: Whether the caller's query goes through byte for byte.
        caller_headers: Whether User-Agent, Accept-Language and Referer of the caller go through.
        forwards: Whether the caller's method and the rest of its path go through.
        exposed_headers: Response headers that reach callers besides the API's own and those that always do.
    """

    upstream: Upstream
    operation: str
    method: str
    path: tuple[str | Term, ...]
    query: tuple[NamedTerm, ...] = ()
    headers: tuple[NamedTerm, ...] = ()
    cookies: tuple[NamedTerm, ...] = ()
    body: Body | None = None
    open_query: bool = False
    caller_headers: bool = False
    forwards: bool = False
    exposed_headers: tuple[bytes, ...] = ()
