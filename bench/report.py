"""What was measured, as a table for the terminal, as Markdown and as JSON.

Figures are medians over the rounds. A ratio is formed within a round, variant over baseline, and
given as median (min to max over the rounds), so that what slows a whole round down slows both and
cancels. A variant with errors or wrong answers gets its finding in place of a ratio.
"""

import dataclasses
import os
import platform
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from bench import tools
from bench.load import Load, Round
from bench.process import Cores
from bench.variants import BASELINE, ROOT, Variant
from bench.work import Work

HEADINGS = ("variant", "req/s", "p50 ms", "p99 ms", "CPU µs/req", "RSS MB", "errors", f"ratio to {BASELINE}")
PACKAGES = ("naftiko-runtime", "uvicorn", "uvloop", "httptools", "aiohttp", "fastapi", "httpx")
DISTURBED_SHARE = 0.05
SATURATED_SHARE = 0.95
BUSY_SHARE = 0.9
FAULTS_SHOWN = 3


@dataclass(slots=True)
class Result:
    """One variant: its rounds, and what was wrong with it in words."""

    variant: Variant
    ready_seconds: float | None = None
    rounds: list[Round] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def error_count(self) -> int:
        """Over all rounds."""
        return sum(one.error_count for one in self.rounds)

    @property
    def sound(self) -> bool:
        """Whether its figures may stand beside others'."""
        return bool(self.rounds) and not self.faults and not self.error_count

    def median(self, figure: Callable[[Round], float]) -> float:
        """One figure's median over the rounds."""
        return statistics.median(figure(one) for one in self.rounds)


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the least and the greatest."""

    median: float
    least: float
    greatest: float

    def __str__(self) -> str:
        """As in the table."""
        return f"{self.median:.2f} ({self.least:.2f}–{self.greatest:.2f})"  # noqa: RUF001 (a range in prose)


@dataclass(frozen=True, slots=True)
class Report:
    """All variants of one run, with what is needed to judge them."""

    work: Work
    load: Load
    cores: Cores
    results: Sequence[Result]
    machine: dict[str, Any]

    def ratio(self, result: Result) -> Spread | None:
        """Requests per second over the baseline's, round by round; None if either is not sound."""
        base = next((other for other in self.results if other.variant.name == BASELINE), None)
        if base is None or not base.sound or not result.sound:
            return None
        ratios = [
            mine.requests_per_second / theirs.requests_per_second
            for mine, theirs in zip(result.rounds, base.rounds, strict=True)
        ]
        return Spread(statistics.median(ratios), min(ratios), max(ratios))


def machine() -> dict[str, Any]:
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "nginx": _first_line([tools.find("nginx") or "nginx", "-v"]),
        "wrk": _first_line([tools.find("wrk") or "wrk", "-v"]).split(" [")[0],
        "load_average_before": os.getloadavg(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def rows(report: Report) -> list[tuple[str, ...]]:
    return [_row(report, result) for result in report.results]


def _row(report: Report, result: Result) -> tuple[str, ...]:
    name = result.variant.name
    if not result.rounds:
        return (name, "–", "–", "–", "–", "–", "–", "not measured")  # noqa: RUF001 (the table's dash)
    ratio = report.ratio(result)
    return (
        name,
        f"{result.median(lambda one: one.requests_per_second):,.0f}",
        f"{result.median(lambda one: one.p50_ms):.2f}",
        f"{result.median(lambda one: one.p99_ms):.2f}",
        f"{result.median(lambda one: one.cpu_us_per_request):,.0f}",
        f"{result.median(lambda one: one.rss_mb):.0f}",
        f"{result.error_count:,}",
        str(ratio) if ratio else _why_none(result),
    )


def _why_none(result: Result) -> str:
    if result.faults:
        return "FAULTY"
    return "ERRORS" if result.error_count else "no baseline"


def notes(report: Report) -> list[str]:
    """What a reader must know to believe the figures or not."""
    found: list[str] = []
    for result in report.results:
        name = result.variant.name
        found += [f"{name}: {fault}" for fault in result.faults[:FAULTS_SHOWN]]
        if len(result.faults) > FAULTS_SHOWN:
            found.append(f"{name}: {len(result.faults) - FAULTS_SHOWN} more such findings, in the JSON")
        for kind in result.rounds[0].errors if result.rounds else ():
            if count := sum(one.errors[kind] for one in result.rounds):
                found.append(f"{name}: {count:,} errors of kind `{kind}`")
        found += [f"{name}: {note}" for note in _doubts(result)]
    if not report.cores.pinned:
        found.append("one core only: the server, the upstream and the load share it")
    return found


def _doubts(result: Result) -> list[str]:
    if not result.rounds:
        return []
    found = []
    server = result.median(lambda one: one.server_core_share)
    load = result.median(lambda one: one.load_core_share or 0.0)
    if load > SATURATED_SHARE and server < BUSY_SHARE:
        found.append(f"the load's core was the limit ({load:.0%} busy, the server {server:.0%})")
    other = max(one.other_core_share or 0.0 for one in result.rounds)
    if other > DISTURBED_SHARE:
        found.append(f"other processes took up to {other:.0%} of the server's core in a round")
    stolen = max(one.stolen_share for one in result.rounds)
    if stolen > DISTURBED_SHARE:
        found.append(f"the hypervisor took up to {stolen:.0%} of the server's core in a round")
    return found


def setting(report: Report) -> str:
    rounds = max((len(result.rounds) for result in report.results), default=0)
    where = "the server on one core, wrk and the nginx upstream on the others" if report.cores.pinned else "no pinning"
    return (
        f"`GET {report.work.path}`, {report.load.connections} connections, {rounds} interleaved rounds of "
        f"{report.load.seconds} s, medians; {where}. "
        f"{report.machine['cpu']}, {report.machine['cores']} cores, Python {report.machine['python']}."
    )


def as_table(report: Report) -> str:
    lines = [HEADINGS, *rows(report)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = [
        "  ".join(_aligned(cell, width, column) for column, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    ]
    return "\n".join([*text, "", setting(report).replace("`", ""), *(f"! {note}" for note in notes(report))])


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def as_markdown(report: Report) -> str:
    lines = [HEADINGS, ("---", *("---:" for _ in HEADINGS[1:])), *rows(report)]
    text = ["| " + " | ".join(line) + " |" for line in lines]
    about = [f"* **{result.variant.name}**: {result.variant.about}" for result in report.results]
    warned = [f"* ⚠ {note.replace(chr(10), ' ')}" for note in notes(report)]
    return "\n".join([*text, "", setting(report), "", *about, *warned, ""])


def as_data(report: Report) -> dict[str, Any]:
    return {
        "work": report.work.name,
        "load": dataclasses.asdict(report.load),
        "baseline": BASELINE,
        "pinned": report.cores.pinned,
        "machine": report.machine,
        "notes": notes(report),
        "variants": {result.variant.name: _variant_data(report, result) for result in report.results},
    }


def _variant_data(report: Report, result: Result) -> dict[str, Any]:
    figures = [one.name for one in dataclasses.fields(Round) if one.name.endswith(("ms", "mb", "second", "request"))]
    ratio = report.ratio(result)
    return {
        "about": result.variant.about,
        "sound": result.sound,
        "faults": result.faults,
        "error_count": result.error_count,
        "ready_seconds": result.ready_seconds,
        "ratio": dataclasses.asdict(ratio) if ratio else None,
        "median": {
            name: statistics.median(getattr(one, name) for one in result.rounds) for name in figures if result.rounds
        },
        "rounds": [dataclasses.asdict(one) for one in result.rounds],
    }
