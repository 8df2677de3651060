"""What people are told of the control port when it starts."""

from __future__ import annotations

from typing import Final

CONTROL_ENTRIES: Final = (
    ("GET /health/live", "the process answers"),
    ("GET /health/ready", "it wants traffic"),
    ("GET /metrics", "what was counted, for Prometheus"),
)
