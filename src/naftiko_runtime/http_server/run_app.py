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
    from naftiko_runtime.http_server.exchange import Cycle
    from naftiko_runtime.http_server.listener_state import Service

log = logging.getLogger(__name__)


async def run(cycle: Cycle, service: Service) -> None:
    """Run the application; what it raises ends here, in the log and in an answer that says as little as it must."""
    app, observer, _ = service
    began, observation = 0, None
    if observer is not None:
        began = perf_counter_ns()
        tracer = observer.tracer
        if tracer is not None and (cycle.traced or next(tracer.sampling_decisions)):
            observation = tracer.begin(cycle.scope["headers"] if cycle.traced else ())
    try:
        await app(cycle.scope, cycle.receive, cycle.send)
    except asyncio.CancelledError:
        if not cycle.disconnected:  # a shutdown that ran out of grace
            cycle.break_off()
    except Truncated as error:
        log.warning("answer broken off", extra={"reason": str(error.__cause__)})
        cycle.break_off()
    except Exception:  # the process boundary: whatever was not foreseen ends here
        incident = secrets.token_hex(6)
        extra = {"incident": incident, "method": cycle.scope["method"], "path": cycle.scope["path"]}
        log.exception("unexpected error", extra=extra)
        await _our_fault(cycle, incident)
    else:
        if not cycle.disconnected:
            cycle.break_off()
    if observer is not None:
        outcome = cycle.status if cycle.response_complete else _incomplete(cycle)
        observer.end(cycle.scope, observation, outcome, began)


def _incomplete(cycle: Cycle) -> str:
    """What became of a request whose answer did not go out whole, as it is counted."""
    return "truncated" if cycle.response_started and not cycle.disconnected else "cancelled"


async def _our_fault(cycle: Cycle, incident: str) -> None:
    if cycle.response_started:
        cycle.break_off()
        return
    detail = f"an unexpected error; the server's log has it as {incident}"
    await send_problem_document(cycle.send, 500, "internal-error", detail)
