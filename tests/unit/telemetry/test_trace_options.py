"""The variables of OpenTelemetry: each one applies, stops startup, or is reported."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk import environment_variables as of_sdk
from opentelemetry.sdk.trace import _disable_tracer_configurator

from naftiko_runtime.errors import BindError
from naftiko_runtime.telemetry import otel, trace_options
from naftiko_runtime.telemetry.otel import OtelTracing
from naftiko_runtime.telemetry.sampling import Sampler
from naftiko_runtime.telemetry.trace_options import TRACER_CONFIGURATORS, TraceOptions, find_ignored_variables

if TYPE_CHECKING:
    from collections.abc import Sequence

TRACES = {"OTEL_TRACES_EXPORTER": "otlp"}
APPLIES = ("OTEL_TRACES_", "OTEL_BSP_", "OTEL_SPAN_", "OTEL_ATTRIBUTE_", "OTEL_EVENT_", "OTEL_LINK_")


def read(**variables: str) -> TraceOptions:
    options = trace_options.read_trace_options(TRACES | variables)
    assert options is not None
    return options


def test_variables_of_other_signals_are_reported() -> None:
    names = {name for name in vars(of_sdk).values() if isinstance(name, str) and name.startswith("OTEL_")}
    ignored = set(find_ignored_variables(dict.fromkeys(names, "1")))
    assert {"OTEL_METRICS_EXEMPLAR_FILTER", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_BLRP_SCHEDULE_DELAY"} <= ignored
    assert not [name for name in ignored if "TRACES" in name or name.startswith(APPLIES)]
    left = [name for name in names - ignored if "METRIC" in name or "LOG" in name or "METER" in name]
    assert left == []


@pytest.mark.parametrize("value", ["none", "None", "", " ", "false"])
def test_a_variable_that_turns_another_signal_off_is_not_reported(value: str) -> None:
    assert find_ignored_variables({"OTEL_METRICS_EXPORTER": value, "OTEL_LOGS_EXPORTER": value}) == []
    assert find_ignored_variables({"OTEL_METRICS_EXPORTER": "otlp"}) == ["OTEL_METRICS_EXPORTER"]


def test_a_tracer_configurator_that_is_not_installed_stops_startup() -> None:
    with pytest.raises(BindError, match="OTEL_PYTHON_TRACER_CONFIGURATOR: 'mine' is not supported; none is installed"):
        read(OTEL_PYTHON_TRACER_CONFIGURATOR="mine")


async def test_a_tracer_configurator_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    target = f"{_disable_tracer_configurator.__module__}:{_disable_tracer_configurator.__name__}"
    installed = EntryPoint("mine", target, TRACER_CONFIGURATORS)

    def find(*, group: str, name: str | None = None) -> Sequence[EntryPoint]:
        found = [installed] if group == TRACER_CONFIGURATORS else entry_points(group=group)
        return [each for each in found if name in (None, each.name)]

    for module in (trace_options, otel):
        monkeypatch.setattr(module, "entry_points", find)
    recorded = []
    for options in (read(), read(OTEL_PYTHON_TRACER_CONFIGURATOR="mine")):
        tracing = OtelTracing(options, Sampler("always_on", 1), "test", lambda _outcome, _count: None)
        recorded.append(tracing.start("GET", "server", {}, 0, []).recorded)
        await tracing.close()
    assert recorded == [True, False]
