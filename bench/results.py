"""The measurements: rounds by contender and workload, and their ratios.

Ratios are formed within a round, so that what slows a whole round down cancels out. They are given as the median with
the least and the greatest of the rounds.
"""

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from bench import debian_programs
from bench.contenders import Contender
from bench.documents import ROOT
from bench.load import Load, Round
from bench.process import Cores
from bench.workload import Workload

PACKAGES = (
    "naftiko-runtime", "uvicorn", "uvloop", "httptools", "aiohttp", "mcp",
    "fastapi", "httpx", "httpx2", "fastmcp", "jsonpath-ng",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the least and the greatest."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Make it of one value for each round."""
        listed = list(values)
        return cls(statistics.median(listed), min(listed), max(listed))

    def format(self, form: str) -> str:
        """Format it for the table."""
        return f"{self.median:{form}} ({self.least:{form}}–{self.greatest:{form}})"  # noqa: RUF001 (a range in prose)


@dataclass(slots=True)
class Result:
    """One contender in one workload: its rounds, and descriptions of its faults."""

    contender: Contender
    ready_seconds: float | None = None
    rounds: list[Round] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    skipped: str | None = None

    @property
    def error_count(self) -> int:
        """The number of errors in all rounds."""
        return sum(one.error_count for one in self.rounds)

    @property
    def sound(self) -> bool:
        """Whether its figures can be compared."""
        return bool(self.rounds) and not self.faults and not self.error_count

    def has(self, figure: str) -> bool:
        """Return whether all rounds have a figure."""
        return bool(self.rounds) and all(figure in one.figures for one in self.rounds)

    def figures(self, figure: str) -> list[float]:
        """Return a figure of each round; 0 where a round has none."""
        return [one.figures.get(figure, 0.0) for one in self.rounds]

    def median(self, figure: str) -> float:
        """Return the median of a figure over the rounds."""
        return statistics.median(self.figures(figure))


@dataclass(frozen=True, slots=True)
class Outcome:
    """All contenders of one workload."""

    workload: Workload
    load: Load
    results: Sequence[Result]

    def result(self, name: str) -> Result | None:
        """Return the result of a contender."""
        return next((one for one in self.results if one.contender.name == name), None)

    def ratio(self, result: Result, figure: str) -> Spread | None:
        """Divide a figure by the baseline's, round by round; None if either is not sound."""
        base = self.result(self.workload.baseline)
        if base is None or not base.sound or not result.sound:
            return None
        return compute_ratios(result.figures(figure), base.figures(figure))


def compute_ratios(mine: Sequence[float], theirs: Sequence[float]) -> Spread | None:
    """Divide round by round; None if a divisor is 0."""
    pairs = list(zip(mine, theirs, strict=True))
    return Spread.of(one / other for one, other in pairs) if all(other for _, other in pairs) else None


@dataclass(frozen=True, slots=True)
class Report:
    """One run, with its cores and machine."""

    outcomes: Sequence[Outcome]
    cores: Cores
    machine: dict[str, Any]

    def outcome(self, workload: str) -> Outcome | None:
        """Return the outcome of a workload, if it was part of the run."""
        return next((one for one in self.outcomes if one.workload.name == workload), None)

    @property
    def sound(self) -> bool:
        """Whether every contender that could take part did its work."""
        return all(result.sound or result.skipped for outcome in self.outcomes for result in outcome.results)


def describe_machine() -> dict[str, Any]:
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _read_first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]),
        "cpu": _read_cpu_model(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "nginx": _read_first_line([debian_programs.find("nginx") or "nginx", "-v"]),
        "wrk": _read_first_line([debian_programs.find("wrk") or "wrk", "-v"]).split(" [")[0],
        "load_average_before": os.getloadavg(),
        "packages": {name: _find_version(name) for name in PACKAGES},
    }


def _read_first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def _read_cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _find_version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
