"""Runs lookup steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.encode_value import format_text
from naftiko_runtime.engine.evaluate import ABSENT, compile_tree
from naftiko_runtime.engine.steps.run import compile_references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.engine.steps.run import WorkflowRun
    from naftiko_runtime.plan import LookupStep
    from naftiko_runtime.secret import Secret


class BoundLookupStep:
    """A compiled lookup step.

    Attributes:
        name: Its name.
        target: Empty, because it calls nothing.
    """

    __slots__ = ("_evaluate", "_plan", "_read_values", "name", "target")

    def __init__(self, plan: LookupStep, secrets: Mapping[str, Secret]) -> None:
        """Compile a step.

        Args:
            plan: The step.
            secrets: Bound variables by full name.
        """
        self.name, self.target = plan.name, ""
        self._plan = plan
        self._read_values = compile_references(plan.name, plan.references)
        self._evaluate = compile_tree(plan.value, secrets)

    async def run(self, run: WorkflowRun) -> None:
        """Look the value up; see :class:`naftiko_runtime.engine.steps.run.BoundStep`.

        The output of a list of values is a list of the rows that match, in the order of the values. A value without a
        row is left out. The output of one value is its row, or null.
        """
        plan = self._plan
        where = (plan.index, plan.match)
        if (rows := run.indexes.get(where)) is None:
            rows = run.indexes[where] = index_rows(run.outputs.get(plan.index), plan.match)
        value = self._evaluate(self._read_values(run))
        if isinstance(value, list):
            found = (rows.get(key) for one in value if (key := make_key(one)) is not None)
            run.outputs[self.name] = [self._select_fields(row) for row in found if row is not None]
        else:
            key = None if value is ABSENT else make_key(value)
            row = None if key is None else rows.get(key)
            run.outputs[self.name] = None if row is None else self._select_fields(row)

    def _select_fields(self, row: dict[str, Any]) -> dict[str, Any]:
        """The fields of a row that are kept. A missing one is null."""
        fields = self._plan.fields
        return {name: row.get(name) for name in fields} if fields else row


def index_rows(output: Any, match: str) -> dict[str, dict[str, Any]]:
    """Index the rows of an output by a key field. Of rows with the same key, the first one counts.

    Args:
        output: A list of objects, or one object. Anything else has no rows.
        match: The key field.
    """
    rows: dict[str, dict[str, Any]] = {}
    for row in output if isinstance(output, list) else (output,):
        if isinstance(row, dict) and (key := make_key(row.get(match))) is not None:
            rows.setdefault(key, row)
    return rows


def make_key(value: Any) -> str | None:
    """The text by which a value is looked up. None for null, lists and objects, which match nothing."""
    return None if value is None or isinstance(value, dict | list) else format_text(value)
