"""Runs lookup steps."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from naftiko_runtime.encode_for_place import format_text
from naftiko_runtime.engine.steps.workflow_run import compile_value, describe_unrenderable, find_value
from naftiko_runtime.file_value import File, Unrenderable
from naftiko_runtime.jsonpath import compile_path
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.source import format_as_written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.engine.steps.workflow_run import WorkflowRun
    from naftiko_runtime.plan import LookupStep
    from naftiko_runtime.secret import Secret

log = logging.getLogger(__name__)

RowIndex: TypeAlias = dict[Hashable, tuple[int, dict[str, Any]]]
"""The first row with a key, and its position."""

_NUMBER: Final = compile_lazily(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,9})?")


class BoundLookupStep:
    """A compiled lookup step.

    Attributes:
        name: Its name.
        target: Empty, because it calls nothing.
    """

    __slots__ = ("_operation", "_path", "_plan", "_read_value", "name", "target")

    def __init__(self, operation: str, plan: LookupStep, secrets: Mapping[str, Secret]) -> None:
        """Compile a step.

        Args:
            operation: The exposed operation, for logs.
            plan: The step.
            secrets: Bound variables by full name.
        """
        self.name, self.target = plan.name, ""
        self._operation, self._plan, self._path = operation, plan, compile_path(plan.path)
        self._read_value = compile_value(plan.name, plan.value, plan.references, secrets)

    async def run(self, run: WorkflowRun) -> None:
        """Look the value up; see :class:`naftiko_runtime.engine.steps.workflow_run.BoundStep`.

        The output of a list of values is a list of the rows that match, in the order of the values. A value without a
        row is left out. The output of one value is its row, or null.
        """
        plan = self._plan
        where = (plan.index, plan.path, plan.match)
        if (rows := run.indexes.get(where)) is None:
            rows = run.indexes[where] = await run.work(partial(self._index, run))
        value = await run.read(self._read_value)
        run.outputs[self.name] = await run.work(partial(self._find, rows, value))

    def _index(self, run: WorkflowRun) -> RowIndex:
        """The rows by key. A warning says that there are none, because the lookup then finds nothing."""
        plan = self._plan
        found = find_value(self.name, self._path, run.outputs.get(plan.index), run)
        rows = index_rows(found, plan.match)
        if not rows and found:
            extra = {"operation": self._operation, "step": self.name, "index": plan.index, "match": plan.match}
            log.warning("lookup has no rows with its key field", extra=extra)
        return rows

    def _find(self, rows: RowIndex, value: object) -> object:
        """The output for a value."""
        if isinstance(value, list):
            found = (self._find_row(rows, one) for one in value)
            return [self._select_fields(row) for row in found if row is not None]
        row = self._find_row(rows, value)
        return None if row is None else self._select_fields(row)

    def _find_row(self, rows: RowIndex, value: object) -> dict[str, Any] | None:
        """The first row that matches a value.

        Raises:
            StepError: The value is a binary file.
        """
        try:
            keys = list_keys(value)
        except Unrenderable as error:
            raise describe_unrenderable(self.name, error) from None
        found = [entry for key in keys if (entry := rows.get(key)) is not None]
        return min(found, key=_get_position)[1] if found else None

    def _select_fields(self, row: dict[str, Any]) -> dict[str, Any]:
        """The fields of a row that are kept. A missing one is null."""
        fields = self._plan.fields
        return {name: row.get(name) for name in fields} if fields else row


def index_rows(output: Any, match: str) -> RowIndex:
    """Index the rows of an output by a key field. Of rows with the same key, the first one counts.

    Args:
        output: A list of objects, or one object. Anything else has no rows.
        match: The key field.
    """
    rows: RowIndex = {}
    for position, row in enumerate(output if isinstance(output, list) else (output,)):
        if isinstance(row, dict) and (key := _make_key(row.get(match))) is not None:
            rows.setdefault(key, (position, row))
    return rows


def list_keys(value: Any) -> tuple[Hashable, ...]:
    """The keys of the rows that match a value, as ``==`` of JSONPath compares. None for null, lists and objects.

    A number equals its text, true is not 1, and 1 is 1.0.

    Raises:
        Unrenderable: It is a binary file.
    """
    if isinstance(value, File):
        value = format_text(value)
    if (key := _make_key(value)) is None:
        return ()
    if isinstance(key, str):
        return (key, Decimal(key)) if _NUMBER.fullmatch(key) else (key,)
    return (key,) if isinstance(value, bool) else (key, format_as_written(value))


def _make_key(value: Any) -> Hashable | None:
    """Return what identifies a value: equal numbers have equal keys. None for what matches nothing."""
    if isinstance(value, bool):
        return (value,)  # not equal to 1 and 0
    if isinstance(value, float):
        return Decimal(format_as_written(value))
    return value if isinstance(value, str | int) else None


def _get_position(entry: tuple[int, dict[str, Any]]) -> int:
    return entry[0]
