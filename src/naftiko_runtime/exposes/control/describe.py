"""Describes the control port in the log line or table at startup."""

from __future__ import annotations

from typing import Final

CONTROL_ENTRIES: Final = (
    ("GET /health/live", "whether the process responds"),
    ("GET /health/ready", "whether it accepts traffic"),
    ("GET /metrics", "metrics for Prometheus"),
)
