"""Exposed operations, ready to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from naftiko_runtime.contract import compile_contract
from naftiko_runtime.engine.call import BoundCall
from naftiko_runtime.engine.mock import BoundMock
from naftiko_runtime.mapping.output_schema import make_result_schema

if TYPE_CHECKING:
    from naftiko_runtime.engine.secret_masks import Masks
    from naftiko_runtime.plan import Operation

BoundExecution: TypeAlias = BoundCall | BoundMock


class BoundOperation:
    """A planned operation, compiled.

    Attributes:
        plan: What was planned.
        contract: The check of its input.
        execution: What runs.
        run: Starts an exchange for an invocation.
        masks: What masks the secrets that an upstream may have been sent; none when there are none.
        deadlines: What bounds each exchange.
        open_body: How the caller's body goes through as it came; none when it does not.
        result_schema: What its results look like; none where they are untouched, or may be anything.
    """

    __slots__ = ("contract", "deadlines", "execution", "masks", "open_body", "plan", "result_schema", "run")

    def __init__(self, plan: Operation, execution: BoundExecution, masks: Masks | None = None) -> None:
        self.plan = plan
        self.contract = compile_contract(plan.contract)
        self.execution = execution
        self.run = execution.run
        self.masks = masks
        self.deadlines = execution.deadlines
        self.open_body = plan.execution.open_body
        self.result_schema = make_result_schema(plan.execution.shapes)

    @property
    def namespace(self) -> str:
        """Of the API that it calls; empty when it calls none."""
        return self.execution.namespace

    def mask(self, text: str) -> str:
        """A text for callers without any secret of the API's."""
        return text if self.masks is None else self.masks.text(text)
