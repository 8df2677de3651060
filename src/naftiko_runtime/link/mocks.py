"""Links mocks: operations that call nothing. Their result is an object of their named outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ConsumedOperation
from naftiko_runtime.link.consumed_operation import Consumed
from naftiko_runtime.plan import Upstream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.exposes import Exposed
    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.link.context import Context


def make_mock_target(exposed: Exposed, context: Context) -> Consumed:
    """Make the empty consumed operation of a mock."""
    nowhere = Upstream("", "", None, context.find_span(exposed.get_path()))
    return Consumed(nowhere, ConsumedOperation(name="mock"), ("",), ())


def check_mock(outputs: Sequence[Output], context: Context) -> None:
    """Report what a mock leaves out: outputs without a name, and those without a value."""
    for output in outputs:
        _check_value(output, output.name or "result", context)
    if not any(output.name for output in outputs):
        return
    for output in outputs:
        if not output.name:
            context.report(rules.NO_EFFECT_UNNAMED_OUTPUT(), output.get_path())


def _check_value(output: Output, name: str, context: Context) -> None:
    inner = tuple(output.iter_inner())
    for one in inner:
        key = one.get_path()[-1]
        _check_value(one, str(key), context)
    has_source = output.mapping is not None or output.const is not None or "value" in output.model_fields_set
    if not has_source and not inner:
        context.report(rules.UNMATCHED_MAPPING_MOCK(name=name), output.get_path())
