"""Exposed operations: their inputs and executions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.plan.execution import Execution
    from naftiko_runtime.plan.inputs import Contract


class Operation(Struct, frozen=True):
    """An exposed operation.

    Attributes:
        name: ``namespace.operation`` for logs; of a route without a name, ``namespace.METHOD /path``.
        contract: Its inputs.
        execution: What it runs.
        description: Its description in the document.
    """

    name: str
    contract: Contract
    execution: Execution
    description: str = ""
