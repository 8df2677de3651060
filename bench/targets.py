"""The targets of this runtime, and whether a run meets them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.load_patterns import IDLE_WANTED
from bench.results import Report, Result, Spread, compute_ratios
from bench.workload import CPU, READY, READY_CPU, REQUESTS

Verdict = Literal["pass", "miss", "not measured"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a contender."""

    contender: str
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for a figure, for its ratio to another one, or for its difference from another one.

    The median over the rounds must keep to it.

    Attributes:
        what: Its description.
        workload: The workload that measures it.
        of: The figure.
        bound: The bound.
        over: The figure that it is divided by, within a round.
        beyond: The figure that is subtracted from it, within a round.
        least: Whether the bound is a minimum instead of a maximum.
        scale: The factor from the figure to the unit of the bound.
        unit: The unit of the bound.
        form: The format of the figure in the table.
        worst: Whether every round must keep to it, instead of the median.
        needs: A target that must pass, or this one is not measured.
        has_cpu: Whether the same can be compared in CPU time.
    """

    what: str
    workload: str
    of: Figure
    bound: float
    over: Figure | None = None
    beyond: Figure | None = None
    least: bool = False
    scale: float = 1.0
    unit: str = "×"  # noqa: RUF001 (times)
    form: str = ".2f"
    worst: bool = False
    needs: "Target | None" = None
    has_cpu: bool = True

    def reached(self, report: Report) -> Spread | None:
        """Return what the run reached; None if it did not measure it."""
        outcome = report.outcome(self.workload)
        if outcome is None:
            return None
        results: list[Result | None] = [
            outcome.result(figure.contender) for figure in (self.of, self.over, self.beyond) if figure is not None
        ]
        sound = [one for one in results if one is not None and one.sound]
        if len(sound) < len(results):
            return None
        mine = [value * self.scale for value in sound[0].figures(self.of.name)]
        if self.over is not None:
            return compute_ratios(mine, sound[1].figures(self.over.name))
        if self.beyond is not None:
            theirs = sound[1].figures(self.beyond.name)
            return Spread.of(one - other * self.scale for one, other in zip(mine, theirs, strict=True))
        return Spread.of(mine)

    def by_cpu(self, report: Report) -> Spread | None:
        """Return the same in CPU time, for requests per second and starts: other processes disturb it less."""
        other = self.over or self.beyond
        if other is None or not self.has_cpu or self.of.name not in (REQUESTS.figure, READY.figure):
            return None
        if self.of.name == REQUESTS.figure:
            theirs, mine = Figure(other.contender, CPU.figure), Figure(self.of.contender, CPU.figure)
            return replace(self, of=theirs, over=mine).reached(report)
        theirs, mine = Figure(other.contender, READY_CPU.figure), Figure(self.of.contender, READY_CPU.figure)
        return replace(self, of=mine, over=self.over and theirs, beyond=self.beyond and theirs).reached(report)

    def verdict(self, report: Report) -> Verdict:
        """Return whether the target is met."""
        reached = self.reached(report)
        if reached is None or (self.needs and self.needs.verdict(report) != "pass"):
            return "not measured"
        if self.least:
            return "pass" if (reached.least if self.worst else reached.median) >= self.bound else "miss"
        return "pass" if (reached.greatest if self.worst else reached.median) <= self.bound else "miss"

    @property
    def bound_shown(self) -> str:
        """The bound as text for the table."""
        return f"{'≥' if self.least else '≤'} {self.bound:g} {self.unit}"

    def reached_shown(self, reached: Spread | None) -> str:
        """Format what was reached for the table."""
        return "–" if reached is None else f"{reached.format(self.form)} {self.unit}"  # noqa: RUF001 (the table's dash)


def _make_requests_figure(contender: str) -> Figure:
    return Figure(contender, REQUESTS.figure)


def _make_cpu_figure(contender: str) -> Figure:
    return Figure(contender, CPU.figure)


def _make_fast_target(what: str, workload: str, peer: str, bound: float, ours: str = "naftiko") -> Target:
    return Target(
        f"{what}, requests/s", workload, _make_requests_figure(ours), bound, _make_requests_figure(peer), least=True
    )


def _make_cheap_target(what: str, workload: str, peer: str, bound: float, ours: str = "naftiko") -> Target:
    return Target(f"{what}, CPU per request", workload, _make_cpu_figure(ours), bound, _make_cpu_figure(peer))


IDLE = Target(
    "idle upstream connections",
    "idle",
    Figure("naftiko", "idle_connections"),
    IDLE_WANTED,
    least=True,
    unit="kept",
    form=".0f",
    worst=True,
)

TARGETS: Sequence[Target] = (
    _make_fast_target("REST, 1 KB passed through, to FastAPI and httpx", "rest-1k", "fastapi-httpx", 15),
    _make_cheap_target("REST, 1 KB passed through, to nginx", "rest-1k", "nginx", 8),
    _make_cheap_target("REST, 6 fields mapped, to passing 1 KB through", "rest-mapped", "naftiko-through", 1.3),
    _make_fast_target("REST, 100 KB mapped, to FastAPI, httpx and jsonpath-ng", "rest-list", "fastapi-jsonpath-ng", 10),
    _make_cheap_target("a workflow of three concurrent calls, to the plain call", "workflow-3", "naftiko-plain", 3.3),
    _make_fast_target("MCP 2026-07-28, to FastMCP's `from_openapi`", "mcp-2026", "fastmcp-openapi", 10),
    _make_fast_target(
        "MCP 2026-07-28, to the SDK's low-level server with the same upstream client", "mcp-2026", "sdk-low-native", 2.5
    ),
    _make_fast_target("MCP 2025-11-25, to FastMCP's `from_openapi`", "mcp-2025", "fastmcp-openapi", 8),
    _make_cheap_target("500 routes, to 6", "many-routes", "few", 1.05, "many"),
    _make_cheap_target("500 tools, to 6", "many-tools", "few", 1.05, "many"),
    Target(
        "added latency at 1 connection (p50), to nginx",
        "latency",
        Figure("naftiko", "added_p50_ms"),
        3,
        Figure("nginx", "added_p50_ms"),
    ),
    IDLE,
    Target(
        "among 1,000 idle upstream connections, to before, CPU per request",
        "idle",
        Figure("naftiko", "cpu_us_among_idle"),
        1.05,
        _make_cpu_figure("naftiko"),
        needs=IDLE,
    ),
    Target(
        "p99 while scripts spin, to before",
        "scripts",
        Figure("naftiko", "p99_beside_ms"),
        1.5,
        Figure("naftiko", "p99_ms"),
        has_cpu=False,
    ),
    *(
        target
        for way, bound in (("up", 0.6), ("down", 0.7))
        for target in (
            Target(
                f"100 MB {way}, memory at its highest",
                "bodies",
                Figure("naftiko", f"{way}_growth_mb"),
                8,
                unit="MB more",
                form=".1f",
                worst=True,
            ),
            Target(
                f"100 MB {way}, throughput to nginx",
                "bodies",
                Figure("naftiko", f"{way}_mb_per_second"),
                bound,
                Figure("nginx", f"{way}_mb_per_second"),
                least=True,
            ),
        )
    ),
    *(
        Target(
            f"start to first response, pixel file, to FastMCP, {what}",
            "start",
            Figure("naftiko", figure),
            0.6,
            Figure("fastmcp-openapi", figure),
        )
        for what, figure in (("time", READY.figure), ("CPU", "ready_cpu_ms"))
    ),
    Target(
        "500 operations, start to first response",
        "start-many",
        Figure("many", READY.figure),
        1,
        beyond=Figure("few", READY.figure),
        scale=1e-3,
        unit="s more",
    ),
    Target(
        "memory of one worker after load, pixel file",
        "pixel",
        Figure("naftiko", "rss_mb"),
        75,
        unit="MB",
        form=".0f",
        worst=True,
    ),
    Target(
        "memory after 500,000 requests, to before",
        "long",
        Figure("naftiko", "rss_after_mb"),
        3,
        beyond=Figure("naftiko", "rss_mb"),
        unit="MB more",
        form=".1f",
    ),
    _make_cheap_target("with metrics, to without, 1 KB passed through", "telemetry", "naftiko", 1.05, "metrics"),
    _make_cheap_target("with traces, a request that is not recorded", "telemetry", "naftiko", 1.05, "unsampled"),
    Target(
        "two workers, to one, requests/s",
        "workers",
        _make_requests_figure("two"),
        1.6,
        _make_requests_figure("one"),
        least=True,
        has_cpu=False,
    ),
)
