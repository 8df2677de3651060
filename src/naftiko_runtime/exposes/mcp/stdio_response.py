"""The response of an MCP endpoint as lines of standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_EVENTS: Final = b"text/event-stream"
_JSON: Final = b"application/json"


class WriteLine(Protocol):
    """Writes a line, and waits until it is written."""

    async def __call__(self, line: bytes) -> None:
        """Write a line without its end."""


class StdioResponse:
    """Receives the events of one response, and writes its messages.

    Attributes:
        answered: Whether the response, or a message of it, was written.
    """

    def __init__(self, write: WriteLine) -> None:
        self.answered = False
        self._write = write
        self._type = b""
        self._kept = bytearray()
        self._data: list[bytes] = []

    async def send(self, event: MutableMapping[str, Any]) -> None:
        """Handle an ASGI event."""
        if event["type"] == "http.response.start":
            self._type = dict(event["headers"]).get(b"content-type", b"").partition(b";")[0].strip()
            return
        self._kept += event.get("body", b"")
        if self._type == _EVENTS:
            await self._write_events()
        elif not event.get("more_body", False) and self._kept and self._type == _JSON:
            await self._write_message(bytes(self._kept))

    async def _write_events(self) -> None:
        """Write the messages of all complete events."""
        *lines, rest = self._kept.split(b"\n")
        self._kept = bytearray(rest)
        for line in lines:
            name, _, value = line.removesuffix(b"\r").partition(b":")
            if name == b"data":
                self._data.append(bytes(value.removeprefix(b" ")))
            elif not name and not value and self._data:
                data, self._data = b"\n".join(self._data), []
                if data:
                    await self._write_message(data)

    async def _write_message(self, message: bytes) -> None:
        """Write a message. Line ends between its values would end it."""
        self.answered = True
        await self._write(message.replace(b"\r", b" ").replace(b"\n", b" "))


def read_negotiated_version(response: bytes) -> str | None:
    """Return the revision that the response to ``initialize`` names; None if it is an error."""
    try:
        message = orjson.loads(response)
    except orjson.JSONDecodeError:
        return None
    result = message.get("result") if isinstance(message, dict) else None
    version = result.get("protocolVersion") if isinstance(result, dict) else None
    return version if isinstance(version, str) else None
