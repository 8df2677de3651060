"""The Host headers that a local MCP server accepts: its own names, and those that the operator allows."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.caller import Response, call
from support.command import make_clean_environment
from support.gateway import Gateway

if TYPE_CHECKING:
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
        line = gateway.wait_log_line("MCP request rejected", header="Host", value="mcp.example.com")
        assert (line["namespace"], "--allowed-host" in line["reason"]) == ("tools", True)
        response = ask(gateway, origin="https://app.example")
        assert response.json["type"] == "urn:naftiko:problem:origin-not-allowed"
        assert "--allow-origin" in response.json["detail"]
        gateway.wait_log_line("MCP request rejected", header="Origin", value="https://app.example")
        for number in range(150):
            ask(gateway, host=f"h{number}.example")
        ask(gateway, host="last.example")
    assert sum(line["event"] == "MCP request rejected" for line in gateway.lines) == 100, "a stranger fills the log"


@pytest.mark.parametrize("host", ["https://mcp.example.com", "a/b", "a b", "[", "user@host"])
def test_what_is_no_host_is_wrong_usage(documents: Path, host: str) -> None:
    command = [sys.executable, "-m", "naftiko_runtime", "run", str(documents / "mcp.yaml"), "--allowed-host", host]
    done = subprocess.run(
        command, env=make_clean_environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "--allowed-host" in done.stderr
    assert "such as api.example.com" in done.stderr
