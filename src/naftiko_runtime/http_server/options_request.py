"""The response to ``OPTIONS *``, which the application does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.http_server.app_config import AppConfig

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Receive, Scope, Send


async def _send_server_options(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Respond to ``OPTIONS *``, which is about the server and not a resource (RFC 9110, 9.3.7)."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


SERVER_OPTIONS: Final = AppConfig(_send_server_options)
