"""Consumed APIs: their URLs and credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.authentication.kinds import Credential
    from naftiko_runtime.diagnostic import Span
    from naftiko_runtime.terms import Term


class Upstream(Struct, frozen=True):
    """A consumed API: its URL and its credential.

    A base URI with variables is a ``template``. Until it is bound, ``base_uri`` shows their names.
    """

    namespace: str
    base_uri: str
    credential: Credential | None
    span: Span
    exposed_headers: tuple[bytes, ...] = ()
    """Of its responses: these reach callers besides those that always do, in lower case."""
    template: Term | None = None
    forward_headers: tuple[str, ...] = ()
    """The headers of callers that are sent to it, in lower case."""
