"""The contract of every transport, with a server that checks every byte."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, cast

import httpcore2
import pytest

from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.http_client.certificates import TlsContexts, TlsOptions
from naftiko_runtime.http_client.connector import Connector
from naftiko_runtime.http_client.httpx2.network_backend import NetworkBackend
from naftiko_runtime.http_client.routes import make_route
from naftiko_runtime.upstream import Transport, UpstreamUnreachable
from naftiko_runtime.upstream.url_origin import split_url
from support.rawserver import Peer, make_response, serve
from support.transport_calls import SECRET, asking, breaks_off, closes, fetch, parts, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(params=["native", "httpx2"])
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    opened = open_client(ClientOptions(cast("HttpClient", request.param)))
    yield opened
    await opened.aclose()


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("/a%2Fb//c?x=+%20%2B=&y='|", None),
        ("/a/../b/./c", None),
        ("/%7e%zz/~;p=1;q,r:@!$&()*", None),
        ("/a?", None),
        ("/a??b?c", None),
        ('/a?b[]={}^`\\"<>', None),
        ("/a?b#c", "/a?b"),
        ("", "/"),
        ("?a=b", "/?a=b"),
    ],
)
async def test_the_path_and_query_go_out_byte_for_byte(transport: Transport, target: str, sent: str | None) -> None:
    async with serve(make_response()) as server:
        await fetch(transport, asking(server.url(target)))
        expected = (target if sent is None else sent).encode()
        assert server.requests[0].line == b"GET " + expected + b" HTTP/1.1"


async def test_headers_go_out_as_given_with_nothing_but_host_added(transport: Transport) -> None:
    given = ((b"x-b", b"1"), (b"x-a", b"2"), (b"x-b", b"3"), (b"x-utf8", "schön".encode()))
    async with serve(make_response()) as server:
        await fetch(transport, asking(server.url(), headers=given))
        host = b"127.0.0.1:%d" % server.port
        assert sorted(server.requests[0].headers) == sorted([*given, (b"host", host)])
        assert [pair for pair in server.requests[0].headers if pair[0] != b"host"] == list(given)


@pytest.mark.parametrize("value", [b"caf\xe9", b"\xff", b"\xed\xa0\x80", "schön ".encode() + b"\x80"])
async def test_a_header_that_is_not_utf_8_is_left_out_and_the_request_sent(transport: Transport, value: bytes) -> None:
    kept = [(b"x-a", b"1"), (b"accept-language", "schön".encode()), (b"x-b", b"a\tb")]
    given = [kept[0], (b"user-agent", value), *kept[1:]]
    async with serve(make_response(b"x")) as server:
        assert await fetch(transport, asking(server.url(), headers=given)) == (200, b"x")
        assert [pair for pair in server.requests[0].headers if pair[0] != b"host"] == kept


async def test_the_own_host_and_the_defaults_can_be_given(transport: Transport) -> None:
    given = ((b"host", b"a.example"), (b"user-agent", b"u"), (b"accept", b"b"), (b"accept-encoding", b"c"))
    async with serve(make_response()) as server:
        await fetch(transport, asking(server.url(), headers=given))
        assert sorted(server.requests[0].headers) == sorted(given)


async def test_a_user_in_the_url_is_not_sent(transport: Transport) -> None:
    async with serve(make_response()) as server:
        await fetch(transport, asking(f"http://me:{SECRET}@127.0.0.1:{server.port}/"))
        assert [name for name, _ in server.requests[0].headers] == [b"host"]


@pytest.mark.parametrize(
    ("method", "framing"), [("GET", None), ("HEAD", None), ("POST", b"0"), ("PATCH", b"0"), ("DELETE", b"0")]
)
@pytest.mark.parametrize("body", [None, b""])
async def test_no_body_is_framed_as_its_method_wants(
    transport: Transport, method: str, framing: bytes | None, body: bytes | None
) -> None:
    async with serve(make_response()) as server:
        await fetch(transport, asking(server.url(), method, body=body))
        assert server.requests[0].header(b"content-length") == framing
        assert len(server.requests[0].headers) == (1 if framing is None else 2)


@pytest.mark.parametrize("size", [1, 70_000, 3_000_000])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
async def test_a_body_of_bytes_arrives_exactly(transport: Transport, size: int, method: str) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    async with serve(make_response()) as server:
        await fetch(transport, asking(server.url(), method, body=body))
        assert server.requests[0].body == body
        assert sorted(name.lower() for name, _ in server.requests[0].headers) == [b"content-length", b"host"]


async def test_a_stream_is_sent_in_chunks(transport: Transport) -> None:
    async with serve(make_response()) as server:
        await fetch(transport, asking(server.url(), "POST", body=parts(b"ab", b"", b"c" * 100_000)))
        assert server.requests[0].body == b"ab" + b"c" * 100_000
        assert server.requests[0].header(b"transfer-encoding") == b"chunked"
        assert len(server.requests[0].headers) == 2


async def test_a_stream_of_known_length_is_sent_as_it_is(transport: Transport) -> None:
    async with serve(make_response()) as server:
        length = ((b"content-length", b"5"),)
        await fetch(transport, asking(server.url(), "POST", length, parts(b"ab", b"cde")))
        assert server.requests[0].body == b"abcde"
        assert server.requests[0].header(b"transfer-encoding") is None


async def test_what_a_stream_raises_comes_out_as_it_is(transport: Transport) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise LookupError("too large")

    async with serve(make_response(b"own")) as server:
        with pytest.raises(LookupError, match="too large"):
            await transport.send(asking(server.url(), "POST", body=broken()))
        assert await fetch(transport, asking(server.url("/next"))) == (200, b"own")
        assert [request.target for request in server.requests] == [b"/next"]


async def test_response_headers_come_in_order_with_names_in_lower_case(transport: Transport) -> None:
    sent = ((b"Set-Cookie", b"a=1"), (b"X-Raw", b"caf\xe9"), (b"Set-Cookie", b"b=2"))
    async with serve(make_response(b"x", headers=sent)) as server:
        response = await transport.send(asking(server.url()))
        await response.close()
        assert list(response.headers) == [(b"content-length", b"1"), *((k.lower(), v) for k, v in sent)]


async def test_cookies_are_not_kept(transport: Transport) -> None:
    async with serve(make_response(headers=[(b"set-cookie", b"session=" + SECRET.encode())])) as server:
        await fetch(transport, asking(server.url()))
        await fetch(transport, asking(server.url()))
        assert [len(request.headers) for request in server.requests] == [1, 1]


async def test_a_given_cookie_header_is_sent_as_it_is(transport: Transport) -> None:
    cookie = (b"cookie", b'a="b c"; d={"e":1}')
    async with serve(make_response()) as server:
        await fetch(transport, asking(server.url(), headers=[cookie]))
        assert cookie in server.requests[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(transport: Transport, status: int) -> None:
    async with serve(make_response(status=status, headers=[(b"location", b"/elsewhere")])) as server:
        assert await fetch(transport, asking(server.url())) == (status, b"")
        assert len(server.requests) == 1


async def test_a_compressed_body_is_untouched(transport: Transport) -> None:
    packed = gzip.compress(b"plain " * 1000)
    async with serve(make_response(packed, headers=[(b"content-encoding", b"gzip")])) as server:
        assert await fetch(transport, asking(server.url())) == (200, packed)


async def test_a_body_is_given_once(transport: Transport) -> None:
    async with serve(make_response(b"body")) as server:
        response = await transport.send(asking(server.url()))
        assert b"".join([chunk async for chunk in response.iter_chunks()]) == b"body"
        with pytest.raises(RuntimeError, match="a body can be read only once"):
            response.iter_chunks()
        await response.close()
        assert await fetch(transport, asking(server.url())) == (200, b"body")


async def test_a_body_broken_off_is_not_given_again(transport: Transport) -> None:
    async with serve(breaks_off, make_response(b"next")) as server:
        response = await transport.send(asking(server.url()))
        with pytest.raises(UpstreamUnreachable):
            [chunk async for chunk in response.iter_chunks()]
        with pytest.raises(RuntimeError, match="a body can be read only once"):
            response.iter_chunks()
        await response.close()
        assert await fetch(transport, asking(server.url())) == (200, b"next")


async def test_a_wire_read_past_its_end_raises_instead_of_spinning() -> None:
    async with serve(closes) as server:
        network = NetworkBackend(Connector(TlsContexts(TlsOptions())), make_route(split_url(server.url())[0]))
        wire = await network.connect_tcp("127.0.0.1", server.port)
        await wire.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await wire.read(1024) == b""
        for _ in range(2):
            with pytest.raises(httpcore2.ReadError):
                await wire.read(1024)
        await wire.aclose()


@pytest.mark.parametrize("status", [200, 404, 503, 599])
async def test_any_status_is_a_response(transport: Transport, status: int) -> None:
    async with serve(make_response(b"x", status=status)) as server:
        assert await fetch(transport, asking(server.url())) == (status, b"x")


def not_http(peer: str) -> str:
    return f"the response of {peer} is not valid HTTP"


@pytest.mark.parametrize("status", [b"099", b"600", b"700", b"999"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_status_that_http_does_not_know_is_no_response(
    transport: Transport, status: bytes, method: str
) -> None:
    odd = b"HTTP/1.1 " + status + b" Said\r\ncontent-length: 0\r\n\r\n"
    async with serve(odd, make_response(b"next")) as server:
        reason = await refusal(transport, asking(server.url(), method))
        assert reason == not_http(f"127.0.0.1:{server.port}")
        assert await fetch(transport, asking(server.url())) == (200, b"next")


@pytest.mark.parametrize("control", [b"\1", b"\b", b"\x1b", b"\x7f"])
@pytest.mark.parametrize("name", [b"etag", b"x-unknown"])
async def test_a_control_character_in_a_header_is_no_response(
    transport: Transport, control: bytes, name: bytes
) -> None:
    odd = make_response(b"x", headers=[(name, b"a" + control + b"b")])
    async with serve(odd, make_response(b"next")) as server:
        reason = await refusal(transport, asking(server.url()))
        assert reason == not_http(f"127.0.0.1:{server.port}")
        assert await fetch(transport, asking(server.url())) == (200, b"next")


async def test_a_tab_in_a_header_is_received(transport: Transport) -> None:
    async with serve(make_response(headers=[(b"etag", b"a\tb")])) as server:
        response = await transport.send(asking(server.url()))
        await response.close()
        assert (b"etag", b"a\tb") in response.headers


@pytest.mark.parametrize(
    "reply",
    [
        make_response(b"x" * 10),
        make_response(),
        b"HTTP/1.1 204 No\r\n\r\n",
        b"HTTP/1.1 304 No\r\ncontent-length: 9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nx-end: t\r\n\r\n",
    ],
)
async def test_connections_are_used_again(transport: Transport, reply: bytes) -> None:
    async with serve(reply) as server:
        for _ in range(5):
            await fetch(transport, asking(server.url()))
        assert (server.connections, len(server.requests)) == (1, 5)


async def test_a_head_has_no_body(transport: Transport) -> None:
    async with serve(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", make_response(b"next")) as server:
        response = await transport.send(asking(server.url(), "HEAD"))
        assert response.is_complete()
        await response.close()
        assert await fetch(transport, asking(server.url())) == (200, b"next")
        assert server.connections == 1


async def test_a_body_that_ends_with_the_connection_is_whole(transport: Transport) -> None:
    async def closing(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\n\r\nup to the end")
        await peer.close()

    async with serve(closing) as server:
        assert await fetch(transport, asking(server.url())) == (200, b"up to the end")


async def test_the_body_is_given_as_it_arrives(transport: Transport) -> None:
    read = asyncio.Event()

    async def slow(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab")
        await read.wait()
        await peer.write(b"cd")

    async with serve(slow) as server:
        response = await transport.send(asking(server.url()))
        assert not response.is_complete()
        chunks = response.iter_chunks()
        assert await anext(chunks) == b"ab"
        read.set()
        assert await anext(chunks) == b"cd"
        assert [chunk async for chunk in chunks] == []
        assert response.is_complete()
        await response.close()


async def test_a_large_body_arrives_whole(transport: Transport) -> None:
    body = bytes(range(256)) * 20_000
    async with serve(make_response(body)) as server:
        assert await fetch(transport, asking(server.url())) == (200, body)


async def test_interim_responses_are_skipped(transport: Transport) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with serve(interim + make_response(b"real")) as server:
        assert await fetch(transport, asking(server.url())) == (200, b"real")
        assert await fetch(transport, asking(server.url())) == (200, b"real")
        assert server.connections == 1


async def test_a_response_not_read_is_not_given_to_the_next(transport: Transport) -> None:
    async def endless(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nfirst")
        await peer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    async with serve(endless, make_response(b"second")) as server:
        response = await transport.send(asking(server.url()))
        await response.close()
        await gone.wait()
        assert await fetch(transport, asking(server.url())) == (200, b"second")
        assert server.connections == 2


async def test_a_response_half_read_is_not_given_to_the_next(transport: Transport) -> None:
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst"
    async with serve(half, make_response(b"second")) as server:
        response = await transport.send(asking(server.url()))
        assert await anext(response.iter_chunks()) == b"first"
        await response.close()
        assert await fetch(transport, asking(server.url())) == (200, b"second")
