"""Runs the application for one request, and handles its errors."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naftiko_runtime.http_server.app_config import AppConfig, RenderError
    from naftiko_runtime.http_server.exchange import ServerExchange

log = logging.getLogger(__name__)


async def run_app(exchange: ServerExchange, config: AppConfig) -> None:
    """Run the application. An unexpected error is logged with an id, and the caller only gets this id."""
    try:
        await config.app(exchange.scope, exchange.receive, exchange.send)
    except asyncio.CancelledError:
        if not exchange.disconnected:  # a shutdown that ran out of grace
            exchange.break_off()
    except Exception:  # the process boundary: every unexpected error ends here
        incident = secrets.token_hex(6)
        extra = {"incident": incident, "method": exchange.scope["method"], "path": exchange.scope["path"]}
        log.exception("unexpected error", extra=extra)
        await _send_internal_error(exchange, config.render_error, incident)
    else:
        if not exchange.disconnected:
            exchange.break_off()


async def _send_internal_error(exchange: ServerExchange, render_error: RenderError, incident: str) -> None:
    if exchange.status:
        exchange.break_off()
        return
    detail = f"unexpected error; the server's log has the details under {incident}"
    content_type, body = render_error(500, "internal-error", detail)
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await exchange.send({"type": "http.response.start", "status": 500, "headers": headers})
    await exchange.send({"type": "http.response.body", "body": body})
