"""The operator's choices, as values: command-line options and their ``NAFTIKO_*`` variables end here."""

from __future__ import annotations

from dataclasses import dataclass, field

from naftiko_runtime import limits
from naftiko_runtime.adapters.edge import Edge


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How to serve.

    Attributes:
        edge: What listeners do at their edge.
        control: Address and port of the health endpoints; none for none.
        grace_seconds: How long requests in progress may take to finish after a signal.
        linger_seconds: How long listeners go on accepting after readiness fell.
        deadline_seconds: For each exchange with an upstream.
        response_bytes_max: Of an answer that has to be held in memory.
    """

    edge: Edge = field(default_factory=Edge)
    control: tuple[str, int] | None = None
    grace_seconds: float = limits.GRACE_SECONDS
    linger_seconds: float = limits.LINGER_SECONDS
    deadline_seconds: float = limits.UPSTREAM_DEADLINE_SECONDS
    response_bytes_max: int = limits.RESPONSE_BYTES_MAX
