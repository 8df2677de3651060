"""Messages between the supervisor and a worker: small ones on a socket pair, some with open files."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any, Final

_BYTES_MAX: Final = 128 * 1024
_TEXT_MAX: Final = 8 * 1024
"""Characters of a text field; a longer one is cut."""


@dataclass(frozen=True, slots=True)
class ControlMessage:
    """One message.

    Attributes:
        kind: ``ready``, ``drain``, ``prepare`` …
        fields: Its data, by name.
        file: A descriptor in the message. The receiver closes it.
    """

    kind: str
    fields: dict[str, Any]
    file: int | None


class ControlChannel:
    """One end. Sending never waits: a peer that has ended or is stuck misses the message.

    Attributes:
        ended: Whether a message was not sent because the peer has ended.
    """

    def __init__(self, own: socket.socket) -> None:
        self._socket = own
        self.ended = False
        own.setblocking(False)

    @classmethod
    def open_pair(cls) -> tuple[ControlChannel, ControlChannel]:
        """Open a channel and return both ends."""
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(one), cls(other)

    def fileno(self) -> int:
        """Return the descriptor to select on."""
        return self._socket.fileno()

    def send(self, kind: str, *, file: int | None = None, **fields: Any) -> bool:
        """Send a message. Return whether it was sent."""
        cut = {name: value[:_TEXT_MAX] if isinstance(value, str) else value for name, value in fields.items()}
        data = json.dumps([kind, cut]).encode()
        try:
            socket.send_fds(self._socket, [data], [] if file is None else [file])
        except BlockingIOError:
            return False
        except (BrokenPipeError, ConnectionResetError):
            self.ended = True
            return False
        return True

    def receive(self) -> ControlMessage | None:
        """Return the next message, or None once the peer has ended and its messages are read.

        Raises:
            BlockingIOError: There is no message.
        """
        try:
            data, files, _, _ = socket.recv_fds(self._socket, _BYTES_MAX, 1)
        except ConnectionResetError:  # the peer has ended with messages unread. This is said once, before its messages
            data, files, _, _ = socket.recv_fds(self._socket, _BYTES_MAX, 1)
        if not data:
            return None
        kind, fields = json.loads(data)
        return ControlMessage(kind, fields, files[0] if files else None)

    def close(self) -> None:
        """Close this end."""
        self._socket.close()
