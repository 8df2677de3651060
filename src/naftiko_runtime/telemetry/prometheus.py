"""Metrics in Prometheus's text format, version 0.0.4."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from naftiko_runtime._version import __version__
from naftiko_runtime.telemetry.metrics import SECONDS, parse_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.telemetry.metrics import Family

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
_BOUNDS: Final = (*(f"{bound:g}" for bound in SECONDS), "+Inf")


def render_metrics(entries: Iterable[tuple[int, str, list[float]]], others: Iterable[str] = ()) -> bytes:
    """Render all series, summed over their writers.

    Args:
        entries: Writer, key and numbers; see :meth:`naftiko_runtime.telemetry.shared_metrics.SharedStore.read_entries`.
        others: More lines.
    """
    totals: dict[Family, dict[str, list[float]]] = {}
    for _, key, numbers in entries:
        family, labels = parse_key(key)
        series = totals.setdefault(family, {})
        before = series.get(labels)
        # The numbers of two writers, as they are in shared memory.
        series[labels] = numbers if before is None else [a + b for a, b in zip(before, numbers, strict=True)]
    lines = [
        *_render_header("naftiko_build_info", "gauge", "The version."),
        f'naftiko_build_info{{version="{__version__}"}} 1',
    ]
    for family in sorted(totals, key=lambda each: each.name):
        lines += _render_header(family.name, family.kind, family.about)
        for labels, numbers in sorted(totals[family].items()):
            lines += (
                _render_histogram(family.name, labels, numbers)
                if family.kind == "histogram"
                else _render_number(family, labels, numbers)
            )
    return "\n".join([*lines, *others, ""]).encode()


def _render_header(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP {name} {about}", f"# TYPE {name} {kind}"


def _render_number(family: Family, labels: str, numbers: list[float]) -> list[str]:
    return [f"{family.name}{_wrap_labels(labels)} {_format_number(numbers[0])}"]


def _render_histogram(name: str, labels: str, numbers: list[float]) -> Iterator[str]:
    *buckets, total = numbers  # one for each bound; in shared memory they are numbers alone
    for bound, below in zip(_BOUNDS, accumulate(buckets), strict=True):
        within = _wrap_labels(labels, f'le="{bound}"')
        yield f"{name}_bucket{within} {_format_number(below)}"
    yield f"{name}_sum{_wrap_labels(labels)} {_format_number(total)}"
    yield f"{name}_count{_wrap_labels(labels)} {_format_number(sum(buckets))}"


def _wrap_labels(*labels: str) -> str:
    joined = ",".join(filter(None, labels))
    return f"{{{joined}}}" if joined else ""


def _format_number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
