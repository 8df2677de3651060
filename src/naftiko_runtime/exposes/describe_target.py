"""How exposes of every kind describe what they call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naftiko_runtime.plan import Operation


def describe_target(operation: Operation) -> str:
    """Return what an operation calls: ``namespace.operation  (GET /path)``."""
    targets = [f"{target.operation}  ({target.method} {target.url})" for target in operation.execution.targets]
    if targets:
        return ", ".join(targets)
    return "a mock response" if operation.execution.is_mock else "steps that call nothing"
