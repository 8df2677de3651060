"""Metrics of a listener, besides those of the requests that reach its application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.telemetry.metrics import ACTIVE, CONNECTIONS, REFUSED

if TYPE_CHECKING:
    from naftiko_runtime.telemetry.metrics import Meter, MetricValue


class ListenerMetrics:
    """Counts the connections of one port, the requests in progress, and the rejections."""

    def __init__(self, meter: Meter, port: int) -> None:
        self._meter = meter
        self._port = str(port)
        self._rejections: dict[str, MetricValue] = {}
        self._connections = meter.get_number(CONNECTIONS, server_port=self._port)
        self._active = meter.get_number(ACTIVE, server_port=self._port)

    def set_active(self, connections: int, requests: int) -> None:
        """Record how many connections and requests in progress there are now."""
        self._connections.set(connections)
        self._active.set(requests)

    def count_rejection(self, code: str) -> None:
        """Count a request or a connection that the server rejected."""
        if code not in self._rejections:
            self._rejections[code] = self._meter.get_number(REFUSED, server_port=self._port, error_type=code)
        self._rejections[code].add()
