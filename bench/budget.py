"""The instruction budget: what was counted, where, and the rule that it only goes down.

The file is a list of records, the newest last. Where nothing but our code has changed (`environment` is equal), counts
are compared. Elsewhere they mean nothing by themselves, and the ratio to the bare pair, which was counted in the same
run, takes their place. A record above the one before it has a reason.
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
"""Counts of one build and the same libraries differ by less."""
OTHER_TOLERANCE = 0.05
"""What a Python or a library costs us differs from what it costs the bare pair."""
SLACK = 0.02
"""From here on the budget should be lowered."""


class BudgetError(Exception):
    """The file breaks the rule, or would."""


@dataclass(frozen=True, slots=True)
class Count:
    """Instructions for one request: of this runtime, and of the bare pair."""

    naftiko: int
    bare: int

    @property
    def ratio(self) -> float:
        """How many times the bare pair's."""
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
        """From a decoded record."""
        counts = {case: Count(**count) for case, count in data["counts"].items()}
        return cls(data["date"], data["environment"], counts, data.get("reason", ""))

    def data(self) -> dict[str, Any]:
        """To be encoded; a reason only where there is one."""
        data = dataclasses.asdict(self)
        if not self.reason:
            del data["reason"]
        return data

    def ceiling(self, case: str, measured: "Record") -> int | None:
        """What `case` may have in the environment of `measured`; None if it is new."""
        if (mine := self.counts.get(case)) is None:
            return None
        if measured.environment == self.environment:
            return mine.naftiko
        # A product of whole numbers first, so that a ratio never creeps up by rounding.
        return mine.naftiko * measured.counts[case].bare // mine.bare


@dataclass(frozen=True, slots=True)
class Verdict:
    """A case beside what it may have; `ceiling` is None if the budget does not know it."""

    case: str
    count: Count
    ceiling: int | None
    tolerance: float

    @property
    def over(self) -> bool:
        """More than noise above the budget, or without one."""
        return self.ceiling is None or self.count.naftiko > self.ceiling * (1 + self.tolerance)

    @property
    def under(self) -> bool:
        """So far below that the budget should be lowered."""
        return self.ceiling is not None and self.count.naftiko < self.ceiling * (1 - max(SLACK, self.tolerance))

    @property
    def difference(self) -> float:
        """From the budget, as a part of it."""
        return self.count.naftiko / self.ceiling - 1 if self.ceiling else math.inf


def judge(budget: Record, measured: Record) -> list[Verdict]:
    tolerance = SAME_TOLERANCE if measured.environment == budget.environment else OTHER_TOLERANCE
    return [Verdict(case, count, budget.ceiling(case, measured), tolerance) for case, count in measured.counts.items()]


def renewed(budget: Record, measured: Record, reason: str = "") -> Record:
    """The next record: lower where less was counted, higher only with a reason, else as it was.

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


def differs(last: Record, record: Record) -> bool:
    """Whether it says anything new: bare counts alone do not."""
    own = [{case: count.naftiko for case, count in each.counts.items()} for each in (last, record)]
    return last.environment != record.environment or own[0] != own[1]


def check_rule(records: Sequence[Record]) -> None:
    """Raises `BudgetError` if there is no record, or one is above the last without a reason."""
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
    """The records of a file, which keep to the rule."""
    records = [Record.read(each) for each in json.loads(path.read_text(encoding="utf-8"))["records"]]
    check_rule(records)
    return records


def write(path: Path, records: Sequence[Record]) -> None:
    """Replace the file."""
    check_rule(records)
    data = {"about": ABOUT, "records": [record.data() for record in records]}
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
