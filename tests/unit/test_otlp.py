"""Spans as they are written, read by OpenTelemetry's own messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from naftiko_runtime.telemetry.otlp import Batches, Template, rejected
from support.collector import attributes

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
VALUES = TEXTS.filter(bool) | st.integers(1, 2**63 - 1)
TIMES = st.integers(0, 2**64 - 1)


def identifiers(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def read(*spans: bytes) -> ExportTraceServiceRequest:
    return ExportTraceServiceRequest.FromString(Batches({"service.name": "ours", "process.pid": 7}).request(spans))


@given(
    name=TEXTS,
    told=st.dictionaries(TEXTS.filter(bool), VALUES, max_size=4),
    failed=st.booleans(),
    trace=identifiers(16),
    span=identifiers(8),
    parent=st.just(b"") | identifiers(8),
    times=st.tuples(TIMES, TIMES),
    state=st.just("") | st.text(st.characters(codec="ascii"), max_size=600),
)
def test_every_span_is_read_as_it_was_meant(
    name: str,
    told: dict[str, str | int],
    failed: bool,
    trace: bytes,
    span: bytes,
    parent: bytes,
    times: tuple[int, int],
    state: str,
) -> None:
    template = Template(name, "client", told, failed=failed)
    one = template.filled(trace, span, parent, *times, state.encode())
    batch = read(one, one).resource_spans[0].scope_spans[0]
    assert len(batch.spans) == 2
    found = batch.spans[1]
    assert (found.name, attributes(found), found.kind) == (name, told, Span.SPAN_KIND_CLIENT)
    assert (found.trace_id, found.span_id, found.parent_span_id) == (trace, span, parent)
    assert (found.start_time_unix_nano, found.end_time_unix_nano) == times
    assert (found.trace_state, found.flags) == (state, 1)
    assert found.status.code == (Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_UNSET)


def test_a_batch_says_who_sends_it() -> None:
    sent = read().resource_spans[0]
    assert {p.key: p.value.string_value or p.value.int_value for p in sent.resource.attributes} == {
        "service.name": "ours",
        "process.pid": 7,
    }
    assert sent.scope_spans[0].scope.name == "naftiko_runtime"


@given(st.integers(0, 2**63 - 1), TEXTS)
def test_what_a_collector_rejects_is_read(count: int, why: str) -> None:
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = count
    answer.partial_success.error_message = why
    assert rejected(answer.SerializeToString(), count) == (count, why)


def test_a_collector_that_takes_all_says_nothing() -> None:
    assert rejected(ExportTraceServiceResponse().SerializeToString(), 5) == (0, "")


@pytest.mark.parametrize("answer", [b"{}", b"<html>", b"\x0a", b"\x0a\x05\x08", b"\x08\x01", b"\xff" * 20])
def test_what_is_no_answer_to_spans_is_none(answer: bytes) -> None:
    with pytest.raises(ValueError, match="not a response"):
        rejected(answer, 5)


@given(st.binary(max_size=40))
def test_whatever_answers_is_an_answer_or_none(answer: bytes) -> None:
    try:
        count, why = rejected(answer, 5)
    except ValueError:
        return
    assert 0 <= count <= 5
    assert isinstance(why, str)


@pytest.mark.parametrize("count", [-1, 6])
def test_no_answer_rejects_more_than_was_sent(count: int) -> None:
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = count
    with pytest.raises(ValueError, match="not a response"):
        rejected(answer.SerializeToString(), 5)
