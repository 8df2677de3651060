"""Links lookup steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.steps import DeclaredLookupStep
from naftiko_runtime.plan import LookupStep
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from naftiko_runtime.link.steps.workflow_context import WorkflowScope

_WITHOUT_ROWS: Final = ("text", "binary")
"""Formats whose decoded responses have no rows."""


def link_lookup_step(step: DeclaredLookupStep, scope: WorkflowScope) -> LookupStep | None:
    """Link a step; None if its index is no earlier step, which is reported."""
    outputs = scope.open_outputs(step.name)
    rows = outputs.resolve_rows(step.index, step.get_path("index"))
    value = scope.link_value(step.lookup_value, step.get_path("lookupValue"), step, outputs)
    if rows is None:
        return None
    if step.match.startswith(("$.", "$[")):
        advice = helps.DID_YOU_MEAN(suggestion=step.match[2:]) if step.match[2:].isidentifier() else None
        scope.context.report(rules.LOOKUP_WITHOUT_ROWS_PATH(), step.get_path("match"), advice)
    elif rows.path == "$":
        _check_rows(step, rows.source, scope)
    references = tuple(one for one in outputs.references if one is not rows)
    return LookupStep(step.name, rows.source, step.match, value, step.output_parameters, references, path=rows.path)


def _check_rows(step: DeclaredLookupStep, index: str, scope: WorkflowScope) -> None:
    """Report a lookup that finds nothing, whatever the responses are."""
    called = scope.linked_calls.get(index)
    if called is not None:
        operation = called.consumed.operation
        if operation.method == "HEAD":
            scope.context.report(rules.LOOKUP_WITHOUT_ROWS(step=index), step.get_path("index"))
        elif (raw_format := operation.output_raw_format) in _WITHOUT_ROWS:
            statement = rules.LOOKUP_WITHOUT_ROWS_TEXT(step=index, format=raw_format)
            scope.context.report(statement, step.get_path("index"))
        return
    searched = next((one for one in scope.exposed.steps if one.name == index), None)
    kept = searched.output_parameters if isinstance(searched, DeclaredLookupStep) else ()
    if kept and step.match not in kept:
        statement = rules.LOOKUP_WITHOUT_ROWS_FIELD(step=index, field=step.match)
        scope.context.report(statement, step.get_path("match"), suggest(step.match, kept, helps.ONE_OF))
