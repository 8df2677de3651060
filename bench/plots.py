"""The report as pictures: requests per second, CPU per request, and the targets."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from bench.results import Outcome, Report
from bench.targets import TARGETS
from bench.workload import CPU, REQUESTS, Column
from matplotlib.axes import Axes
from matplotlib.figure import Figure

OURS, OTHERS = "#1f6f5c", "#b9b4a7"
VERDICTS = {"pass": "#1f6f5c", "miss": "#b5432a", "not measured": "#b9b4a7"}
BAR_INCHES = 0.26
NAMES_OF_OURS = ("naftiko", "few", "many", "one", "two")


def save(report: Report, folder: Path) -> None:
    """Write a PNG file for each picture that the run has figures for."""
    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    for column, name in ((REQUESTS, "requests.png"), (CPU, "cpu.png")):
        shown = [one for one in report.outcomes if column in one.workload.columns and any(r.sound for r in one.results)]
        if shown:
            _draw_bars(shown, column).savefig(folder / name, dpi=120)
    if (figure := _draw_targets(report)) is not None:
        figure.savefig(folder / "targets.png", dpi=120)


def _draw_bars(outcomes: Sequence[Outcome], column: Column) -> Figure:
    """Draw a panel for each workload with a bar for each contender, and the least and greatest round."""
    heights = [len(outcome.results) + 2 for outcome in outcomes]
    figure = Figure(figsize=(9, sum(heights) * BAR_INCHES), layout="constrained")
    panels = figure.subplots(len(outcomes), 1, squeeze=False, height_ratios=heights)
    for outcome, axes in zip(outcomes, panels[:, 0], strict=True):
        results = [one for one in outcome.results if one.sound][::-1]
        values = [one.figures(column.figure) for one in results]
        medians = [one.median(column.figure) for one in results]
        spread = [
            [median - min(some) for some, median in zip(values, medians, strict=True)],
            [max(some) - median for some, median in zip(values, medians, strict=True)],
        ]
        names = [one.contender.name for one in results]
        colours = [OURS if name.startswith(NAMES_OF_OURS) else OTHERS for name in names]
        bars = axes.barh(names, medians, xerr=spread, color=colours, ecolor="#555555", capsize=2)
        axes.bar_label(bars, [f"{median:,.0f}" for median in medians], padding=4, fontsize=8)
        axes.set_title(f"{outcome.workload.title} ({column.heading})", fontsize=9, loc="left")
        _remove_frame(axes)
    return figure


def _draw_targets(report: Report) -> Figure | None:
    """Draw the results as shares of their bounds; those right of the line pass."""
    rows = [(target, reached) for target in TARGETS if (reached := target.reached(report)) is not None][::-1]
    if not rows:
        return None
    figure = Figure(figsize=(9, (len(rows) + 3) * BAR_INCHES), layout="constrained")
    axes = figure.subplots()
    shares = []
    for target, reached in rows:
        share = reached.median / target.bound if target.least else target.bound / max(reached.median, target.bound / 20)
        shares.append(max(share, 0.05))
    bars = axes.barh([target.what.replace("`", "") for target, _ in rows], shares)
    for bar, (target, _) in zip(bars, rows, strict=True):
        bar.set_color(VERDICTS[target.verdict(report)])
    labels = [f"{reached.median:{target.form}} ({target.bound_shown})" for target, reached in rows]
    axes.bar_label(bars, labels, padding=4, fontsize=7)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlim(0.05, 60)
    axes.set_title("Targets: right of the line is a pass", fontsize=9, loc="left")
    axes.tick_params(labelsize=7)
    _remove_frame(axes)
    return figure


def _remove_frame(axes: Axes) -> None:
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)
