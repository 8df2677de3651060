"""The same bytes to our server and to both protocols of uvicorn, with the same application.

Bytes are fed in memory, cut anywhere. What is well-formed has to come to the same. Where the servers differ on what is
malformed or unusual, the table says how, and why ours is right.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.server_exchange import Outcome, exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def _without_logs() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def request(line: str, *headers: str, host: str | None = "h", version: str = "1.1", body: bytes = b"") -> bytes:
    named = [] if host is None else [f"host: {host}"]
    return "\r\n".join([f"{line} HTTP/{version}", *named, *headers, "", ""]).encode() + body


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk) + b"0\r\n\r\n"


TARGETS = st.sampled_from(["/", "/a/b", "/a%20b", "/%C3%A4", "/x?q=1&r=%2F", "/?", "/a//b", "/..", "/a;b=c"])
BODIES = st.binary(max_size=60)
HEADERS = st.lists(st.sampled_from(["accept: */*", "x-a: 1", "X-A:  2 ", "cookie: a=b; c=d", "x-empty:"]), max_size=3)


@st.composite
def well_formed(draw: st.DrawFn) -> bytes:
    """A request after which the connection goes on."""
    target, headers, body = draw(TARGETS), draw(HEADERS), draw(BODIES)
    length = f"content-length: {len(body)}"
    match draw(st.sampled_from(["get", "head", "delete", "post", "expect", "chunked"])):
        case "get":
            return request(f"GET {target}", *headers)
        case "head":
            return request(f"HEAD {target}", *headers)
        case "delete":
            return request(f"DELETE {target}", *headers)
        case "post":
            return request(f"POST {target}", *headers, length, body=body)
        case "expect":
            return request(f"POST {target}", *headers, length, "expect: 100-continue", body=body)
        case _:
            half = len(body) // 2
            return request(
                f"PUT {target}", *headers, "transfer-encoding: chunked", body=chunked(body[:half], body[half:])
            )


@st.composite
def last(draw: st.DrawFn) -> bytes:
    """A request after which the server closes, and so ignores what follows."""
    line, headers, body = draw(st.sampled_from(["GET /l", "HEAD /l", "POST /l"])), draw(HEADERS), draw(BODIES)
    length = (f"content-length: {len(body)}",) if line.startswith("POST") else ()
    version, option = draw(
        st.sampled_from([("1.1", "connection: close"), ("1.0", "x-b: 1"), ("1.0", "connection: keep-alive")])
    )
    return request(line, *headers, option, *length, version=version, body=body if length else b"")


@st.composite
def cut(draw: st.DrawFn, stream: st.SearchStrategy[bytes]) -> list[bytes]:
    whole = draw(stream)
    places = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    return [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True) if a < b]


SMUGGLED = request("GET /smuggled")
BOTH: Final = {
    "nonsense": b"nonsense\r\n\r\n",
    "a header without colon": b"GET / HTTP/1.1\r\nhost: h\r\nnonsense\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nhost : h\r\n\r\n",
    "a length that is no number": request("POST /", "content-length: x", body=b"x"),
    "a negative length": request("POST /", "content-length: -1", body=b"x"),
    "two different lengths": request("POST /", "content-length: 1", "content-length: 2", body=b"xx"),
    "a NUL in a header": request("GET /", "x: a\0b"),
}
"""What each of the three rejects with 400, and no application sees."""


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("server", ["own", "httptools", "h11"])
def test_what_is_malformed_is_rejected_by_all(server: str, name: str) -> None:
    outcome = exchange(server, BOTH[name])
    assert outcome.final == ((), (400,), True)


def show_hosts(outcome: Outcome) -> tuple[bytes, ...]:
    return tuple(value for one in outcome.seen for name, value in one.headers if name == b"host")


def show_paths(outcome: Outcome) -> tuple[str, ...]:
    return tuple(one.path for one in outcome.seen)


def show_bodies(outcome: Outcome) -> tuple[bytes, ...]:
    return tuple(one.body for one in outcome.seen)


def show_statuses(outcome: Outcome) -> tuple[int, ...]:
    return outcome.final[1]


class Difference(NamedTuple):
    """Bytes that the servers judge differently.

    Attributes:
        data: The bytes.
        own: What ours makes of them.
        httptools: What uvicorn with httptools makes of them.
        h11: What uvicorn with h11 makes of them.
        why: Why ours is right.
        show: What of an outcome differs.
    """

    data: bytes
    own: tuple[object, ...]
    httptools: tuple[object, ...]
    h11: tuple[object, ...]
    why: str
    show: Callable[[Outcome], tuple[object, ...]] = show_statuses


DIFFERENCES: Final = {
    "a request line without version": Difference(
        b"GET /\r\n\r\n", (400,), (200,), (400,), "RFC 9112, 2.3: that is HTTP/0.9, whose responses have no head"
    ),
    "no Host": Difference(
        request("GET /", host=None), (400,), (200,), (400,), "RFC 9112, 3.2: a server MUST response 400"
    ),
    "two Hosts": Difference(
        request("GET /", "host: other"), (400,), (200,), (400,), "RFC 9112, 3.2: a server MUST response 400"
    ),
    "a Host that is none": Difference(
        request("GET /", host="a b"), (400,), (200,), (200,), "RFC 9112, 3.2: an invalid Host gets 400"
    ),
    "a coding besides chunked": Difference(
        request("POST /", "transfer-encoding: gzip, chunked", body=chunked(b"x")),
        (501,),
        (200,),
        (400,),
        "RFC 9112, 6.1: a coding that is not understood SHOULD get a 501",
    ),
    "chunked with HTTP/1.0": Difference(
        request("POST /", "transfer-encoding: chunked", version="1.0", body=chunked(b"x")),
        (400,),
        (200,),
        (200,),
        "RFC 9112, 6.1: the framing is faulty; a proxy in front may have read it otherwise",
    ),
    "many headers": Difference(
        request("GET /", *(f"x-{n}: 1" for n in range(101))),
        (431,),
        (200,),
        (200,),
        "bounds what one request can make an application look at",
    ),
    "no Host, of HEAD": Difference(
        request("HEAD /", host=None), (400,), (200,), (400,), "RFC 9112, 3.2: as for GET, but without a body"
    ),
    "a chunk size that is no number": Difference(
        request("POST /", "transfer-encoding: chunked", body=b"x\r\n"),
        (),
        (400,),
        (400,),
        "the application has the request and may respond at any moment: a second response could be taken for the first",
    ),
    "a malformed request behind others": Difference(
        request("GET /1") + request("GET /2") + b"nonsense\r\n\r\n",
        ("/1", "/2"),
        ("/1",),
        ("/1", "/2"),
        "RFC 9112, 9.3.2: those before it are well-formed, and are answered",
        show_paths,
    ),
    "statuses of a malformed request behind another": Difference(
        request("GET /1") + b"nonsense\r\n\r\n",
        (200, 400),
        (400, 200),
        (200, 400),
        "RFC 9112, 9.3.2: responses are in the order of the requests",
    ),
    "trailers": Difference(
        request("POST /", "transfer-encoding: chunked", body=b"1\r\nx\r\n0\r\nhost: other\r\n\r\n"),
        (b"h",),
        (b"h", b"other"),
        (b"h",),
        "RFC 9110, 6.5.1: they must not be merged into the headers that the application was given",
        show_hosts,
    ),
    "a body behind an offer to upgrade": Difference(
        request("POST /", "upgrade: h2c", "connection: upgrade", f"content-length: {len(SMUGGLED)}", body=SMUGGLED),
        (SMUGGLED,),
        (b"",),
        (SMUGGLED,),
        "RFC 9110, 7.8: an upgrade may be ignored; the body is no request",
        show_bodies,
    ),
    "the host of an absolute target": Difference(
        request("GET http://target/x", host="other"),
        (b"target",),
        (b"other",),
        (b"other",),
        "RFC 9112, 3.2.2: it replaces the header",
        show_hosts,
    ),
}
"""Where the servers differ. Ours closes after an error, and no application sees the request."""


@pytest.mark.parametrize("name", DIFFERENCES)
def test_the_servers_differ_as_the_table_says(name: str) -> None:
    one = DIFFERENCES[name]
    found = {server: exchange(server, one.data) for server in ("own", "httptools", "h11")}
    assert {server: one.show(outcome) for server, outcome in found.items()} == {
        "own": one.own,
        "httptools": one.httptools,
        "h11": one.h11,
    }, one.why
    own = found["own"]
    assert len(own.seen) == own.statuses.count(200)
    assert own.closed == (own.statuses != (200,) * len(own.seen) or not own.seen)


STREAMS = st.tuples(st.lists(well_formed(), min_size=1, max_size=4).map(b"".join), st.just(b"") | last()).map(b"".join)


@settings(max_examples=60)
@given(pieces=cut(STREAMS))
def test_what_is_well_formed_comes_to_the_same_wherever_it_is_cut(pieces: list[bytes]) -> None:
    own = exchange("own", *pieces)
    assert own.final == exchange("httptools", *pieces).final
    assert own.final == exchange("h11", *pieces).final
    assert own.final[1] == (200,) * len(own.seen)


@pytest.mark.parametrize("server", ["own", "httptools", "h11"])
def test_a_body_that_is_waited_for_is_asked_for(server: str) -> None:
    head = request("POST /", "content-length: 1", "expect: 100-continue")
    assert exchange(server, head).statuses == (100,)
    assert exchange(server, head, b"x").statuses == (100, 200)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A request with bytes removed or added somewhere."""
    whole = draw(well_formed() | last())
    place, removed = draw(st.integers(0, len(whole) - 1)), draw(st.integers(0, 3))
    added = draw(st.sampled_from([b"", b"\r", b"\n", b"\0", b" ", b":", b"0", b"\xff", b"\r\n", b"a"]))
    return whole[:place] + added + whole[place + removed :]


KNOWN = {
    (own.final[1][len(own.seen) :], own.reason) for own in (exchange("own", one.data) for one in DIFFERENCES.values())
}
"""How our server rejects what the table has: the statuses, and the text of the response."""


@settings(max_examples=200)
@given(before=st.lists(well_formed(), max_size=2), pieces=cut(mutated()))
def test_what_is_malformed_comes_to_the_same_or_differs_as_the_table_says(
    before: list[bytes], pieces: list[bytes]
) -> None:
    """The requests before arrive by themselves: uvicorn drops those that still wait when it meets an error."""
    own = exchange("own", *before, *pieces)
    others = [exchange(server, *before, *pieces) for server in ("httptools", "h11")]
    if own.final in [other.final for other in others]:
        return
    assert (own.final[1][len(own.seen) :], own.reason) in KNOWN, (own, others)
    assert own.closed
    assert own.seen == others[0].seen[: len(own.seen)]
