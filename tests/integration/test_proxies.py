"""The real program with a real proxy and its own certificates: what operators and callers see."""

from __future__ import annotations

import asyncio
import signal
import ssl
from typing import TYPE_CHECKING

import pytest

from support.caller import call
from support.certificates import make_server_context, write_certificate
from support.command import run_naftiko
from support.gateway import Gateway
from support.proxy import serve_proxy
from support.rawserver import make_response, serve

if TYPE_CHECKING:
    from pathlib import Path

    from support.caller import Response

CLIENTS = ["native", "httpx2"]
HELD = make_response(b'{"a": 1}', headers=[(b"content-type", b"application/json")])


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return write_certificate(tmp_path / "upstream.pem")


@pytest.mark.parametrize("client", CLIENTS)
async def test_requests_go_through_the_proxy_that_the_start_names(documents: Path, pem: Path, client: str) -> None:
    def ask(upstream: str, proxy: str) -> tuple[Response, str]:
        options = ("--base-uri", f"api={upstream}", "--http-client", client, "--ca-file", str(pem))
        environment = {"HTTPS_PROXY": proxy, "NO_PROXY": "example.com"}
        with Gateway(documents / "deadlines.yaml", ["web", "tools"], *options, environment=environment) as gateway:
            said = gateway.wait_log_line("upstreams are called through a proxy")
            assert said["https_proxy"] == proxy.replace("me:s3cret", "***")
            assert said["no_proxy"] == "example.com"
            assert "http_proxy" not in said
            response = call(gateway.urls["web"], "/held")
        return response, gateway.output

    async with serve(HELD, tls=make_server_context(pem)) as server, serve_proxy("me:s3cret") as proxy:
        response, output = await asyncio.to_thread(ask, server.url(""), proxy.url.replace("://", "://me:s3cret@"))
        assert (response.status, response.json) == (200, {"a": 1})
        assert proxy.lines == [b"CONNECT 127.0.0.1:%d HTTP/1.1" % server.port]
    assert "s3cret" not in output
    assert "bWU6czNjcmV0" not in output


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_refuses_is_in_the_log_and_not_in_the_502(
    documents: Path, pem: Path, client: str, scheme: str
) -> None:
    def ask(upstream: str, proxy: str) -> tuple[Response, str, str]:
        options = ("--base-uri", f"api={upstream}", "--http-client", client)
        environment = {"ALL_PROXY": proxy}
        with Gateway(documents / "deadlines.yaml", ["web", "tools"], *options, environment=environment) as gateway:
            response = call(gateway.urls["web"], "/held")
            return response, gateway.wait_log_line("upstream failed")["reason"], gateway.output

    async with (
        serve(HELD, tls=make_server_context(pem) if scheme == "https" else None) as server,
        serve_proxy("me:other") as proxy,
    ):
        url = proxy.url.replace("://", "://me:s3cret@")
        response, reason, output = await asyncio.to_thread(ask, server.url(""), url)
        assert reason.endswith(
            f"cannot connect to 127.0.0.1:{server.port} through the proxy 127.0.0.1:{proxy.port}: "
            "it rejects the user or password (407)"
        )
    assert response.status == 502
    assert "no connection could be made" in response.json["detail"]
    assert not [word for word in ("proxy", "407", str(proxy.port), str(server.port)) if word in response.body.decode()]
    assert "s3cret" not in output


async def test_a_reload_reads_the_proxy_of_an_env_file_again(documents: Path, tmp_path: Path) -> None:
    (env := tmp_path / ".env").touch()

    def ask(upstream: str, proxy: str) -> None:
        options = ("--base-uri", f"api={upstream}", "--env-file", str(env))
        with Gateway(documents / "deadlines.yaml", ["web", "tools"], *options) as gateway:
            assert call(gateway.urls["web"], "/held").status == 200
            env.write_text("HTTP_PROXY=socks5://x:1\n")
            gateway.process.send_signal(signal.SIGHUP)
            assert "HTTP_PROXY: SOCKS proxies are not supported" in str(gateway.wait_log_line("not reloaded"))
            env.write_text(f"HTTP_PROXY={proxy}\n")
            gateway.process.send_signal(signal.SIGHUP)
            gateway.wait_log_line("reloaded")
            assert call(gateway.urls["web"], "/held").status == 200

    async with serve(HELD) as server, serve_proxy() as proxy:
        await asyncio.to_thread(ask, server.url(""), proxy.url)
        assert proxy.lines == [b"GET " + server.url("/data").encode() + b" HTTP/1.1"]
        assert len(server.requests) == 2


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_client_certificate_is_shown(documents: Path, pem: Path, workers: str) -> None:
    context = make_server_context(pem)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pem)

    def ask(upstream: str) -> int:
        options = ("--base-uri", f"api={upstream}", "--workers", workers)
        environment = {"NAFTIKO_CA_FILE": str(pem), "NAFTIKO_CLIENT_CERT": str(pem)}
        with Gateway(documents / "deadlines.yaml", ["web", "tools"], *options, environment=environment) as gateway:
            return call(gateway.urls["web"], "/held").status

    async with serve(HELD, tls=context) as server:
        assert await asyncio.to_thread(ask, server.url("")) == 200


def test_everything_that_is_wrong_stops_the_start_at_once(documents: Path, tmp_path: Path) -> None:
    environment = {"HTTP_PROXY": "ftp://me:s3cret@x", "SSL_CERT_FILE": str(tmp_path / "none.pem")}
    missing = str(tmp_path / "client.pem")
    done = run_naftiko("run", documents / "deadlines.yaml", "--client-cert", missing, environment=environment)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"error: SSL_CERT_FILE: '{tmp_path}/none.pem' cannot be read: No such file or directory",
        f"error: --client-cert: '{missing}' cannot be read: No such file or directory",
        "error: HTTP_PROXY: unknown scheme of a proxy; give http://host:port or https://host:port",
    ]


def test_a_sandbox_needs_neither_proxies_nor_certificates(documents: Path, tmp_path: Path) -> None:
    environment = {"HTTP_PROXY": "ftp://x", "SSL_CERT_FILE": str(tmp_path / "none.pem")}
    with Gateway(documents / "deadlines.yaml", ["web", "tools"], "--sandbox", environment=environment) as gateway:
        assert call(gateway.urls["web"], "/streamed").status == 200
