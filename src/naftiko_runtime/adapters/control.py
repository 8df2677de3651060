"""The control port's health endpoints, for load balancers and orchestrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.adapters.edge import send_whole
from naftiko_runtime.adapters.problem import send_problem_document
from naftiko_runtime.template import as_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.adapters.edge import App, Receive, Scope, Send

_JSON: Final = (b"content-type", b"application/json")
_NO_STORE: Final = (b"cache-control", b"no-store")


def control_app(ready: Callable[[], bool], live: Callable[[], bool] = lambda: True) -> App:
    """``/health/live`` (the process answers) and ``/health/ready`` (it wants traffic).

    Args:
        ready: Whether all listeners are open and no shutdown has begun.
        live: Whether every other process that serves answers, too.
    """

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] not in ("/health/live", "/health/ready"):
            await send_problem_document(send, 404, "no-such-route", "served here: /health/live, /health/ready")
        elif scope["method"] not in ("GET", "HEAD"):
            allow = ((b"allow", b"GET, HEAD"),)
            await send_problem_document(send, 405, "method-not-allowed", "health is asked with GET", headers=allow)
        else:
            up = live() if scope["path"] == "/health/live" else ready()
            body = as_json({"status": "UP" if up else "DOWN"})
            await send_whole(send, 200 if up else 503, [_JSON, _NO_STORE], body)

    return app
