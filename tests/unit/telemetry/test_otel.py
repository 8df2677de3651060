"""Spans by the SDK: it confirms decisions that were made before."""

from __future__ import annotations

import pytest

from naftiko_runtime.telemetry.otel import OtelTracing
from naftiko_runtime.telemetry.sampling import Sampler
from naftiko_runtime.telemetry.trace_options import TraceOptions


@pytest.mark.parametrize("ratio", [1e-9, 0.01, 0.5, 1])
async def test_a_trace_that_begins_here_is_recorded_and_its_lot_is_anywhere_below_the_bound(ratio: float) -> None:
    options = TraceOptions((), sampler="parentbased_traceidratio", sampler_argument=repr(ratio))
    tracing = OtelTracing(options, Sampler(options.sampler, options.ratio), "test", lambda _outcome, _count: None)
    spans = [tracing.start("GET", "server", {}, 0, []) for _ in range(3000)]
    await tracing.close()
    assert all(span.recorded for span in spans)
    traces = [span.trace_id for span in spans]
    assert len(set(traces)) == 3000
    lower = sum(int(trace[16:], 16) < round(ratio * (1 << 64)) // 2 for trace in traces)
    assert abs(lower - 1500) < 200  # outside with a chance below 1e-12


async def test_a_call_is_below_its_request_in_one_trace() -> None:
    tracing = OtelTracing(TraceOptions(()), Sampler("always_on", 1), "test", lambda _outcome, _count: None)
    server = tracing.start("GET", "server", {}, 0, [])
    client = tracing.start("GET", "client", {}, 0, server)
    await tracing.close()
    assert (client.trace_id == server.trace_id, client.span_id == server.span_id) == (True, False)
    headers = client.inject([(b"traceparent", b"another"), (b"accept", b"*/*")])
    # The last flag: the identifier is random (W3C Trace Context, level 2).
    assert headers == [(b"accept", b"*/*"), (b"traceparent", f"00-{client.trace_id}-{client.span_id}-03".encode())]
