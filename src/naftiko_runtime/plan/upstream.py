"""Consumed APIs: where each is, and how we prove who we are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.authentication.kinds import Credential
    from naftiko_runtime.diagnostic import Span
    from naftiko_runtime.frozen_values import Term


class Upstream(Struct, frozen=True):
    """A consumed API: where it is and how we prove who we are.

    A base URI with variables is a ``template``, of which ``base_uri`` shows the names until it is bound.
    """

    namespace: str
    base_uri: str
    credential: Credential | None
    span: Span
    exposed_headers: tuple[bytes, ...] = ()
    """Of its responses: these reach callers besides those that always do, in lower case."""
    template: Term | None = None
