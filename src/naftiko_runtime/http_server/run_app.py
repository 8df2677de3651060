"""One request from its beginning to its end, whatever comes of it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from time import perf_counter_ns
from typing import TYPE_CHECKING

from naftiko_runtime.adapters.edge import Truncated
from naftiko_runtime.problem import send_problem_document

if TYPE_CHECKING:
    from naftiko_runtime.http_server.app_config import AppConfig
    from naftiko_runtime.http_server.exchange import Exchange

log = logging.getLogger(__name__)


async def run_app(exchange: Exchange, config: AppConfig) -> None:
    """Run the application; what it raises ends here, in the log and in an answer that says as little as it must."""
    app, observer, _ = config
    began, observation = 0, None
    if observer is not None:
        began = perf_counter_ns()
        tracer = observer.tracer
        if tracer is not None and (exchange.traced or next(tracer.sampling_decisions)):
            observation = tracer.begin(exchange.scope["headers"] if exchange.traced else ())
    try:
        await app(exchange.scope, exchange.receive, exchange.send)
    except asyncio.CancelledError:
        if not exchange.disconnected:  # a shutdown that ran out of grace
            exchange.break_off()
    except Truncated as error:
        log.warning("answer broken off", extra={"reason": str(error.__cause__)})
        exchange.break_off()
    except Exception:  # the process boundary: whatever was not foreseen ends here
        incident = secrets.token_hex(6)
        extra = {"incident": incident, "method": exchange.scope["method"], "path": exchange.scope["path"]}
        log.exception("unexpected error", extra=extra)
        await _our_fault(exchange, incident)
    else:
        if not exchange.disconnected:
            exchange.break_off()
    if observer is not None:
        outcome = exchange.status if exchange.response_complete else _incomplete(exchange)
        observer.end(exchange.scope, observation, outcome, began)


def _incomplete(exchange: Exchange) -> str:
    """What became of a request whose answer did not go out whole, as it is counted."""
    return "truncated" if exchange.response_started and not exchange.disconnected else "cancelled"


async def _our_fault(exchange: Exchange, incident: str) -> None:
    if exchange.response_started:
        exchange.break_off()
        return
    detail = f"an unexpected error; the server's log has it as {incident}"
    await send_problem_document(exchange.send, 500, "internal-error", detail)
