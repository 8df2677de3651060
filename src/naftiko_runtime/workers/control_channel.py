"""What a parent and its worker tell each other: small messages on a socket pair, some with open files."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

_BYTES_MAX: Final = 128 * 1024
_TEXT_MAX: Final = 8 * 1024
"""Characters of a text; a longer one is cut."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        word: What it is about.
        fields: The rest of it.
        file: A descriptor that came with it, which is the receiver's to close.
    """

    word: str
    fields: dict[str, Any]
    file: int | None


class Channel:
    """One end. Sending never waits: a peer that is gone or stuck misses what it is told."""

    def __init__(self, own: socket.socket) -> None:
        self._socket = own
        own.setblocking(False)

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        """Both ends."""
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(one), cls(other)

    def fileno(self) -> int:
        """For selectors and loops."""
        return self._socket.fileno()

    def send(self, word: str, *, file: int | None = None, **fields: Any) -> None:
        """Tell the peer something."""
        cut = {name: value[:_TEXT_MAX] if isinstance(value, str) else value for name, value in fields.items()}
        data = json.dumps([word, cut]).encode()
        with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._socket, [data], [] if file is None else [file])

    def receive(self) -> Message | None:
        """What the peer said; nothing once it is gone.

        Raises:
            BlockingIOError: It has said nothing.
        """
        try:
            data, files, _, _ = socket.recv_fds(self._socket, _BYTES_MAX, 1)
        except ConnectionResetError:
            return None
        if not data:
            return None
        word, fields = json.loads(data)
        return Message(word, fields, files[0] if files else None)

    def close(self) -> None:
        """Close this end."""
        self._socket.close()
