"""The operator's choices: options and ``NAFTIKO_*`` variables end here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from naftiko_runtime import limits
from naftiko_runtime.caller_policy import CallerPolicy

if TYPE_CHECKING:
    from naftiko_runtime.telemetry.trace_options import TraceOptions


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How to serve.

    Attributes:
        policy: The limits and permissions of callers.
        control: The address and port of health and metrics. None for no control port: nothing is counted then.
        grace_seconds: How long to wait for requests in flight after a signal.
        linger_seconds: How long listeners accept connections after readiness fell.
        deadline_seconds: The time limit of each exchange. For a streamed response: of its head, and of each pause.
        total_deadline_seconds: The time limit of each exchange, also of a streamed one. None for no limit.
        half_closed_seconds: How long a REST request continues after its caller half-closed the connection.
        response_bytes_max: The maximum size of a response that is held in memory.
        traces: Where spans go. None for no traces.
        exposed_headers: More response headers that callers get, in lower case.
        scripting: Whether the scripts of workflows run, if their document does not disable them.
        workers: The number of processes that serve. 1 for this process only.
    """

    policy: CallerPolicy = field(default_factory=CallerPolicy)
    control: tuple[str, int] | None = None
    grace_seconds: float = limits.GRACE_SECONDS
    linger_seconds: float = limits.LINGER_SECONDS
    deadline_seconds: float = limits.UPSTREAM_DEADLINE_SECONDS
    total_deadline_seconds: float | None = None
    half_closed_seconds: float = limits.HALF_CLOSED_SECONDS
    response_bytes_max: int = limits.RESPONSE_BYTES_MAX
    traces: TraceOptions | None = None
    exposed_headers: frozenset[bytes] = frozenset()
    scripting: bool = True
    workers: int = 1
