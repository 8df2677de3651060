from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench import budget, callgrind
from bench.budget import BudgetError, Count, Record
from bench.instruction_cases import CASES, MANY_TOOLS, PROTECTED, TOOL
from bench.instructions import find_beyond_bounds

FILE = Path(__file__).parents[3] / "bench" / "budget.json"
HERE = {"python": "3.11.7", "aiohttp": "3.14.5"}
ELSEWHERE = {"python": "3.13.0", "aiohttp": "3.14.5"}


def record(pixel: int, tool: int = 2000, *, bare: int = 500, where: dict[str, str] = HERE, reason: str = "") -> Record:
    return Record("2026-11-26", where, {"pixel": Count(pixel, bare), "tool": Count(tool, bare)}, reason)


BUDGET = record(1000)


def over(measured: Record) -> list[str]:
    return [each.case for each in budget.judge(BUDGET, measured) if each.over]


def under(measured: Record) -> list[str]:
    return [each.case for each in budget.judge(BUDGET, measured) if each.under]


@pytest.mark.parametrize(
    ("pixel", "is_over", "is_under"),
    [(1011, ["pixel"], []), (1010, [], []), (1000, [], []), (980, [], []), (979, [], ["pixel"])],
)
def test_counts_of_the_same_environment_are_compared(pixel: int, is_over: list[str], is_under: list[str]) -> None:
    # Another count of the bare pair changes nothing: here it is not the measure.
    for bare in (400, 500, 600):
        assert over(record(pixel, bare=bare)) == is_over
        assert under(record(pixel, bare=bare)) == is_under


@pytest.mark.parametrize(
    ("pixel", "is_over", "is_under"),
    [(2101, ["pixel"], []), (2100, [], []), (2000, [], []), (1900, [], []), (1899, [], ["pixel"])],
)
def test_elsewhere_ratios_are_compared(pixel: int, is_over: list[str], is_under: list[str]) -> None:
    measured = record(pixel, 4000, bare=1000, where=ELSEWHERE)
    assert over(measured) == is_over
    assert under(measured) == is_under


def test_a_case_without_a_budget_is_over() -> None:
    assert over(Record("", HERE, {"new": Count(1, 1)})) == ["new"]


def test_what_is_lower_lowers_and_noise_does_not_raise() -> None:
    make_next_record = budget.make_next_record(BUDGET, record(900, 2010, bare=501))
    assert make_next_record.counts == {"pixel": Count(900, 501), "tool": Count(2000, 501)}
    budget.check_rule([BUDGET, make_next_record])


def test_elsewhere_no_ratio_rises_by_noise_or_rounding() -> None:
    make_next_record = budget.make_next_record(BUDGET, record(1210, 1199, bare=601, where=ELSEWHERE))
    assert make_next_record.counts["pixel"] == Count(1202, 601)
    odd = Record("", HERE, {"pixel": Count(1000, 333)})
    moved = budget.make_next_record(odd, Record("", ELSEWHERE, {"pixel": Count(1000, 332)}))
    assert moved.counts["pixel"].ratio <= odd.counts["pixel"].ratio
    budget.check_rule([odd, moved])


@pytest.mark.parametrize(
    "measured", [record(1011), record(2101, bare=1000, where=ELSEWHERE)], ids=["here", "elsewhere"]
)
def test_nothing_is_raised_without_a_reason(measured: Record) -> None:
    with pytest.raises(BudgetError, match="over the budget: pixel; --raise"):
        budget.make_next_record(BUDGET, measured)


def test_a_reason_raises_what_is_over_lowers_what_is_lower_and_is_written_down() -> None:
    make_next_record = budget.make_next_record(BUDGET, record(1500, 1500), "request ids")
    assert make_next_record == record(1500, 1500, reason="request ids")
    budget.check_rule([BUDGET, make_next_record])


def test_a_reason_for_nothing_is_not_written_down() -> None:
    assert budget.make_next_record(BUDGET, record(900), "request ids").reason == ""


def test_only_counts_of_ours_and_the_environment_make_a_new_record() -> None:
    assert not budget.has_changed(BUDGET, record(1000, bare=501))
    assert budget.has_changed(BUDGET, record(999))
    assert budget.has_changed(BUDGET, record(1000, where=ELSEWHERE))


@pytest.mark.parametrize(
    "after",
    [
        record(1001),
        record(2001, bare=1000, where=ELSEWHERE),
        Record("", HERE, {"pixel": Count(1000, 500), "new": Count(1, 1)}),
    ],
    ids=["count", "ratio", "new case"],
)
def test_a_file_that_rises_without_a_reason_is_refused(tmp_path: Path, after: Record) -> None:
    path = tmp_path / "budget.json"
    with pytest.raises(BudgetError, match="rises to"):
        budget.write(path, [BUDGET, after])
    assert not path.exists()
    path.write_text(json.dumps({"records": [BUDGET.data(), after.data()]}))
    with pytest.raises(BudgetError, match="rises to"):
        budget.read(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "budget.json"
    path.write_text('{"records": []}')
    with pytest.raises(BudgetError, match="empty"):
        budget.read(path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "budget.json"
    records = [BUDGET, record(1200, reason="request ids"), record(900)]
    budget.write(path, records)
    assert budget.read(path) == records


def test_the_committed_budget_keeps_to_the_rule() -> None:
    records = budget.read(FILE)
    assert all(each.counts.keys() >= {"pixel", "mapped", "tool"} for each in records)
    assert records[-1].counts.keys() == {*(case.name for case in CASES), *PROTECTED}


def test_totals_of_a_dump() -> None:
    assert callgrind.read_total("version: 1\nevents: Ir\n\nfn=(1) main\n3 12\n\ntotals: 1234\n") == 1234
    with pytest.raises(callgrind.CallgrindError, match="no totals"):
        callgrind.read_total("version: 1\n")


def test_workflows_keep_their_bounds_over_the_plain_call() -> None:
    counts = budget.read(FILE)[-1].counts
    plain = counts["mapped"].naftiko
    assert counts["one-step"].naftiko <= 1.1 * plain
    assert counts["three-steps"].naftiko <= 3.3 * plain


def test_a_case_beyond_its_bound_is_found() -> None:
    counts = {TOOL.name: Count(1000, 500), MANY_TOOLS.name: Count(1100, 500)}
    assert find_beyond_bounds(counts, [TOOL, MANY_TOOLS]) == []
    counts[MANY_TOOLS.name] = Count(1101, 500)
    assert find_beyond_bounds(counts, [TOOL, MANY_TOOLS]) == ["many-tools: 1.101 times tool; at most 1.1"]
