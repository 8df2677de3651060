"""The HTTP servers that tests run applications with: the program's own, and uvicorn as the second opinion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import open_socket
from naftiko_runtime.server.listeners import SERVER_LIMITS
from support.uvicorn_listener import UvicornListener

if TYPE_CHECKING:
    from naftiko_runtime.http_server.app_config import AppConfig

LISTENERS: Final[dict[str, type[Listener | UvicornListener]]] = {"own": Listener, "uvicorn": UvicornListener}


async def start_listener(server: str, config: AppConfig, name: str) -> Listener | UvicornListener:
    """Serve an application on a free port of 127.0.0.1.

    Args:
        server: Which of :data:`LISTENERS`.
        config: The application.
        name: Of what listens, for error messages.
    """
    listener = LISTENERS[server](open_socket("127.0.0.1", 0, name), config, SERVER_LIMITS)
    await listener.start()
    return listener
