"""The metrics of a control port, read by Prometheus's own parser."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from support.caller import DEADLINE_SECONDS, call

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.gateway import Program

_POLL_SECONDS = 0.02


class Metrics:
    """One scrape."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        self.kinds = {family.name: family.type for family in families}
        self.samples = [sample for family in families for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name in which these labels have these values."""
        wanted = labels.items()
        return sum(s.value for s in self.samples if s.name == name and wanted <= s.labels.items())

    def count(self, family: str, **labels: str) -> int:
        """The number of observations of a histogram."""
        return int(self.value(f"{family}_count", **labels))

    def labels(self, name: str, label: str) -> set[str]:
        """The values of a label in all samples of that name."""
        return {sample.labels.get(label, "") for sample in self.samples if sample.name == name}


def scrape(program: Program) -> Metrics:
    """The metrics now."""
    response = call(program.urls["control"], "/metrics")
    assert response.status == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Metrics(response.body.decode())


def scrape_until(program: Program, condition: Callable[[Metrics], bool]) -> Metrics:
    """The metrics, once a condition holds. A process updates its own every second."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition(metrics := scrape(program)):
        assert time.monotonic() < deadline, metrics.samples
        time.sleep(_POLL_SECONDS)
    return metrics
