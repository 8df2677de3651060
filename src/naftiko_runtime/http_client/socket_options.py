"""What is set on the sockets of connections to upstreams."""

from __future__ import annotations

import socket
from typing import Final

from naftiko_runtime import limits

_NOT_SENT: Final[int | None] = getattr(socket, "TCP_NOTSENT_LOWAT", None)


def limit_unsent(connected: socket.socket) -> None:
    """Let the system take little more of a request than it can send.

    Otherwise it buffers megabytes that a slow upstream takes seconds for, and their progress is not visible.
    """
    if _NOT_SENT is not None and connected.family in (socket.AF_INET, socket.AF_INET6):
        connected.setsockopt(socket.IPPROTO_TCP, _NOT_SENT, limits.UPSTREAM_UNSENT_BYTES_MAX)
