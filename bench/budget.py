"""The instruction budget: the counts, their environments, and the rule that the budget only goes down.

The file is a list of records, the newest last. If the environment is the same, so that only our code has changed,
counts are compared. Otherwise their ratios to the bare pair, which was counted in the same run, are compared.
A record that is above the one before it has a reason.
"""

import dataclasses
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ABOUT = "Instructions per request, newest last; written by bench/instructions.py, described in docs/performance.md"
SAME_TOLERANCE = 0.01
"""Counts in the same environment differ by less than this share."""
OTHER_TOLERANCE = 0.05
"""Another Python or library changes our count and that of the bare pair by different shares."""
SLACK = 0.02
"""The budget should be lowered if the count is below it by more than this share."""


class BudgetError(Exception):
    """The file breaks the rule, or would break it."""


@dataclass(frozen=True, slots=True)
class Count:
    """Instructions for one request: of this runtime, and of the bare pair."""

    naftiko: int
    bare: int

    @property
    def ratio(self) -> float:
        """Our count divided by that of the bare pair."""
        return self.naftiko / self.bare


@dataclass(frozen=True, slots=True)
class Record:
    """Counts of all cases in one environment."""

    date: str
    environment: Mapping[str, str]
    counts: Mapping[str, Count]
    reason: str = ""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """Make a record of decoded JSON."""
        counts = {case: Count(**count) for case, count in data["counts"].items()}
        return cls(data["date"], data["environment"], counts, data.get("reason", ""))

    def data(self) -> dict[str, Any]:
        """Return the record as JSON data, with a reason only if there is one."""
        data = dataclasses.asdict(self)
        if not self.reason:
            del data["reason"]
        return data

    def ceiling(self, case: str, measured: "Record") -> int | None:
        """Return the limit of a case in the environment of `measured`; None for a new case."""
        if (mine := self.counts.get(case)) is None:
            return None
        if measured.environment == self.environment:
            return mine.naftiko
        # Multiply whole numbers first, so that rounding never raises the limit.
        return mine.naftiko * measured.counts[case].bare // mine.bare


@dataclass(frozen=True, slots=True)
class Verdict:
    """A case and its limit, `ceiling`, which is None if the budget does not have the case."""

    case: str
    count: Count
    ceiling: int | None
    tolerance: float

    @property
    def over(self) -> bool:
        """Whether the count is above the limit by more than noise, or there is no limit."""
        return self.ceiling is None or self.count.naftiko > self.ceiling * (1 + self.tolerance)

    @property
    def under(self) -> bool:
        """Whether the count is so far below that the budget should be lowered."""
        return self.ceiling is not None and self.count.naftiko < self.ceiling * (1 - max(SLACK, self.tolerance))

    @property
    def difference(self) -> float:
        """The difference from the budget, as a share of it."""
        return self.count.naftiko / self.ceiling - 1 if self.ceiling else math.inf


def judge(budget: Record, measured: Record) -> list[Verdict]:
    tolerance = SAME_TOLERANCE if measured.environment == budget.environment else OTHER_TOLERANCE
    return [Verdict(case, count, budget.ceiling(case, measured), tolerance) for case, count in measured.counts.items()]


def make_next_record(budget: Record, measured: Record, reason: str = "") -> Record:
    """Return the next record: lower where less was counted, higher only with a reason, otherwise unchanged.

    Raises:
        BudgetError: A case is over the budget and there is no reason.
    """
    counts: dict[str, Count] = {}
    over: list[str] = []
    for verdict in judge(budget, measured):
        count = verdict.count
        if verdict.over:
            over.append(verdict.case)
            counts[verdict.case] = count
        else:
            ceiling = verdict.ceiling or 0
            counts[verdict.case] = Count(min(count.naftiko, ceiling), count.bare)
    if over and not reason:
        raise BudgetError(f"over the budget: {', '.join(over)}; --raise REASON raises it, and says why in the file")
    return Record(measured.date, measured.environment, counts, reason if over else "")


def has_changed(last: Record, record: Record) -> bool:
    """Return whether a record has anything new; new counts of the bare pair alone are not."""
    own = [{case: count.naftiko for case, count in each.counts.items()} for each in (last, record)]
    return last.environment != record.environment or own[0] != own[1]


def check_rule(records: Sequence[Record]) -> None:
    """Raise `BudgetError` if there is no record, or one is above the record before it without a reason."""
    if not records:
        raise BudgetError("the budget is empty")
    for before, after in itertools.pairwise(records):
        if after.reason:
            continue
        for case, count in after.counts.items():
            ceiling = before.ceiling(case, after)
            if ceiling is None or count.naftiko > ceiling:
                raise BudgetError(f"{case} rises to {count.naftiko:,} in the record of {after.date} without a reason")


def read(path: Path) -> list[Record]:
    """Read the records of a file and check the rule."""
    records = [Record.read(each) for each in json.loads(path.read_text(encoding="utf-8"))["records"]]
    check_rule(records)
    return records


def write(path: Path, records: Sequence[Record]) -> None:
    """Check the rule and replace the file."""
    check_rule(records)
    data = {"about": ABOUT, "records": [record.data() for record in records]}
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
