"""The control port: health for load balancers and orchestrators, metrics for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.problem_details import send_problem_document
from naftiko_runtime.send_response import send_whole
from naftiko_runtime.telemetry.prometheus import CONTENT_TYPE

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import App, Receive, Scope, Send
    from naftiko_runtime.exposes.app_services import Health

_SERVED: Final = ("/health/live", "/health/ready", "/metrics")
_JSON: Final = (b"content-type", b"application/json")
_NO_STORE: Final = (b"cache-control", b"no-store")


def make_control_app(health: Health) -> App:
    """Make the application.

    It serves ``/health/live`` (the process responds), ``/health/ready`` (it accepts traffic) and ``/metrics``.

    Args:
        health: The health of the program.
    """

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] not in _SERVED:
            await send_problem_document(send, 404, "no-such-route", f"served here: {', '.join(_SERVED)}")
        elif scope["method"] not in ("GET", "HEAD"):
            allow = ((b"allow", b"GET, HEAD"),)
            await send_problem_document(send, 405, "method-not-allowed", "use GET", headers=allow)
        elif scope["path"] == "/metrics":
            await send_whole(send, 200, [(b"content-type", CONTENT_TYPE), _NO_STORE], health.render_metrics())
        else:
            up = health.is_live() if scope["path"] == "/health/live" else health.is_ready()
            body = encode_json({"status": "UP" if up else "DOWN"})
            await send_whole(send, 200 if up else 503, [_JSON, _NO_STORE], body)

    return app
