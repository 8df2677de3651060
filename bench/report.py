"""The results as tables for the terminal, as Markdown and as JSON.

Figures are medians over the rounds. A contender with errors or wrong responses gets a note instead of a ratio.
"""

import dataclasses
import statistics
from collections.abc import Sequence
from typing import Any

from bench.results import Outcome, Report, Result
from bench.targets import TARGETS

DASH = "–"  # noqa: RUF001 (the table's dash)
TARGET_HEADINGS = ("target", "bound", "reached (least to greatest of a round)", "verdict", "by CPU time")
DISTURBED_SHARE = 0.05
SATURATED_SHARE = 0.95
BUSY_SHARE = 0.9
FAULTS_SHOWN = 3
Table = Sequence[tuple[str, ...]]


def make_workload_table(outcome: Outcome) -> Table:
    """Return the headings, and a row for each contender."""
    workload = outcome.workload
    to_baseline = [f"{column.heading.removesuffix('/req')} to {workload.baseline}" for column in workload.ratios]
    headings = ("", *(column.heading for column in workload.columns), "errors", *to_baseline)
    return [headings, *(_make_row(outcome, result) for result in outcome.results)]


def _make_row(outcome: Outcome, result: Result) -> tuple[str, ...]:
    name, columns, ratios = result.contender.name, outcome.workload.columns, outcome.workload.ratios
    if not result.rounds:
        said = "skipped" if result.skipped else "not measured"
        return (name, said, *(DASH for _ in (*columns, *ratios)))
    cells = [f"{result.median(column.figure):{column.form}}" for column in columns]
    shown = [_format_ratio(outcome, result, column.figure) for column in ratios]
    return (name, *cells, f"{result.error_count:,}", *shown)


def _format_ratio(outcome: Outcome, result: Result, figure: str) -> str:
    if ratio := outcome.ratio(result, figure):
        return "1" if result.contender.name == outcome.workload.baseline else ratio.format(".3g")
    if result.faults:
        return "FAULTY"
    return "ERRORS" if result.error_count else "no baseline"


def make_target_table(report: Report) -> Table:
    """Return the headings, and a row for each target whose workload was part of the run."""
    rows = [TARGET_HEADINGS]
    for target in TARGETS:
        if report.outcome(target.workload) is not None:
            reached = target.reached(report)
            shown = target.reached_shown(reached)
            by_cpu = target.reached_shown(target.by_cpu(report))
            rows.append((target.what, target.bound_shown, shown, target.verdict(report), by_cpu))
    return rows


def list_notes(outcome: Outcome) -> list[str]:
    """Return notes on how reliable the figures are."""
    found: list[str] = []
    for result in outcome.results:
        name = result.contender.name
        if result.skipped:
            found.append(f"{name}: skipped: {result.skipped}")
        found += [f"{name}: {fault}" for fault in result.faults[:FAULTS_SHOWN]]
        if len(result.faults) > FAULTS_SHOWN:
            found.append(f"{name}: {len(result.faults) - FAULTS_SHOWN} more such findings, in the JSON")
        for kind in result.rounds[0].errors if result.rounds else ():
            if count := sum(one.errors.get(kind, 0) for one in result.rounds):
                found.append(f"{name}: {count:,} errors of kind `{kind}`")
    return found + _list_doubts(outcome.results)


def _list_doubts(results: Sequence[Result]) -> list[str]:
    found = []
    limited = [one.contender.name for one in results if _is_limited_by_load(one)]
    if limited:
        found.append(f"the load's core was the limit, not the server: {', '.join(limited)}")
    for figure, whom in (("other_core_share", "other processes"), ("stolen_share", "the hypervisor")):
        most = {one.contender.name: max(one.figures(figure)) for one in results if one.has(figure)}
        disturbed = [f"{name} {share:.0%}" for name, share in most.items() if share > DISTURBED_SHARE]
        if disturbed:
            found.append(f"{whom} took of the server's core in a round up to: {', '.join(disturbed)}")
    return found


def _is_limited_by_load(result: Result) -> bool:
    if not result.has("load_core_share"):
        return False
    return result.median("load_core_share") > SATURATED_SHARE and result.median("server_core_share") < BUSY_SHARE


def describe_setting(report: Report) -> str:
    """Return one line about how and where it was measured."""
    whole = [outcome for outcome in report.outcomes if outcome.workload.slices == 1]
    rounds = max((len(one.rounds) for outcome in whole for one in outcome.results), default=0)
    cut = [outcome for outcome in report.outcomes if outcome.workload.slices > 1]
    pinned = "the server on one core, wrk and the upstream on the others" if report.cores.pinned else "nothing pinned"
    load = whole[0].load if whole else None
    amount = f"{load.connections} connections, {load.seconds} s a round, " if load else ""
    return (
        f"{rounds} interleaved rounds, {amount}medians; {pinned}. {_describe_split_rounds(cut)}"
        f"{report.machine['cpu']}, {report.machine['cores']} cores, Python {report.machine['python']}, "
        f"{report.machine['when'][:10]}, commit {report.machine['commit']}." + _describe_disturbance(report)
    )


def _describe_split_rounds(outcomes: Sequence[Outcome]) -> str:
    """Describe workloads whose rounds were split into short ones."""
    sentences = [
        f"{one.workload.name} in {rounds} of {one.load.seconds} s"
        for one in outcomes
        for rounds in (max((len(result.rounds) for result in one.results), default=0),)
    ]
    return f"In shorter rounds that rotate: {', '.join(sentences)}. " if sentences else ""


def _describe_disturbance(report: Report) -> str:
    """Return a warning if something else ran on the server's core."""
    results = [result for outcome in report.outcomes for result in outcome.results]
    shares = [share for one in results if one.has("other_core_share") for share in one.figures("other_core_share")]
    most = max(shares, default=0.0)
    if most <= DISTURBED_SHARE:
        return ""
    median = statistics.median(shares)
    return f" Disturbed: others took {median:.0%} of the server's core in the median round, up to {most:.0%}."


def render_text(report: Report) -> str:
    """Render the report for the terminal."""
    parts = []
    for outcome in report.outcomes:
        warned = [f"! {note}" for note in list_notes(outcome)]
        parts.append(
            "\n".join(
                [f"{outcome.workload.name}: {outcome.workload.title}", *_align(make_workload_table(outcome)), *warned]
            )
        )
    targets = make_target_table(report)
    if len(targets) > 1:
        parts.append("\n".join(["targets", *_align(targets)]))
    return "\n\n".join([*parts, describe_setting(report)]).replace("`", "")


def _align(table: Table) -> list[str]:
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    ]


def _render_markdown_table(table: Table) -> list[str]:
    rule = ("---", *("---:" for _ in table[0][1:]))
    return ["| " + " | ".join(line) + " |" for line in (table[0], rule, *table[1:])]


def render_targets_markdown(report: Report) -> str:
    """Render the table of targets, and how it was measured."""
    return "\n".join([*_render_markdown_table(make_target_table(report)), "", describe_setting(report), ""])


def render_markdown(report: Report) -> str:
    """Render the whole report."""
    return f"{render_targets_markdown(report)}\n{render_workloads_markdown(report)}"


def replace_tables(text: str, report: Report) -> str:
    """Replace the tables between the marks of a page by those of this run."""
    for name, made in (("targets", render_targets_markdown(report)), ("workloads", render_workloads_markdown(report))):
        begin, end = f"<!-- bench: {name} -->\n", "<!-- bench: end -->"
        before, mark, rest = text.partition(begin)
        if mark:
            text = f"{before}{mark}{made}{end}{rest.partition(end)[2]}"
    return text


def render_workloads_markdown(report: Report) -> str:
    """Render a table for each workload."""
    lines: list[str] = []
    for outcome in report.outcomes:
        about = [f"* **{one.contender.name}**: {one.contender.about}" for one in outcome.results]
        warned = [f"* ⚠ {note.replace(chr(10), ' ')}" for note in list_notes(outcome)]
        title = f"### {outcome.workload.name}: {outcome.workload.title}"
        lines += [title, "", *_render_markdown_table(make_workload_table(outcome)), "", *about, *warned, ""]
    return "\n".join(lines)


def convert_to_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON data, with every round."""
    return {
        "pinned": report.cores.pinned,
        "machine": report.machine,
        "targets": [_convert_target(report, index) for index in range(len(TARGETS))],
        "workloads": {outcome.workload.name: _convert_outcome(outcome) for outcome in report.outcomes},
    }


def _convert_target(report: Report, index: int) -> dict[str, Any]:
    target = TARGETS[index]
    reached = target.reached(report)
    return {
        "what": target.what,
        "workload": target.workload,
        "bound": target.bound,
        "least": target.least,
        "unit": target.unit,
        "reached": dataclasses.asdict(reached) if reached else None,
        "verdict": target.verdict(report),
    }


def _convert_outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "title": outcome.workload.title,
        "load": dataclasses.asdict(outcome.load),
        "baseline": outcome.workload.baseline,
        "notes": list_notes(outcome),
        "contenders": {result.contender.name: _convert_result(outcome, result) for result in outcome.results},
    }


def _convert_result(outcome: Outcome, result: Result) -> dict[str, Any]:
    ratios = {column.figure: outcome.ratio(result, column.figure) for column in outcome.workload.ratios}
    figures = result.rounds[0].figures if result.rounds else ()
    return {
        "about": result.contender.about,
        "sound": result.sound,
        "skipped": result.skipped,
        "faults": result.faults,
        "error_count": result.error_count,
        "ready_seconds": result.ready_seconds,
        "ratios": {figure: dataclasses.asdict(ratio) if ratio else None for figure, ratio in ratios.items()},
        "median": {name: statistics.median(result.figures(name)) for name in figures},
        "rounds": [dataclasses.asdict(one) for one in result.rounds],
    }
