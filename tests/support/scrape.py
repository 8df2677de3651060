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

    def subtract(self, before: Metrics) -> None:
        """Keep what was counted after an earlier scrape of the same process. What has not changed is left out."""
        values = {(sample.name, *sorted(sample.labels.items())): sample.value for sample in before.samples}
        changes = [
            sample._replace(value=sample.value - values.get((sample.name, *sorted(sample.labels.items())), 0))
            for sample in self.samples
        ]
        self.samples = [sample for sample in changes if sample.value]

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


def scrape(program: Program, since: Metrics | None = None) -> Metrics:
    """The metrics now, or what was counted since an earlier scrape."""
    response = call(program.urls["control"], "/metrics")
    assert response.status == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    metrics = Metrics(response.body.decode())
    if since is not None:
        metrics.subtract(since)
    return metrics


def scrape_until(program: Program, condition: Callable[[Metrics], bool], since: Metrics | None = None) -> Metrics:
    """The metrics, once a condition holds. A process updates its own every second."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition(metrics := scrape(program, since)):
        assert time.monotonic() < deadline, metrics.samples
        time.sleep(_POLL_SECONDS)
    return metrics
