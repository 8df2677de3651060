"""Runs the execution of kind ``mock``: the document has the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.engine.exchange import Exchange
from naftiko_runtime.engine.mapping import report_mismatches
from naftiko_runtime.engine.result import OperationResult
from naftiko_runtime.mapping.templates import fill_blanks
from naftiko_runtime.upstream.stub_response import Stub, StubResponse

if TYPE_CHECKING:
    from naftiko_runtime.engine.deadline import Deadlines
    from naftiko_runtime.engine.invocation import Invocation
    from naftiko_runtime.engine.shared_compiled_parts import CompiledParts
    from naftiko_runtime.plan import Mock, Operation

_EMPTY_RESPONSE: Final = Stub(200, (), b"")


class BoundMock:
    """A compiled mock, with the attributes of :class:`naftiko_runtime.engine.call.BoundCall`."""

    __slots__ = ("deadlines", "mapping", "name", "target")

    namespace: Final = ""
    resource: Final = None
    head_only: Final = False
    is_exact: Final = True

    def __init__(self, operation: Operation, mock: Mock, compiled: CompiledParts, *, deadlines: Deadlines) -> None:
        self.name = self.target = operation.name
        self.mapping = compiled.get_shapes(mock.shapes)
        self.deadlines = deadlines

    def run(self, call: Invocation) -> Exchange:
        """Start an exchange, without an upstream."""
        return _MockExchange(self, call)


class _MockExchange(Exchange, eq=False):
    _execution: BoundMock

    async def __aenter__(self) -> OperationResult:
        execution, mapping = self._execution, self._execution.mapping
        self._deadline = execution.deadlines.begin()
        self._result = result = OperationResult(StubResponse(_EMPTY_RESPONSE), "", 0)
        before = mapping.mismatches.count
        try:
            result.set_value(fill_blanks(mapping.make({}), self._call.values))
        except BaseException as error:
            await self.__aexit__(type(error), error, None)
            raise
        if mapping.mismatches.count != before:
            result.mismatched = True
            report_mismatches(execution.name, mapping.mismatches, before)
        return result
