"""Lookups: one index for all values, whatever their number."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.engine.steps.lookup import BoundLookupStep
from naftiko_runtime.engine.steps.workflow_run import WorkflowRun
from naftiko_runtime.errors import StepError
from naftiko_runtime.file_value import File
from naftiko_runtime.jsonpath.operators import equals
from naftiko_runtime.plan import Argument, LookupStep

MANY = 10_000


class CountedRow(dict[str, Any]):
    """A row that counts how often its key is read."""

    reads = 0

    def get(self, name: str, default: Any = None) -> Any:
        CountedRow.reads += 1
        return super().get(name, default)


def look_up(
    rows: Any, value: Any, *, fields: tuple[str, ...] = (), run: WorkflowRun | None = None, path: str = "$"
) -> Any:
    """The output of a lookup of a value in the field ``id``."""
    step = BoundLookupStep("ships.find", LookupStep("found", "rows", "id", Argument("ids"), fields, path=path), {})
    run = run or make_run()
    run.outputs["rows"] = rows
    run.call.values = {"ids": value}
    asyncio.run(step.run(run))
    return run.outputs["found"]


def make_run() -> WorkflowRun:
    return WorkflowRun(Invocation(), None)  # type: ignore[arg-type]  # a lookup needs none


def test_many_values_in_many_rows_read_each_row_once() -> None:
    rows = [CountedRow(id=number, name=f"n{number}") for number in range(MANY)]
    CountedRow.reads = 0
    found = look_up(rows, list(reversed(range(MANY))))
    assert [row["id"] for row in found] == list(reversed(range(MANY)))
    assert CountedRow.reads == MANY


def test_the_rows_can_be_a_part_of_an_output(caplog: pytest.LogCaptureFixture) -> None:
    output, run = {"ships": [{"id": 1}, {"id": 2}], "docks": [{"id": 2, "name": "east"}]}, make_run()
    assert look_up(output, [2, 1], run=run, path="$.ships") == [{"id": 2}, {"id": 1}]
    assert look_up(output, 2, run=run, path="$.docks") == {"id": 2, "name": "east"}
    assert look_up(output, 2, run=run, path="$.missing") is None
    assert caplog.messages == []


@pytest.mark.parametrize("rows", [{"ships": [{"id": 1}]}, [{"key": 1}], "text"])
def test_rows_without_the_key_field_are_in_the_log(rows: Any, caplog: pytest.LogCaptureFixture) -> None:
    run = make_run()
    assert look_up(rows, [1], run=run) == look_up(rows, [2], run=run) == []
    (record,) = caplog.records
    assert record.message == "lookup has no rows with its key field"
    assert (record.operation, record.step, record.index, record.match) == ("ships.find", "found", "rows", "id")  # type: ignore[attr-defined]


@pytest.mark.parametrize("rows", [None, [], {}, "", [{"id": 1}], {"id": 1}])
def test_empty_rows_are_not_in_the_log(rows: Any, caplog: pytest.LogCaptureFixture) -> None:
    look_up(rows, [1])
    assert caplog.messages == []


def test_two_lookups_of_one_run_share_the_index() -> None:
    rows, run = [CountedRow(id=number) for number in range(5)], make_run()
    CountedRow.reads = 0
    assert look_up(rows, [1], run=run) == [{"id": 1}]
    assert look_up(rows, 3, run=run) == {"id": 3}
    assert CountedRow.reads == len(rows)


ROWS = [{"id": 1, "name": "Ann"}, {"id": "2", "name": "Bo"}, {"id": 1, "name": "not the first"}, {"name": "no id"}, 7]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([2, 1], [ROWS[1], ROWS[0]]),
        (["1", 1, "1"], [ROWS[0]] * 3),
        ([9, 2, None, [1], {"id": 1}], [ROWS[1]]),
        ([], []),
        ("2", ROWS[1]),
        (1, ROWS[0]),
        (9, None),
        (None, None),
        ({"id": 1}, None),
    ],
    ids=str,
)
def test_values_keep_their_order_and_number(value: Any, found: Any) -> None:
    assert look_up(ROWS, value) == found


@pytest.mark.parametrize(("rows", "found"), [({"id": 2}, {"id": 2}), (None, None), ("2", None), ([[2]], None)], ids=str)
def test_rows_are_objects_of_a_list_or_one_object(rows: Any, found: Any) -> None:
    assert look_up(rows, "2") == found


def test_only_named_fields_are_kept_and_a_missing_one_is_null() -> None:
    assert look_up(ROWS, [1], fields=("name", "role")) == [{"name": "Ann", "role": None}]


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        (7, 7.0, True),
        (7.0, 7, True),
        (7.0, "7", True),
        ("7", 7, True),
        ("7", 7.0, False),
        ("007", 7, False),
        ("007", "7", False),
        (1.5, "1.5", True),
        (2**53 + 1, 2.0**53, False),
        (True, True, True),
        (True, "true", False),
        ("true", True, False),
        (True, 1, False),
        (1, True, False),
        (0, False, False),
    ],
)
def test_a_row_matches_as_jsonpath_compares(key: object, value: object, found: bool) -> None:
    assert (look_up([{"id": key}], value) is not None) is found
    assert equals(key, value) is found


def test_of_a_number_and_its_text_the_first_row_counts() -> None:
    assert look_up([{"id": 7.0, "n": 1}, {"id": "7", "n": 2}], "7") == {"id": 7.0, "n": 1}
    assert look_up([{"id": "7", "n": 1}, {"id": 7, "n": 2}], 7) == {"id": "7", "n": 1}


def test_a_binary_file_fails_the_lookup() -> None:
    with pytest.raises(StepError, match="step 'found' failed: a value cannot be text: a binary file") as caught:
        look_up(ROWS, File(b"\xff", "photo", None))
    assert caught.value.status == 502
    assert look_up(ROWS, File(b"2", "number", None)) == ROWS[1]
