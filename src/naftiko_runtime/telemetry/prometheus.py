"""Metrics as Prometheus reads them: the text format, version 0.0.4."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from naftiko_runtime._version import __version__
from naftiko_runtime.telemetry.metrics import SECONDS, family_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.telemetry.metrics import Family

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
_BOUNDS: Final = (*(f"{bound:g}" for bound in SECONDS), "+Inf")


def render_metrics(entries: Iterable[tuple[int, str, list[float]]], others: Iterable[str] = ()) -> bytes:
    """All series, added up over those who wrote them.

    Args:
        entries: Who, key and numbers; see :meth:`naftiko_runtime.telemetry.shared_metrics.SharedStore.entries`.
        others: Lines that stand elsewhere.
    """
    totals: dict[Family, dict[str, list[float]]] = {}
    for _, key, numbers in entries:
        family, labels = family_of(key)
        series = totals.setdefault(family, {})
        before = series.get(labels)
        series[labels] = numbers if before is None else [a + b for a, b in zip(before, numbers, strict=True)]
    lines = [
        *_header("naftiko_build_info", "gauge", "The version."),
        f'naftiko_build_info{{version="{__version__}"}} 1',
    ]
    for family in sorted(totals, key=lambda each: each.name):
        lines += _header(family.name, family.kind, family.about)
        for labels, numbers in sorted(totals[family].items()):
            lines += (
                _histogram(family.name, labels, numbers)
                if family.kind == "histogram"
                else _number(family, labels, numbers)
            )
    return "\n".join([*lines, *others, ""]).encode()


def _header(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP {name} {about}", f"# TYPE {name} {kind}"


def _number(family: Family, labels: str, numbers: list[float]) -> list[str]:
    return [f"{family.name}{_braced(labels)} {_shown(numbers[0])}"]


def _histogram(name: str, labels: str, numbers: list[float]) -> Iterator[str]:
    *buckets, total = numbers
    for bound, below in zip(_BOUNDS, accumulate(buckets), strict=True):
        within = _braced(labels, f'le="{bound}"')
        yield f"{name}_bucket{within} {_shown(below)}"
    yield f"{name}_sum{_braced(labels)} {_shown(total)}"
    yield f"{name}_count{_braced(labels)} {_shown(sum(buckets))}"


def _braced(*labels: str) -> str:
    told = ",".join(filter(None, labels))
    return f"{{{told}}}" if told else ""


def _shown(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
