"""Requests to an application, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from naftiko_runtime.asgi_types import App


async def request(app: App, method: str, path: str, sent: dict[str, str], body: bytes) -> tuple[int, bytes]:
    """The status and the body of the response."""
    path, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }
    messages: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(one: MutableMapping[str, Any]) -> None:
        messages.append(one)

    await app(scope, receive, send)
    return messages[0]["status"], b"".join(one.get("body", b"") for one in messages)
