"""A consumed operation as one exposed operation calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.plan.body import Body, NamedTerm
    from naftiko_runtime.plan.pagination import Pagination
    from naftiko_runtime.plan.upstream import Upstream
    from naftiko_runtime.terms import Term


class Target(Struct, frozen=True):
    """A consumed operation that is called.

    Attributes:
        operation: ``namespace.operation``.
        method: The HTTP method, in capitals.
        url: The URL, with the names of its values in braces.
    """

    operation: str
    method: str
    url: str


class Request(Struct, frozen=True):
    """A consumed operation as one exposed operation calls it: every place filled with a term.

    Attributes:
        upstream: The called API.
        operation: ``namespace.operation``.
        method: The HTTP method, in capitals.
        path: The pieces after the base URI: encoded literals, and terms for a segment or a part of one.
        query: Parameters in order.
        headers: Header fields; names in lower case.
        cookies: Cookies.
        body: The body, or None.
        open_query: Whether the caller's query is passed through unchanged.
        caller_headers: Whether User-Agent, Accept-Language and Referer of the caller are passed on.
        forwards: Whether the caller's method and the rest of its path are passed on.
        exposed_headers: More response headers that callers get, besides the API's own and the default ones.
        pagination: How the pages of its list are read. None for one response.
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
    pagination: Pagination | None = None

    @property
    def target(self) -> Target:
        """The consumed operation that the request is for."""
        pieces = (p if isinstance(p, str) else "{" + getattr(p, "name", "…") + "}" for p in self.path)
        return Target(self.operation, self.method, "".join(pieces))
