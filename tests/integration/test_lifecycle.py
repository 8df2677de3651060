"""The life of one process: ports, signals, health, and callers that disconnect."""

from __future__ import annotations

import json
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from naftiko_runtime.limits import HALF_CLOSED_MCP_SECONDS
from support.caller import RawConnection, call, is_refusing, make_head, open_stream
from support.command import run_naftiko
from support.gateway import Gateway
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.upstream import Upstream

SLOW = 50
PATIENT = ("--grace", "60", "--linger", "60")
MODERN = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "list-things"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
WIRES = ["rest", "mcp handshake", "mcp stateless"]


@pytest.fixture
def start(documents: Path, api: Upstream) -> Callable[..., Gateway]:
    """Starts mcp.yaml, which has a REST and an MCP expose, with more options."""

    def start(*options: str) -> Gateway:
        return Gateway(documents / "mcp.yaml", ["web", "tools"], "--base-uri", f"api={api.url}", *options)

    return start


def request_of(wire: str) -> tuple[str, str, dict[str, str], bytes | None]:
    """Target, method, headers and body of one call of the upstream's /things."""
    if wire == "rest":
        return "/things", "GET", {}, None
    stateless = wire == "mcp stateless"
    params = {"name": "list-things", "arguments": {}, **({"_meta": ENVELOPE} if stateless else {})}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    return "/mcp", "POST", headers | (MODERN if stateless else {}), json.dumps(message).encode()


def ask(gateway: Gateway, wire: str) -> tuple[int, Any]:
    """One call; what came back as status and result."""
    response = call(gateway.urls["web" if wire == "rest" else "tools"], *request_of(wire))
    return response.status, response.json if wire == "rest" else response.json["result"]["structuredContent"]


def raw_request(gateway: Gateway, wire: str) -> RawConnection:
    """A connection on which one call was sent."""
    target, method, headers, body = request_of(wire)
    raw = RawConnection(gateway.urls["web" if wire == "rest" else "tools"])
    more = [*headers.items(), *([("content-length", str(len(body)))] if body else [])]
    raw.send(make_head(f"{method} {target}", more, host="127.0.0.1") + (body or b""))
    return raw


# -- signals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_loses_no_slow_request(start: Callable[..., Gateway], api: Upstream, number: signal.Signals) -> None:
    gate = Gate()
    body = b'{"slow": true}'
    api.on("GET", "/things", Reply(headers={"content-type": "application/json"}, body=body, before=gate.wait))
    with start() as gateway, ThreadPoolExecutor(SLOW) as pool:
        wires = [("rest", "mcp handshake", "rest", "mcp stateless")[n % 4] for n in range(SLOW)]
        calls = [pool.submit(ask, gateway, wire) for wire in wires]
        api.wait_received(SLOW)
        gateway.process.send_signal(number)
        assert gateway.wait_log_line("stopping")["signal"] == number.name
        assert is_refusing(gateway.urls["web"])
        assert is_refusing(gateway.urls["tools"])
        gate.open()
        assert [each.result() for each in calls] == [(200, {"slow": True})] * SLOW
        assert gateway.wait() == 0
    assert gateway.wait_log_line("stopped")["cut_off"] == 0


def test_readiness_falls_while_ports_still_accept(start: Callable[..., Gateway], api: Upstream) -> None:
    with start("--control", "127.0.0.1:0", *PATIENT) as gateway:
        control = gateway.urls["control"]
        assert call(control, "/health/ready").json == {"status": "UP"}
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_log_line("stopping")
        ready = call(control, "/health/ready")
        assert (ready.status, ready.json) == (503, {"status": "DOWN"})
        assert call(control, "/health/live").json == {"status": "UP"}
        response = call(gateway.urls["web"], "/things")
        assert (response.status, response.headers["connection"]) == (200, "close")
        assert ask(gateway, "mcp stateless") == (200, {})
        assert gateway.stop() == 0
    assert len(api.received) == 2


def test_readiness_stays_down_and_liveness_up_until_the_last_response(
    start: Callable[..., Gateway], api: Upstream
) -> None:
    gate = Gate()
    api.on("GET", "/things", Reply(before=gate.wait))
    with start("--control", "127.0.0.1:0", "--linger", "0") as gateway, raw_request(gateway, "rest") as raw:
        api.wait_received(1)
        gateway.process.send_signal(signal.SIGTERM)
        assert is_refusing(gateway.urls["web"])
        assert call(gateway.urls["control"], "/health/ready").status == 503
        assert call(gateway.urls["control"], "/health/live").status == 200
        gate.open()
        assert raw.read_response().status == 200
        assert gateway.wait() == 0


def test_idle_connections_do_not_hold_it_up(start: Callable[..., Gateway]) -> None:
    with (
        start("--grace", "300") as gateway,
        RawConnection(gateway.urls["web"]) as used,
        RawConnection(gateway.urls["web"]) as fresh,
    ):
        used.send(make_head("GET /things"))
        assert used.read_response().status == 200
        fresh.send(b"GET /thi")
        assert gateway.stop() == 0
        assert used.wait_closed()
        assert fresh.wait_closed()


@pytest.mark.parametrize("wire", WIRES)
def test_past_its_grace_a_request_is_cut_off(start: Callable[..., Gateway], api: Upstream, wire: str) -> None:
    api.on("GET", "/things", Reply(until_gone=True))
    with start("--grace", "0.5") as gateway, raw_request(gateway, wire) as raw:
        api.wait_received(1)
        assert gateway.stop() == 1
        assert raw.wait_closed()
    assert gateway.wait_log_line("stopped")["cut_off"] == 1
    assert api.wait(lambda upstream: upstream.gone == 1)


def test_past_its_grace_a_response_in_progress_does_not_look_whole(
    start: Callable[..., Gateway], api: Upstream
) -> None:
    api.on("GET", "/things", Reply(headers={"content-type": "text/plain"}, chunks=[b"begin"], until_gone=True))
    with start("--grace", "0.5") as gateway, open_stream(gateway.urls["web"], "/things") as response:
        assert response.read(5) == b"begin"
        assert gateway.stop() == 1
        with pytest.raises((HTTPException, ConnectionError)):
            response.read()


def test_a_second_signal_hurries(start: Callable[..., Gateway], api: Upstream) -> None:
    api.on("GET", "/things", Reply(until_gone=True))
    with start(*PATIENT) as gateway, raw_request(gateway, "rest") as raw:
        api.wait_received(1)
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_log_line("stopping")
        assert gateway.stop(signal.SIGINT) == 1
        assert raw.wait_closed()
    assert gateway.wait_log_line("second signal: stopping at once")


def test_an_idle_process_ends_at_once(start: Callable[..., Gateway]) -> None:
    with start("--grace", "300") as gateway:
        assert gateway.stop() == 0
    assert "Traceback" not in gateway.output


# -- callers that leave -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["native", "httpx2"])
def serving(request: pytest.FixtureRequest, documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    options = ("--base-uri", f"api={module_upstream.url}", "--http-client", request.param, "--half-closed", "0.5")
    with Gateway(documents / "mcp.yaml", ["web", "tools"], *options) as gateway:
        yield gateway


@pytest.mark.parametrize("wire", WIRES)
def test_a_caller_that_leaves_takes_its_upstream_call_along(serving: Gateway, api: Upstream, wire: str) -> None:
    api.on("GET", "/things", Reply(until_gone=True))
    raw = raw_request(serving, wire)
    api.wait_received(1)
    assert api.gone == 0
    raw.close()
    assert api.wait(lambda upstream: upstream.gone == 1)


@pytest.mark.parametrize("waits", [True, False])
def test_a_caller_of_the_stateless_wire_that_ends_its_side_has_cancelled(
    serving: Gateway, api: Upstream, waits: bool
) -> None:
    api.on("GET", "/things", Reply(until_gone=True))
    with raw_request(serving, "mcp stateless") as raw:
        if waits:  # otherwise the call may not have begun
            api.wait_received(1)
        began = time.monotonic()
        raw.end_sending()
        assert raw.wait_closed()
        assert time.monotonic() - began < HALF_CLOSED_MCP_SECONDS
    if waits:
        assert api.wait(lambda upstream: upstream.gone == 1)


def test_a_caller_that_leaves_a_streamed_response_ends_it(serving: Gateway, api: Upstream) -> None:
    api.on("GET", "/things", Reply(headers={"content-type": "text/plain"}, chunks=[b"begin"], until_gone=True))
    with open_stream(serving.urls["web"], "/things") as response:
        assert response.read(5) == b"begin"
    assert api.wait(lambda upstream: upstream.gone == 1)


# -- ports ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(("namespace", "kind"), [("web", "rest"), ("tools", "mcp")])
def test_a_taken_port_is_reported_with_the_option_for_it(
    documents: Path, taken: int, namespace: str, kind: str
) -> None:
    ports = {"web": 0, "tools": 0, namespace: taken}
    options = [part for name, port in ports.items() for part in ("--port", f"{name}={port}")]
    base = ("--base-uri", "api=http://127.0.0.1:1")
    ended = run_naftiko("run", documents / "mcp.yaml", "--host", "127.0.0.1", *base, *options)
    assert ended.returncode == 1
    assert ended.stdout == ""
    advice = f"stop it, or start with --port {namespace}=N"
    assert ended.stderr.splitlines() == [
        f"error: cannot listen on 127.0.0.1:{taken} for {kind} expose '{namespace}': Address already in use",
        f"  help: another process listens there ('lsof -i :{taken}' names it); {advice}",
    ]


def test_a_taken_control_port_is_reported_with_the_option_for_it(documents: Path, taken: int) -> None:
    options = ("--host", "127.0.0.1", "--port", "web=0", "--port", "tools=0", "--control", str(taken))
    ended = run_naftiko("run", documents / "mcp.yaml", *options)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 2)
    assert f"127.0.0.1:{taken} for the control port" in ended.stderr
    assert "or start with --control [HOST:]N" in ended.stderr


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.1"])
@pytest.mark.parametrize(
    ("options", "owner", "option"),
    [
        (["--host", "HOST"], "rest expose 'web'", "--host ADDRESS"),
        (["--control", "HOST:8080"], "the control port", "--control HOST:N"),
    ],
)
def test_a_host_that_is_not_of_this_machine_is_reported_with_the_option_for_it(
    documents: Path, host: str, options: list[str], owner: str, option: str
) -> None:
    own = ("--host", "127.0.0.1", "--port", "web=0", "--port", "tools=0")
    chosen = [part.replace("HOST", host) for part in options]
    ended = run_naftiko("run", documents / "mcp.yaml", *(() if "--host" in chosen else own), *chosen)
    problem, advice = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"cannot listen on {host}:8080 for {owner}: " in problem
    assert advice == f"  help: listen on an address of this machine, or on 0.0.0.0 for all of them: {option}"


def test_a_port_offset_moves_what_was_not_moved_by_name(documents: Path, api: Upstream) -> None:
    port = free_port()
    options = ("--base-uri", f"api={api.url}", "--port-offset", str(port - 8080))
    with Gateway(documents / "mcp.yaml", ["tools"], *options) as gateway:
        assert urlsplit(gateway.urls["web"]).port == port
        assert urlsplit(gateway.urls["tools"]).port not in (0, 9090, 9090 + port - 8080)
        assert ask(gateway, "rest") == ask(gateway, "mcp handshake") == (200, {})


def test_a_port_offset_past_the_last_port_is_refused(documents: Path) -> None:
    ended = run_naftiko("run", documents / "mcp.yaml", "--host", "127.0.0.1", "--port-offset", "60000")
    assert ended.returncode in (1, 2)
    assert "Traceback" not in ended.stderr
    assert "68080" in ended.stderr


def test_two_exposes_of_one_port_are_refused(documents: Path) -> None:
    port = free_port()
    options = ("--host", "127.0.0.1", "--port", f"web={port}", "--port", f"tools={port}")
    ended = run_naftiko("run", documents / "mcp.yaml", *options)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert str(port) in ended.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--port", "wbe=1"), ("--port", "'wbe'", "did you mean 'web'")),
        (("--base-uri", "apy=http://x"), ("--base-uri", "'apy'", "did you mean 'api'")),
        (("--base-uri", "web=http://x"), ("--base-uri", "'web'", "'api'")),
        (("--port", "web=65536"), ("--port", "65536", "65535")),
        (("--port", "web"), ("--port", "NAMESPACE=PORT")),
        (("--base-uri", "api=ftp://x"), ("--base-uri", "api")),
        (("--base-uri", "api="), ("--base-uri", "NAMESPACE=URL")),
        (("--control", "x:y"), ("--control", "[HOST:]PORT")),
        (("--grace", "-1"), ("--grace",)),
        (("--deadline", "0"), ("--deadline",)),
        (("--trusted-proxy", "10.0.0.1/8"), ("--trusted-proxy",)),
        (("--http-client", "curl"), ("--http-client", "native", "httpx2")),
    ],
)
def test_wrong_usage_exits_with_status_2(documents: Path, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    ended = run_naftiko("run", documents / "mcp.yaml", *options)
    assert ended.returncode == 2
    assert [word for word in words if word not in ended.stderr] == []


def test_a_file_that_does_not_exist_is_status_2(tmp_path: Path) -> None:
    ended = run_naftiko("run", tmp_path / "none.yaml")
    assert (ended.returncode, "none.yaml" in ended.stderr) == (2, True)


# -- health -----------------------------------------------------------------------------------------------------------


def test_health_reports_up_and_down(start: Callable[..., Gateway]) -> None:
    with start("--control", "127.0.0.1:0", *PATIENT) as gateway:
        address = gateway.urls["control"].removeprefix("http://")
        up = run_naftiko("health", "--control", address)
        assert (up.returncode, up.stdout.strip()) == (0, "UP")
        assert run_naftiko("health", environment={"NAFTIKO_CONTROL": address}).returncode == 0
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_log_line("stopping")
        down = run_naftiko("health", "--control", address)
        assert (down.returncode, down.stdout.strip()) == (1, "DOWN (503)")
        assert run_naftiko("health", "--control", address, "--live").returncode == 0
        gateway.stop()
    gone = run_naftiko("health", "--control", address)
    assert (gone.returncode, gone.stderr.strip()) == (1, f"error: no response from {address}: Connection refused")
    assert run_naftiko("health").returncode == 2


def test_health_of_something_else_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        ended = pool.submit(run_naftiko, "health", "--control", str(server.getsockname()[1]))
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"SSH-2.0-nothing\r\n")
        assert ended.result().returncode == 1
        assert "Traceback" not in ended.result().stderr


def test_the_control_port_serves_health_only(start: Callable[..., Gateway]) -> None:
    with start("--control", "127.0.0.1:0", "--linger", "0") as gateway:
        control = gateway.urls["control"]
        assert call(control, "/").status == call(control, "/things").status == 404
        assert call(control, "/health/live", "POST").status == 405
        assert call(control, "/health/live", "HEAD").status == 200
