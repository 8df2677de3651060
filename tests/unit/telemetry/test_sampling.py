"""Sampling: the decisions without the SDK are those that the SDK would make."""

from __future__ import annotations

import math
from collections import Counter
from itertools import islice, pairwise
from random import getrandbits

import pytest
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.trace.sampling import Sampler as SdkSampler
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from naftiko_runtime.telemetry.otel import load_component
from naftiko_runtime.telemetry.sampling import Sampler
from naftiko_runtime.telemetry.trace_headers import Caller, read_caller
from naftiko_runtime.telemetry.trace_options import SAMPLERS

SPAN = "b7ad6b7169203331"
NAMES = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]


def caller(trace: str, *, sampled: bool) -> Caller:
    found = read_caller([(b"traceparent", f"00-{trace}-{SPAN}-0{int(sampled)}".encode())])
    assert found is not None
    return found


def sdk_takes(sampler: SdkSampler, trace: str, *, sampled: bool) -> bool:
    flags = TraceFlags(int(sampled))
    parent = NonRecordingSpan(SpanContext(int(trace, 16), int(SPAN, 16), is_remote=True, trace_flags=flags))
    return (
        sampler.should_sample(set_span_in_context(parent), int(trace, 16), "GET").decision is Decision.RECORD_AND_SAMPLE
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("sampled", [True, False])
def test_a_caller_is_judged_as_the_sdk_judges_it(name: str, ratio: float, sampled: bool) -> None:
    sdk, ours = load_component(SAMPLERS, name)(ratio), Sampler(name, ratio)
    traces = [f"{getrandbits(128) | 1:032x}" for _ in range(200)]
    assert [ours.may_take(caller(trace, sampled=sampled)) for trace in traces] == [
        sdk_takes(sdk, trace, sampled=sampled) for trace in traces
    ]


def test_what_only_the_sdk_can_say_is_left_to_it() -> None:
    sampler = Sampler("someone_elses", 0)
    assert sampler.may_take(caller("1" * 32, sampled=False))
    assert all(islice(sampler.decisions, 1000))


@pytest.mark.parametrize("ratio", [0, 1e-30, 1e-18, 0.01, 0.5, 0.99, 1])
def test_as_many_begin_as_the_ratio_says(ratio: float) -> None:
    taken = list(islice(Sampler("traceidratio", ratio).decisions, 50_000))
    assert abs(sum(taken) - 50_000 * ratio) <= 8 * math.sqrt(50_000 * ratio * (1 - ratio))


def test_whether_one_begins_says_nothing_of_the_next() -> None:
    taken = list(islice(Sampler("traceidratio", 0.3).decisions, 100_000))
    after = Counter(pairwise(taken))
    assert 0.28 < after[True, True] / (after[True, True] + after[True, False]) < 0.32
    assert 0.28 < after[False, True] / (after[False, True] + after[False, False]) < 0.32
