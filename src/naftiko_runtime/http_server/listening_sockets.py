"""Open the sockets that listeners accept from."""

from __future__ import annotations

import os
import socket
from typing import Any, Final

BACKLOG: Final = 2048


class ListenError(Exception):
    """A socket cannot be opened; ``str()`` is one line that names port and owner.

    Attributes:
        number: The error number of the system, if binding failed.
        unresolved: Whether the address does not resolve.
        help: What to do about it, set by the caller, which knows the option for the port.
    """

    def __init__(self, message: str, number: int | None = None, *, unresolved: bool = False) -> None:
        super().__init__(message)
        self.number = number
        self.unresolved = unresolved
        self.help: str | None = None


def open_socket(address: str, port: int, owner: str, *, many: bool = False) -> socket.socket:
    """Open a TCP socket that listens.

    Args:
        address: A name or an IP address.
        port: 0 for a free one.
        owner: Who listens there, for the message.
        many: Whether :func:`open_shared_socket` is to open others.

    Raises:
        ListenError: The address does not resolve, or cannot be bound.
    """
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        problem = f"cannot listen on {address}:{port} for {owner}: {error.strerror}"
        raise ListenError(problem, unresolved=True) from None
    # Callers of 'localhost' try both families, those of 127.0.0.1 do not.
    preferred = (one for one in found if address == "localhost" and one[0] == socket.AF_INET)
    family, _, _, _, target = next(preferred, found[0])
    try:
        return _open(family, target, many=many, first=True)
    except OSError as error:
        problem = f"cannot listen on {address}:{port} for {owner}: {os.strerror(error.errno or 0)}"
        raise ListenError(problem, error.errno) from None


def open_shared_socket(first: socket.socket, owner: str) -> socket.socket:
    """Open another socket on the same port; the kernel distributes new connections among them.

    Raises:
        ListenError: It cannot be opened.
    """
    try:
        return _open(first.family, first.getsockname(), many=True, first=False)
    except OSError as error:
        where = ":".join(map(str, first.getsockname()[:2]))
        raise ListenError(f"cannot listen on {where} for {owner}: {os.strerror(error.errno or 0)}") from None


def _open(family: int, target: Any, *, many: bool, first: bool) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if first:  # by itself, so that a port that another program has is taken, even if that would share it
            listening.bind(target)
        if many:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if not first:
            listening.bind(target)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def get_port(listening: socket.socket) -> int:
    """Return the actual port of a socket, also if 0 was asked for."""
    return int(listening.getsockname()[1])
