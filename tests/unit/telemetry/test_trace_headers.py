"""W3C Trace Context: which trace a request belongs to."""

from __future__ import annotations

import pytest

from naftiko_runtime.telemetry.trace_headers import (
    Caller,
    clean_state,
    filter_trace_headers,
    make_trace_headers,
    read_caller,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
SOUND = f"00-{TRACE}-{SPAN}-01"


def named(*parents: str, states: tuple[str, ...] = ()) -> Caller | None:
    headers = [(b"host", b"x"), *((b"traceparent", p.encode()) for p in parents)]
    return read_caller([*headers, *((b"tracestate", s.encode()) for s in states)])


def test_a_caller_is_read() -> None:
    caller = named(SOUND, states=("a=1", "b=2"))
    assert caller == Caller(SOUND.encode(), sampled=True, state=b"a=1,b=2")


@pytest.mark.parametrize(
    ("flags", "sampled"),
    [("00", False), ("01", True), ("02", False), ("03", True), ("0a", False), ("0b", True), ("ff", True)],
)
def test_the_last_flag_says_whether_it_is_recorded(flags: str, sampled: bool) -> None:
    caller = named(f"00-{TRACE}-{SPAN}-{flags}")
    assert caller is not None
    assert caller.sampled == sampled


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert named(f"01-{TRACE}-{SPAN}-01-what-comes") is not None
    assert named(f"cc-{TRACE}-{SPAN}-01") is not None


@pytest.mark.parametrize(
    "parent",
    [
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-0",
        f"01-{TRACE}-{SPAN}-01.more",
        f"00-{TRACE}0-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}0-01",
        f"00-{TRACE[:-1]}--{SPAN[1:]}-01",
        f"00-{TRACE[:-1]}+-{SPAN}-01",
        f"00_{TRACE}-{SPAN}-01",
        f" {SOUND}",
        f"{SOUND}\n",
    ],
)
def test_what_is_not_written_as_it_must_be_is_no_caller(parent: str) -> None:
    assert named(parent) is None


def test_two_callers_are_none() -> None:
    assert named(SOUND, SOUND) is None


@pytest.mark.parametrize("state", ["a=" + "x" * 600, "a=\x01", "a=ü"])
def test_a_state_that_no_span_should_hold_is_not_recorded(state: str) -> None:
    caller = named(SOUND, states=(state,))
    assert caller is not None
    assert caller.state == b""


ALL_IN_A_KEY = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
ALL_IN_A_VALUE = "".join(chr(c) for c in range(0x20, 0x7F) if chr(c) not in ",=")
KEYS = [f"bar{number:02}" for number in range(1, 34)]


@pytest.mark.parametrize(
    ("state", "valid"),
    [
        ("foo=1,bar=2", "foo=1,bar=2"),
        ("foo=1 \t , \t bar=2, \t baz=3", "foo=1,bar=2,baz=3"),
        ("foo=1\t ", "foo=1"),
        ("foo=1,", "foo=1"),
        (",,foo=1, ,bar=2,", "foo=1,bar=2"),
        ("", ""),
        (" , ", ""),
        ("foo=1,foo=1", "foo=1"),
        ("foo=1,bar=2,foo=3", "foo=1,bar=2"),
        (f"{ALL_IN_A_KEY}={ALL_IN_A_VALUE}", f"{ALL_IN_A_KEY}={ALL_IN_A_VALUE}"),
        (f"{ALL_IN_A_KEY}@a-z0-9_-*/=1", f"{ALL_IN_A_KEY}@a-z0-9_-*/=1"),
        ("0tenant@vendor=1", "0tenant@vendor=1"),
        ("foo= in front", "foo= in front"),
        ("z" * 256 + "=1", "z" * 256 + "=1"),
        ("t" * 241 + "@" + "v" * 14 + "=1", "t" * 241 + "@" + "v" * 14 + "=1"),
        ("foo=" + "v" * 256, "foo=" + "v" * 256),
        (",".join(f"{key}={key[3:]}" for key in KEYS[:32]), ",".join(f"{key}={key[3:]}" for key in KEYS[:32])),
        ("a=" + "x" * 250 + ",b=" + "y" * 257, ""),
        ("a=" + "x" * 250 + ",b=" + "y" * 255, "a=" + "x" * 250 + ",b=" + "y" * 255),
        ("a=" + "x" * 256 + ",b=" + "y" * 256, ""),
    ],
)
def test_a_valid_state_is_passed_on(state: str, valid: str) -> None:
    assert clean_state(state.encode()) == valid.encode()


@pytest.mark.parametrize(
    "state",
    [
        "foo",
        "foo 1",
        "=1",
        "foo=",
        "foo=,bar=3",
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "foo@=1,bar=2",
        "@foo=1,bar=2",
        "foo@@bar=1,bar=2",
        "foo@bar@baz=1,bar=2",
        "foo@0bar=1",
        "0foo=1",
        "z" * 257 + "=1",
        "t" * 242 + "@v=1",
        "t@" + "v" * 15 + "=1",
        "t" * 242 + "@" + "v" * 15 + "=1",
        "foo=bar=baz",
        "foo=1;bar=2",
        "foo=\x7f",
        "foo=a\tb",
        "foo=" + "v" * 257,
        ",".join(f"{key}=1" for key in KEYS),
    ],
)
def test_an_invalid_state_is_dropped_as_a_whole(state: str) -> None:
    assert clean_state(state.encode()) == b""
    assert filter_trace_headers([(b"traceparent", SOUND.encode()), (b"tracestate", state.encode())]) == [
        (b"traceparent", SOUND.encode())
    ]


def test_several_headers_of_a_state_become_one_in_their_order() -> None:
    states = ["foo=1,bar=2", "", "rojo=1,congo=2,foo=3", " baz=3"]
    headers = [(b"tracestate", state.encode()) for state in states]
    assert filter_trace_headers([*headers, (b"traceparent", SOUND.encode())]) == [
        (b"traceparent", SOUND.encode()),
        (b"tracestate", b"foo=1,bar=2,rojo=1,congo=2,baz=3"),
    ]


def test_a_state_without_a_trace_is_dropped() -> None:
    state = (b"tracestate", b"foo=1")
    assert filter_trace_headers([state]) == []
    assert filter_trace_headers([(b"traceparent", b"00-nonsense"), state]) == []
    assert filter_trace_headers([(b"traceparent", SOUND.encode()), (b"traceparent", SOUND.encode()), state]) == []


@pytest.mark.parametrize("letter", ["ü", "\ud800"])
def test_what_no_header_can_hold_names_no_trace(letter: str) -> None:
    assert make_trace_headers(f"cc-{TRACE}-{SPAN}-01-{letter}", None) == []
    assert make_trace_headers(SOUND, f"a={letter}") == [(b"traceparent", SOUND.encode())]
