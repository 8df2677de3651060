"""Requests through a real proxy: both clients do the same, and say what the proxy did."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest
import uvloop

from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.http_client.certificates import TlsContexts
from naftiko_runtime.http_client.connector import Connector
from naftiko_runtime.http_client.httpx2.network_backend import Stream
from naftiko_runtime.http_client.proxies import read_proxies
from naftiko_runtime.http_client.routes import make_route
from naftiko_runtime.upstream import OutboundRequest, UpstreamUnreachable
from naftiko_runtime.upstream.url_origin import split_url
from support.certificates import make_client_context, make_server_context, write_certificate
from support.proxy import ProxyServer, serve_proxy
from support.rawserver import RawServer, make_response, serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from naftiko_runtime.upstream import Transport

USER = "me:s3cret"
CLIENTS: list[HttpClient] = ["native", "httpx2"]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> HttpClient:
    name: HttpClient = request.param
    return name


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return write_certificate(tmp_path / "server.pem")


def through(proxy: ProxyServer, client: HttpClient, pem: Path | None = None, user: str = "", **more: str) -> Transport:
    url = proxy.url.replace("://", f"://{user}@") if user else proxy.url
    proxies = read_proxies({"ALL_PROXY": url, **more})
    return open_client(ClientOptions(client, tls=make_client_context(pem), proxies=proxies))


async def fetch(transport: Transport, url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    response = await transport.send(OutboundRequest("ships.get", method, url, (), body))
    try:
        return response.status, b"".join([chunk async for chunk in response.iter_chunks()])
    finally:
        await response.close()


async def refusal(transport: Transport, url: str) -> UpstreamUnreachable:
    with pytest.raises(UpstreamUnreachable) as caught:
        await fetch(transport, url)
    assert "s3cret" not in f"{caught.value}{caught.value.detail}"
    return caught.value


def lines(server: RawServer | ProxyServer) -> list[bytes]:
    return [request.line for request in server.requests]


async def test_a_proxy_forwards_requests_to_http_upstreams(client: HttpClient) -> None:
    async with serve(make_response(b"one"), make_response(b"two")) as server, serve_proxy() as proxy:
        transport = through(proxy, client)
        assert await fetch(transport, server.url("/a%2Fb?x=+%20&y")) == (200, b"one")
        assert await fetch(transport, server.url(), "POST", b"body") == (200, b"two")
        await transport.aclose()
        assert proxy.lines == [
            b"GET " + server.url("/a%2Fb?x=+%20&y").encode() + b" HTTP/1.1",
            b"POST " + server.url("/").encode() + b" HTTP/1.1",
        ]
        assert proxy.requests[0].headers == ((b"host", b"127.0.0.1:%d" % server.port),)
        assert lines(server) == [b"GET /a%2Fb?x=+%20&y HTTP/1.1", b"POST / HTTP/1.1"]
        assert server.requests[1].body == b"body"
        assert (proxy.connections, server.connections) == (1, 1)


async def test_a_proxy_opens_a_tunnel_to_https_upstreams(client: HttpClient, pem: Path) -> None:
    async with (
        serve(make_response(b"one"), make_response(b"two"), tls=make_server_context(pem)) as server,
        serve_proxy() as proxy,
    ):
        transport = through(proxy, client, pem)
        assert await fetch(transport, server.url("/a?b")) == (200, b"one")
        assert await fetch(transport, server.url("/c"), "POST", b"body" * 100_000) == (200, b"two")
        await transport.aclose()
        peer = b"127.0.0.1:%d" % server.port
        assert proxy.lines == [b"CONNECT " + peer + b" HTTP/1.1"]
        assert proxy.requests[0].headers == ((b"host", peer),)
        assert lines(server) == [b"GET /a?b HTTP/1.1", b"POST /c HTTP/1.1"]
        assert server.requests[1].body == b"body" * 100_000


@pytest.mark.parametrize("tls", [False, True])
async def test_a_proxy_gets_the_user_of_its_url_and_the_upstream_does_not(
    client: HttpClient, pem: Path, tls: bool
) -> None:
    async with (
        serve(make_response(b"x"), tls=make_server_context(pem) if tls else None) as server,
        serve_proxy(USER) as proxy,
    ):
        transport = through(proxy, client, pem, USER)
        assert await fetch(transport, server.url()) == (200, b"x")
        await transport.aclose()
        assert proxy.requests[0].header(b"proxy-authorization") == b"Basic bWU6czNjcmV0"
        assert server.requests[0].header(b"proxy-authorization") is None


@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_tls_protects_the_way_to_a_proxy_with_an_https_url(
    client: HttpClient, tmp_path: Path, make_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    pem = write_certificate(tmp_path / "both.pem")
    body = bytes(range(256)) * 4000

    async def main() -> None:
        async with (
            serve(make_response(b"plain")) as plain,
            serve(make_response(b"secure"), make_response(body), tls=make_server_context(pem)) as secure,
            serve_proxy(USER, tls=make_server_context(pem)) as proxy,
        ):
            transport = through(proxy, client, pem, USER)
            assert await fetch(transport, plain.url()) == (200, b"plain")
            assert await fetch(transport, secure.url()) == (200, b"secure")
            assert await fetch(transport, secure.url("/2"), "POST", body) == (200, body)
            await transport.aclose()
            assert secure.requests[1].body == body
            assert secure.connections == 1
            assert [line.split()[0] for line in proxy.lines] == [b"GET", b"CONNECT"]

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(main())


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "*", "10.0.0.0/8, 127.0.0.0/8"])
async def test_what_no_proxy_names_is_reached_directly(client: HttpClient, no_proxy: str) -> None:
    async with serve(make_response(b"x")) as server, serve_proxy() as proxy:
        transport = through(proxy, client, NO_PROXY=no_proxy)
        assert await fetch(transport, server.url()) == (200, b"x")
        await transport.aclose()
        assert proxy.connections == 0


async def test_connections_of_one_origin_are_not_used_for_another(client: HttpClient) -> None:
    async with serve(make_response(b"one")) as one, serve(make_response(b"two")) as two, serve_proxy() as proxy:
        transport = through(proxy, client)
        assert [await fetch(transport, server.url()) for server in (one, two, one)] == [
            (200, b"one"),
            (200, b"two"),
            (200, b"one"),
        ]
        await transport.aclose()
        assert proxy.connections == 2


def said(server: RawServer, proxy: ProxyServer, why: str) -> str:
    return f"cannot connect to 127.0.0.1:{server.port} through the proxy 127.0.0.1:{proxy.port}: {why}"


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    ("user", "why"),
    [("", "it requires a user and password (407)"), ("me:s3cret2", "it rejects the user or password (407)")],
)
async def test_a_proxy_that_wants_another_user_is_named_in_the_log_alone(
    client: HttpClient, pem: Path, tls: bool, user: str, why: str
) -> None:
    async with (
        serve(make_response(b"x"), tls=make_server_context(pem) if tls else None) as server,
        serve_proxy(USER) as proxy,
    ):
        transport = through(proxy, client, pem, user)
        error = await refusal(transport, server.url())
        await transport.aclose()
        assert error.detail == said(server, proxy, why)
        assert str(error) == "no connection could be made"
        assert server.requests == []


@pytest.mark.parametrize(
    ("opens", "why"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\n\r\nbad", "it responded to CONNECT with the status 502"),
        (b"HTTP/1.0 403 No\r\n\r\n", "it responded to CONNECT with the status 403"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "its response to CONNECT is not valid HTTP"),
        (b"x" * 70_000, "its response to CONNECT is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nconte", "it closed the connection"),
        (b"", "it closed the connection"),
        (
            b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
            "it sent unexpected bytes",
        ),
    ],
)
async def test_a_proxy_that_opens_no_tunnel_is_named_in_the_log_alone(
    client: HttpClient, pem: Path, opens: bytes, why: str
) -> None:
    async with serve(make_response(b"x"), tls=make_server_context(pem)) as server, serve_proxy(opens=opens) as proxy:
        proxy.opens = opens
        transport = through(proxy, client, pem)
        error = await refusal(transport, server.url())
        await transport.aclose()
        assert error.detail == said(server, proxy, why)
        assert str(error) == "no connection could be made"
        assert server.requests == []


@pytest.mark.parametrize(
    "opens",
    [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",  # to be ignored: RFC 9110, 9.3.6
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
async def test_any_success_opens_a_tunnel(client: HttpClient, pem: Path, opens: bytes) -> None:
    async with serve(make_response(b"x"), tls=make_server_context(pem)) as server, serve_proxy(opens=opens) as proxy:
        transport = through(proxy, client, pem)
        assert await fetch(transport, server.url()) == (200, b"x")
        await transport.aclose()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_not_there_is_named_in_the_log_alone(client: HttpClient, scheme: str) -> None:
    async with serve_proxy() as proxy:
        pass
    transport = through(proxy, client)
    error = await refusal(transport, f"{scheme}://api.example/")
    await transport.aclose()
    port = {"http": 80, "https": 443}[scheme]
    assert error.detail == (
        f"cannot connect to api.example:{port} through the proxy 127.0.0.1:{proxy.port}: "
        f"connection refused by 127.0.0.1:{proxy.port}"
    )
    assert str(error) == "no connection could be made"


async def test_the_certificate_of_a_proxy_is_checked(client: HttpClient, pem: Path, tmp_path: Path) -> None:
    other = write_certificate(tmp_path / "other.pem")
    async with serve(make_response(b"x")) as server, serve_proxy(tls=make_server_context(pem)) as proxy:
        transport = through(proxy, client, other)
        error = await refusal(transport, server.url())
        await transport.aclose()
        assert error.detail.startswith(
            said(server, proxy, f"the TLS certificate of 127.0.0.1:{proxy.port} is not valid")
        )


async def test_the_certificate_of_an_upstream_behind_a_tunnel_is_checked(
    client: HttpClient, pem: Path, tmp_path: Path
) -> None:
    other = write_certificate(tmp_path / "other.pem")
    async with serve(make_response(b"x"), tls=make_server_context(pem)) as server, serve_proxy() as proxy:
        transport = through(proxy, client, other)
        error = await refusal(transport, server.url())
        await transport.aclose()
        peer = f"127.0.0.1:{server.port} through the proxy 127.0.0.1:{proxy.port}"
        assert error.detail.startswith(f"the TLS certificate of {peer} is not valid: ")
        assert str(error) == "its TLS certificate is not valid"


async def test_a_response_of_a_forwarding_proxy_is_the_upstreams(client: HttpClient) -> None:
    async with serve(make_response(b"bad", status=502)) as server, serve_proxy() as proxy:
        transport = through(proxy, client)
        assert await fetch(transport, server.url()) == (502, b"bad")
        await transport.aclose()


@pytest.mark.parametrize("tls", [False, True])
async def test_no_byte_after_a_response_becomes_part_of_the_next_one(client: HttpClient, pem: Path, tls: bool) -> None:
    surplus = make_response(b"one") + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"
    async with (
        serve(surplus, make_response(b"two"), tls=make_server_context(pem) if tls else None) as server,
        serve_proxy() as proxy,
    ):
        transport = through(proxy, client, pem)
        assert await fetch(transport, server.url()) == (200, b"one")
        assert await fetch(transport, server.url()) == (200, b"two")
        await transport.aclose()


async def test_bytes_in_clear_before_a_handshake_are_no_response(pem: Path) -> None:
    """Somebody on the way could send them: they would be read as if they had been encrypted."""

    contexts = TlsContexts(make_client_context(pem))
    async with serve(make_response(b"x"), tls=make_server_context(pem)) as server:
        connector = Connector(contexts)
        _, stream = await connector.connect(make_route(split_url(server.url())[0]), Stream)
        stream.data_received(make_response(b"evil"))
        with pytest.raises(ssl.SSLError):
            await stream.start_tls(contexts.get_upstream_context(), "127.0.0.1")
