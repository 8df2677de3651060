"""Requests of foreign web pages: the headers Host and Origin, and CORS."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.caller import Response, call
from support.command import make_clean_environment
from support.gateway import Gateway
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

LISTING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()


def ask(gateway: Gateway, **headers: str) -> Response:
    return call(gateway.urls["tools"], "/mcp", "POST", {"content-type": "application/json", **headers}, LISTING)


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (("--allowed-host", "mcp.example.com", "--allowed-host", "Other.Example:8443"), {}),
        ((), {"NAFTIKO_ALLOWED_HOSTS": "mcp.example.com other.example"}),
        (("--allowed-host", "*"), {}),
    ],
)
def test_allowed_hosts_are_served(
    documents: Path, api: Upstream, options: tuple[str, ...], environment: dict[str, str]
) -> None:
    base = ("--base-uri", f"api={api.url}")
    with Gateway(documents / "mcp.yaml", ["web", "tools"], *base, *options, environment=environment) as gateway:
        for host in ("mcp.example.com", "MCP.example.com:443", "other.example", "localhost", "127.0.0.1:80"):
            assert ask(gateway, host=host).status == 200
        others = ("example.com", "mcp.example.com.evil.example", "xmcp.example.com", "")
        refused = [ask(gateway, host=host).status for host in others[:3]]
        assert refused == ([200] * 3 if "*" in options else [403] * 3)


def test_a_rejected_host_is_in_the_response_and_in_the_log(documents: Path, api: Upstream) -> None:
    with Gateway(documents / "mcp.yaml", ["web", "tools"], "--base-uri", f"api={api.url}") as gateway:
        for _ in range(3):
            response = ask(gateway, host="mcp.example.com")
            assert (response.status, response.headers["content-type"]) == (403, "application/problem+json")
            assert response.json["type"] == "urn:naftiko:problem:host-not-allowed"
            assert "'mcp.example.com'" in response.json["detail"]
            assert "--allowed-host" in response.json["detail"]
        line = gateway.wait_log_line("request rejected", header="Host", value="mcp.example.com")
        assert (line["namespace"], "--allowed-host" in line["reason"]) == ("tools", True)
        response = ask(gateway, origin="https://app.example")
        assert response.json["type"] == "urn:naftiko:problem:origin-not-allowed"
        assert "--allow-origin" in response.json["detail"]
        gateway.wait_log_line("request rejected", header="Origin", value="https://app.example")
        for number in range(150):
            ask(gateway, host=f"h{number}.example")
        ask(gateway, host="last.example")
    assert sum(line["event"] == "request rejected" for line in gateway.lines) == 100, "a stranger fills the log"


PAGE = "https://app.example"
NAMES = ("web", "tools", "guarded")
SECRETS = {"G_PASSWORD": "p"}
GUARDED = """
naftiko: 1.0.0-alpha2
binds:
  - namespace: env
    keys: {PASSWORD: G_PASSWORD}
capability:
  consumes:
    - type: http
      namespace: api
      baseUri: https://api.example.com
      resources:
        - path: /x
          operations: [{method: GET, name: get}, {method: POST, name: post}]
  exposes:
    - type: rest
      namespace: web
      port: 8080
      resources:
        - path: /x
          operations: [{method: GET, call: api.get}, {method: POST, call: api.post}]
    - type: rest
      namespace: guarded
      port: 8081
      authentication: {type: basic, username: ann, password: "{{PASSWORD}}"}
      resources:
        - path: /x
          operations: [{method: GET, call: api.get}]
    - type: mcp
      namespace: tools
      port: 9090
      tools: [{name: get, description: Get it, call: api.get}]
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "capability.yaml"
    path.write_text(GUARDED, "utf-8")
    return path


def serve(file: Path, api: Upstream, *options: str) -> Gateway:
    return Gateway(file, NAMES, "--base-uri", f"api={api.url}", *options, environment=SECRETS)


@pytest.fixture(scope="module")
def local(file: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    """One that no page may call."""
    with serve(file, module_upstream) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def allowing(file: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    """One that a page may call."""
    with serve(file, module_upstream, "--allow-origin", PAGE) as gateway:
        yield gateway


def send(gateway: Gateway, name: str, method: str = "GET", **headers: str) -> Response:
    """Send a request to a route, or a message to the tools."""
    if name == "tools":
        body = LISTING if method == "POST" else b""
        return call(gateway.urls[name], "/mcp", method, {"content-type": "application/json", **headers}, body)
    authorization = {"authorization": "Basic YW5uOnA="} if name == "guarded" else {}
    return call(gateway.urls[name], "/x", method, {**authorization, **headers})


def test_a_page_cannot_reach_a_local_route(local: Gateway, api: Upstream) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        for name, method in (("web", "GET"), ("web", "POST"), ("guarded", "GET"), ("tools", "POST")):
            response = send(local, name, method, **headers)
            assert (response.status, response.headers["content-type"]) == (403, "application/problem+json")
    assert api.received == []
    own = local.urls["web"].removeprefix("http://")
    assert send(local, "web", "POST", origin=f"http://{own}", host=own).status == 200
    assert send(local, "web", host="localhost:1").status == 200


def test_cors_is_off(local: Gateway) -> None:
    own = local.urls["web"].removeprefix("http://")
    response = send(local, "web", origin=f"http://{own}", host=own)
    assert not [name for name in response.headers if name.startswith("access-control")]
    assert "vary" not in response.headers
    asked = {"access-control-request-method": "GET"}
    assert send(local, "web", "OPTIONS", origin=PAGE, **asked).status == 403
    plain = send(local, "web", "OPTIONS")
    assert (plain.status, plain.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


@pytest.mark.parametrize("name", NAMES)
def test_a_preflight_request_of_an_allowed_page(allowing: Gateway, api: Upstream, name: str) -> None:
    asked = "authorization,content-type,mcp-method,mcp-name,mcp-protocol-version"
    headers = {"access-control-request-method": "POST", "access-control-request-headers": asked}
    path = "/mcp" if name == "tools" else "/x"
    response = call(allowing.urls[name], path, "OPTIONS", {"origin": PAGE, **headers})
    assert response.status == 204, "browsers send no credentials with it"
    assert response.headers["access-control-allow-origin"] == PAGE
    assert response.headers["access-control-allow-methods"] == "POST"
    assert response.headers["access-control-allow-headers"] == asked
    assert response.headers["vary"] == "origin"
    assert "access-control-allow-credentials" not in response.headers
    other = call(allowing.urls[name], path, "OPTIONS", {"origin": "https://evil.example", **headers})
    assert (other.status, "access-control-allow-origin" in other.headers) == (403, False)
    assert api.received == []


def test_an_allowed_page_reads_responses(file: Path, api: Upstream) -> None:
    api.on("GET", "/x", Reply(headers={"etag": '"1"'}, body=b"{}"))
    with serve(file, api, "--allow-origin", "https://APP.example:443/") as gateway:
        response = send(gateway, "web", origin=PAGE)
        assert (response.status, response.headers["access-control-allow-origin"]) == (200, PAGE)
        assert "etag" in response.headers["access-control-expose-headers"]
        assert response.headers["vary"] == "origin"
        assert send(gateway, "web").headers["vary"] == "origin", "a cache must not keep it for pages"
        assert send(gateway, "tools", "POST", origin=PAGE).headers["access-control-allow-origin"] == PAGE
        refused = call(gateway.urls["guarded"], "/x", "GET", {"origin": PAGE})
        assert refused.status == 401
        assert refused.headers["access-control-allow-origin"] == PAGE
        assert "www-authenticate" in refused.headers["access-control-expose-headers"]


def test_any_page_may_be_allowed(file: Path, api: Upstream) -> None:
    with serve(file, api, "--allow-origin", "*") as gateway:
        for name, method in (("web", "GET"), ("tools", "POST")):
            response = send(gateway, name, method, origin="https://any.example")
            assert (response.status, response.headers["access-control-allow-origin"]) == (200, "*")
            assert "vary" not in response.headers


def test_on_other_addresses_only_mcp_checks_origins(file: Path, api: Upstream) -> None:
    with serve(file, api, "--host", "0.0.0.0") as gateway:
        assert send(gateway, "web", host="api.example.com", origin=PAGE).status == 200
        assert send(gateway, "tools", "POST", host="mcp.example.com").status == 200
        assert send(gateway, "tools", "POST", host="mcp.example.com", origin="https://mcp.example.com").status == 403


def test_on_other_addresses_allowed_hosts_are_the_only_ones(file: Path, api: Upstream) -> None:
    with serve(file, api, "--host", "0.0.0.0", "--allowed-host", "api.example.com") as gateway:
        for name, method in (("web", "GET"), ("tools", "POST")):
            own = {"host": "api.example.com", "origin": "https://api.example.com"}
            assert send(gateway, name, method, **own).status == 200
            assert send(gateway, name, method, host="evil.example").status == 403
            assert send(gateway, name, method, host="10.0.0.1").status == 403


def test_a_public_url_is_a_name_of_the_server(file: Path, api: Upstream) -> None:
    with serve(file, api, "--public-url", "https://api.example.com/prefix") as gateway:
        assert send(gateway, "web", host="api.example.com").status == 200
        assert send(gateway, "tools", "POST", host="localhost", origin="https://api.example.com").status == 200
        assert send(gateway, "tools", "POST", host="localhost", origin="https://api.example.com:8443").status == 403


def test_the_host_that_a_trusted_proxy_forwards_is_checked(file: Path, api: Upstream) -> None:
    forwarded = {"host": "127.0.0.1", "x-forwarded-host": "evil.example"}
    with serve(file, api) as gateway:
        assert send(gateway, "web", **forwarded).status == 200, "it is no more than what a caller says"
    trusting = ("--trusted-proxy", "127.0.0.1", "--allowed-host", "api.example.com")
    with serve(file, api, *trusting) as gateway:
        for _ in range(2):
            assert send(gateway, "web", **forwarded).status == 403
            assert send(gateway, "web", host="proxy", **{"x-forwarded-host": "api.example.com"}).status == 200
            assert send(gateway, "web", host="proxy").status == 403
        both = {"x-forwarded-host": "api.example.com, evil.example"}
        assert send(gateway, "web", host="127.0.0.1", **both).status == 403


def test_a_local_control_port_is_for_this_machine(file: Path, api: Upstream) -> None:
    with serve(file, api, "--control", "127.0.0.1:0") as gateway:
        url = gateway.urls["control"]
        assert call(url, "/metrics").status == 200
        assert call(url, "/metrics", headers={"host": "evil.example"}).status == 403
    with serve(file, api, "--control", "0.0.0.0:0", "--allowed-host", "api.example.com") as gateway:
        assert call(gateway.urls["control"], "/health/live", headers={"host": "10.0.0.1:9900"}).status == 200


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/"])
def test_a_message_needs_no_accept_header_and_no_exact_path(local: Gateway, path: str) -> None:
    response = call(local.urls["tools"], path, "POST", {"content-type": "application/json"}, LISTING)
    assert (response.status, response.headers["content-type"]) == (200, "application/json")


@pytest.mark.own_server
@pytest.mark.parametrize("origin", ["app.example", "https://app.example/page", "null", "https://*.example", "ftp://a"])
def test_what_is_no_origin_is_wrong_usage(documents: Path, origin: str) -> None:
    command = [sys.executable, "-m", "naftiko_runtime", "run", str(documents / "mcp.yaml"), "--allow-origin", origin]
    done = subprocess.run(
        command, env=make_clean_environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "such as https://app.example.com" in done.stderr


@pytest.mark.own_server
@pytest.mark.parametrize("host", ["https://mcp.example.com", "a/b", "a b", "[", "user@host"])
def test_what_is_no_host_is_wrong_usage(documents: Path, host: str) -> None:
    command = [sys.executable, "-m", "naftiko_runtime", "run", str(documents / "mcp.yaml"), "--allowed-host", host]
    done = subprocess.run(
        command, env=make_clean_environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "--allowed-host" in done.stderr
    assert "such as api.example.com" in done.stderr
