"""The shared memory for the metrics of workers."""

from __future__ import annotations

import logging
import math
import subprocess
import sys

import pytest

from naftiko_runtime import limits
from naftiko_runtime.telemetry.metrics import ACTIVE, LOST, RELOADS, SECONDS, SERVED, Meter
from naftiko_runtime.telemetry.prometheus import render_metrics
from naftiko_runtime.telemetry.shared_metrics import SharedStore
from support.command import make_clean_environment
from support.scrape import Metrics

SUCCEEDED = """
import os, sys
from naftiko_runtime.telemetry.metrics import ACTIVE, SERVED, Meter
from naftiko_runtime.telemetry.prometheus import render_metrics
from naftiko_runtime.telemetry.shared_metrics import SharedStore

store = SharedStore(1)

def write():
    meter = Meter(store.get_region(0))
    meter.get_number(ACTIVE).set(7)
    histogram = meter.get_histogram(SERVED, http_route="/x")
    for seconds in (0.0005, 3.0, 20.0):
        histogram.observe(seconds)
    meter.write()

if (child := os.fork()) == 0:
    write()
    os._exit(0)
if os.waitpid(child, 0)[1]:
    sys.exit("the copy failed")
print(render_metrics(store.read_entries()).decode() + "# after")
write()
print(render_metrics(store.read_entries()).decode())
"""


def rendered(store: SharedStore) -> Metrics:
    return Metrics(render_metrics(store.read_entries()).decode())


def test_what_several_write_is_added_up() -> None:
    store = SharedStore(3)
    for writer in range(3):
        meter = Meter(store.get_region(writer))
        meter.get_number(RELOADS, outcome="reloaded").add(writer + 1)
        meter.get_number(RELOADS, outcome=f"by {writer}").add()
    metrics = rendered(store)
    assert metrics.value("naftiko_reloads_total", outcome="reloaded") == 6
    assert metrics.value("naftiko_reloads_total", outcome="by 1") == 1


def test_another_process_reads_what_one_has_written_and_goes_on_from_it() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SUCCEEDED],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=make_clean_environment(),
    )
    before, after = ran.stdout.split("# after\n")
    assert Metrics(before).count(SERVED.name) == 3
    metrics = Metrics(after)
    assert metrics.count(SERVED.name, http_route="/x") == 6
    assert metrics.value(f"{SERVED.name}_sum") == pytest.approx(2 * 23.0005)
    assert metrics.value(f"{SERVED.name}_bucket", le="0.001") == 2
    assert metrics.value(f"{SERVED.name}_bucket", le="5") == 4
    assert metrics.value(f"{SERVED.name}_bucket", le="+Inf") == 6


def test_what_a_predecessor_was_is_over_what_it_counted_stays() -> None:
    store = SharedStore(1)
    meter = Meter(store.get_region(0))
    meter.get_number(ACTIVE).set(7)
    meter.get_number(RELOADS).add(7)
    Meter(store.get_region(0))
    assert rendered(store).value(ACTIVE.name) == 0
    assert rendered(store).value(RELOADS.name) == 7


@pytest.mark.parametrize("seconds", SECONDS)
def test_a_bound_belongs_to_its_bucket(seconds: float) -> None:
    store = SharedStore(1)
    meter = Meter(store.get_region(0))
    histogram = meter.get_histogram(SERVED)
    histogram.observe(seconds)
    histogram.observe(math.nextafter(seconds, math.inf))
    meter.write()
    assert rendered(store).value(f"{SERVED.name}_bucket", le=f"{seconds:g}") == 1


def test_labels_are_written_so_that_they_are_read_again() -> None:
    store = SharedStore(1)
    odd = 'a "quoted" \\ back\nline, and=more {é}'
    Meter(store.get_region(0)).get_number(RELOADS, outcome=odd).add()
    assert rendered(store).labels("naftiko_reloads_total", "outcome") == {odd}


def test_series_over_the_limit_are_counted_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "METRICS_BYTES_MAX", 4096)
    store = SharedStore(2)
    meter = Meter(store.get_region(0))
    with caplog.at_level(logging.WARNING):
        for number in range(100):
            meter.get_histogram(SERVED, http_route=f"/{number}").observe(1)
    meter.write()
    metrics = rendered(store)
    kept = metrics.count(SERVED.name)
    assert 10 < kept < 20
    assert metrics.value(LOST.name) == 100 - kept
    assert [record.message for record in caplog.records] == ["too many metrics: some series are not kept"]
