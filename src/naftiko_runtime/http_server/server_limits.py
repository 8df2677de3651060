"""The bounds of a listener. The server has none of its own: the program passes them in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """What callers may send, and how long the server waits for them. Sizes in bytes, times in seconds.

    Attributes:
        head_bytes_max: Of a request's head; also of what arrives without completing anything.
        headers_max: Of one request.
        requests_waiting_max: Pipelined requests that wait on one connection behind the running one.
        buffered_bytes_max: Bytes of a body that one connection buffers ahead of the application.
        connections_max: Of the listener; further ones get 503.
        connections_refused_max: How many further ones get 503; more are dropped.
        head_seconds: How long a head may take.
        body_idle_seconds: How long the next part of a body may take.
        keep_alive_seconds: How long a connection may be idle.
        write_stall_seconds: How long a caller may read nothing of its response.
        half_closed_seconds: How long a request continues after its caller has half-closed the connection, if its
            application does not say.
        refused_seconds: How long bytes of a rejected caller are read and dropped.
        last_request_seconds: How long a connection without a complete request stays open when its listener closes.
        timer_grace_seconds: Added to a caller's time, to read bytes that have arrived.
        late_tick_seconds: A tick later than this means that the event loop was busy, not that callers were idle.
    """

    head_bytes_max: int
    headers_max: int
    requests_waiting_max: int
    buffered_bytes_max: int
    connections_max: int
    connections_refused_max: int
    head_seconds: float
    body_idle_seconds: float
    keep_alive_seconds: float
    write_stall_seconds: float
    half_closed_seconds: float
    refused_seconds: float
    last_request_seconds: float
    timer_grace_seconds: float
    late_tick_seconds: float
