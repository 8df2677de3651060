"""Exposed operations, compiled and bound to an execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from naftiko_runtime.contract.compiled import compile_contract
from naftiko_runtime.engine.call import BoundCall
from naftiko_runtime.engine.mock import BoundMock
from naftiko_runtime.engine.preview_workflow import BoundPreview
from naftiko_runtime.engine.workflow import BoundWorkflow
from naftiko_runtime.mapping.output_schema import make_result_schema

if TYPE_CHECKING:
    from naftiko_runtime.engine.secret_masks import Masks
    from naftiko_runtime.plan import Operation

BoundExecution: TypeAlias = BoundCall | BoundWorkflow | BoundPreview | BoundMock


class BoundOperation:
    """A compiled operation.

    Attributes:
        operation: The operation in the plan.
        contract: Checks its input.
        execution: Its compiled execution.
        run: Starts an exchange for an invocation.
        masks: Masks the secrets that the upstream gets; None if it gets none.
        deadlines: Limits each exchange.
        open_body: How the caller's body is passed on unchanged; None if it is not.
        named_headers: The headers of callers that some API which it calls gets, in lower case.
        result_schema: The schema of its results; None if they are untouched, or any value is possible.
    """

    __slots__ = (
        "contract",
        "deadlines",
        "execution",
        "masks",
        "named_headers",
        "open_body",
        "operation",
        "result_schema",
        "run",
    )

    def __init__(self, operation: Operation, execution: BoundExecution, masks: Masks | None = None) -> None:
        self.operation = operation
        self.contract = compile_contract(operation.contract)
        self.execution = execution
        self.run = execution.run
        self.masks = masks
        self.deadlines = execution.deadlines
        self.open_body = operation.execution.open_body
        upstreams = operation.execution.upstreams
        self.named_headers = frozenset(name.encode() for one in upstreams for name in one.forward_headers)
        self.result_schema = make_result_schema(operation.execution.shapes)

    @property
    def namespace(self) -> str:
        """The API that it calls; empty if it calls none."""
        return self.execution.namespace

    def mask(self, text: str) -> str:
        """Mask the API's secrets in a text for callers."""
        return text if self.masks is None else self.masks.mask_text(text)
