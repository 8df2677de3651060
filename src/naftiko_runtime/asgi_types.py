"""The types of ASGI 3.0, which applications and servers share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Header: TypeAlias = tuple[bytes, bytes]
"""A header's name and value in wire form. The names that ASGI gives are in lower case."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class SendProgress:
    """Base of the object behind a server's ``send``. It records what was sent, so middleware need not wrap ``send``.

    Attributes:
        status: The status of the response; 0 until its head is sent.
        response_complete: Whether the whole response was sent.
    """

    __slots__ = ()

    status: int
    response_complete: bool
