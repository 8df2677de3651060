"""Every failure of the libraries, and of the layers below, has a text of our own."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING, cast

import httpcore2
import pytest

from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.http_client.httpx2 import client as httpx2
from naftiko_runtime.http_client.native import client as native
from naftiko_runtime.http_client.routes import UpstreamRoute, make_route
from naftiko_runtime.upstream import OutboundRequest, UpstreamUnreachable
from naftiko_runtime.upstream.url_origin import split_url
from support.certificates import make_client_context, make_server_context, write_certificate
from support.rawserver import make_response, serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUTE = make_route(split_url("https://api.example.com/s3cret?key=s3cret")[0])

HTTPCORE_ERRORS = [kind for kind in vars(httpcore2).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", HTTPCORE_ERRORS)
def test_every_error_of_httpcore2_is_mapped(kind: type[Exception]) -> None:
    error = kind("https://me:s3cret@api.example.com/")
    assert isinstance(error, httpx2._FAILURES)  # noqa: SLF001
    text = httpx2.explain(error, ROUTE, 10).detail
    assert "api.example.com" in text
    assert "s3cret" not in text


@pytest.mark.parametrize("explain", [native.explain, httpx2.explain])
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionRefusedError(), "connection refused by api.example.com:443"),
        (OSError(errno.ECONNREFUSED, "s3cret"), "connection refused by api.example.com:443"),
        (OSError(errno.EHOSTUNREACH, "s3cret"), "there is no route to api.example.com:443"),
        (OSError(errno.ENETUNREACH, "s3cret"), "there is no route to api.example.com:443"),
        (OSError("s3cret"), "cannot connect to api.example.com:443"),
        (socket.gaierror(-2, "s3cret"), "name 'api.example.com' does not resolve"),
        (TimeoutError("s3cret"), "there was no connection to api.example.com:443 within 2.5 s"),
        (ConnectionResetError("s3cret"), "api.example.com:443 closed the connection before it responded"),
        (BrokenPipeError("s3cret"), "api.example.com:443 closed the connection before it responded"),
        (ssl.SSLError(1, "s3cret"), "TLS with api.example.com:443 failed"),
        (ValueError("s3cret"), "the request to api.example.com:443 cannot be written as HTTP"),
    ],
)
def test_errors_of_the_system_have_the_same_texts(
    explain: Callable[[Exception, UpstreamRoute, float], UpstreamUnreachable], error: Exception, text: str
) -> None:
    failure = explain(error, ROUTE, 2.5)
    assert failure.detail == text
    assert "api.example.com" not in str(failure)
    assert "443" not in str(failure)


@pytest.mark.parametrize("name", ["native", "httpx2"])
@pytest.mark.parametrize(
    ("days", "address", "trusted", "why"),
    [
        (-1, "127.0.0.1", True, "certificate has expired"),
        (1, "127.0.0.1", False, "self-signed certificate"),
        (1, "10.9.8.7", True, "IP address mismatch, certificate is not valid for '127.0.0.1'."),
    ],
)
async def test_a_certificate_that_is_not_valid(
    tmp_path: Path, name: str, days: int, address: str, trusted: bool, why: str
) -> None:
    pem = write_certificate(tmp_path / "server.pem", days=days, address=address)
    transport = open_client(ClientOptions(cast("HttpClient", name), tls=make_client_context(pem if trusted else None)))
    async with serve(make_response(), tls=make_server_context(pem)) as server:
        with pytest.raises(UpstreamUnreachable) as caught:
            await transport.send(OutboundRequest("a.b", "GET", server.url("/?key=s3cret"), ()))
        await transport.aclose()
        peer = f"127.0.0.1:{server.port}"
        assert caught.value.detail == f"the TLS certificate of {peer} is not valid: {why}"
        assert str(caught.value) == "its TLS certificate is not valid"


@pytest.mark.parametrize("name", ["native", "httpx2"])
async def test_tls_with_a_server_without_tls(name: str) -> None:
    transport = open_client(ClientOptions(cast("HttpClient", name)))

    def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UpstreamUnreachable) as caught:
            await transport.send(OutboundRequest("a.b", "GET", f"https://127.0.0.1:{port}/?s3cret", ()))
    await transport.aclose()
    assert caught.value.detail == f"TLS with 127.0.0.1:{port} failed"


@pytest.mark.parametrize("kind", [native.NativeClient, httpx2.Httpx2Client])
async def test_a_server_that_accepts_no_connection_is_not_waited_for(
    kind: type[native.NativeClient | httpx2.Httpx2Client],
) -> None:
    transport = kind(ClientOptions(connect_seconds=0.01))
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), pytest.raises(UpstreamUnreachable) as caught:
            await transport.send(OutboundRequest("a.b", "GET", f"http://127.0.0.1:{port}/?s3cret", ()))
    await transport.aclose()
    assert caught.value.detail == f"there was no connection to 127.0.0.1:{port} within 0.01 s"


def test_a_client_library_is_imported_only_when_it_is_chosen() -> None:
    program = """
import asyncio, sys
from naftiko_runtime.http_client import ClientOptions, open_client
async def main(name):
    await open_client(ClientOptions(name)).aclose()
asyncio.run(main("native"))
assert not {"aiohttp", "httpcore2", "httpx2"} & set(sys.modules)
asyncio.run(main("httpx2"))
assert "httpcore2" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
