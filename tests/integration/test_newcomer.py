"""Mistakes of newcomers: the message says what happened and what to do."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import httpx2
import pytest

from support.command import run_naftiko
from support.gateway import Gateway

if TYPE_CHECKING:
    from pathlib import Path

    from support.upstream import Upstream

SHIPS = ["ships-rest", "ships-mcp"]


@pytest.fixture
def ships(pixel: Path) -> Path:
    return pixel.with_name("ships.yaml")


def test_a_variable_with_a_line_break_is_named_and_not_shown(ships: Path) -> None:
    run = run_naftiko(
        "run", ships, "--port", "ships-rest=0", "--port", "ships-mcp=0", environment={"REGISTRY_TOKEN": "s3cr3t\n"}
    )
    assert run.returncode == 1
    assert "'REGISTRY_TOKEN' cannot be sent to 'registry'" in run.stderr
    assert "line break" in run.stderr
    assert "Traceback" not in run.stderr
    assert "s3cr3t" not in run.stderr + run.stdout


def test_an_unset_variable_and_an_empty_one_differ(ships: Path) -> None:
    unset = run_naftiko("run", ships)
    empty = run_naftiko("run", ships, environment={"REGISTRY_TOKEN": ""})
    assert (unset.returncode, empty.returncode) == (1, 1)
    assert "is not set" in unset.stderr
    assert "--env-file" in unset.stderr
    assert "is empty" in empty.stderr


def test_a_line_of_an_env_file_without_a_value_is_named(ships: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.env"
    file.write_text("A=1\nREGISTRY_TOKEN\n")
    run = run_naftiko("run", ships, "--env-file", file)
    assert run.returncode == 1
    assert "bad.env:2" in run.stderr


def test_a_file_given_as_the_value_of_sandbox_is_reported(ships: Path) -> None:
    run = run_naftiko("run", "--sandbox", ships)
    assert run.returncode == 2
    assert "write it after FILE" in run.stderr


def test_an_echo_is_not_mapped(ships: Path) -> None:
    with Gateway(ships, SHIPS, "--sandbox") as gateway:
        echo = httpx2.get(gateway.urls["ships-rest"] + "/ships?country=NL").json()
        assert echo["url"] == "https://registry.example/v1/ships?flag=NL&page-size=50"
        assert echo["headers"]["authorization"] == "Bearer <REGISTRY_TOKEN>"
        assert next(line for line in gateway.lines if line["event"] == "started")["sandbox"] is True


def test_the_example_does_what_its_page_says(ships: Path, upstream: Upstream) -> None:
    base = f"registry={upstream.url}/v1"
    with Gateway(ships, SHIPS, "--base-uri", base, environment={"REGISTRY_TOKEN": "t-1"}) as gateway:
        url = gateway.urls["ships-rest"]
        assert httpx2.get(url + "/ships/a%2Fb").status_code == 200
        assert upstream.last.target == "/v1/ships/a%2Fb"
        assert upstream.last.header("authorization") == "Bearer t-1"
        httpx2.post(url + "/ships", json={"name": 'An "n"', "crew": ["x"]})
        assert json.loads(upstream.last.body) == {"name": 'An "n"', "crew": ["x"]}


def test_a_body_that_does_not_come_is_the_callers_fault(tmp_path: Path, upstream: Upstream) -> None:
    file = tmp_path / "post.yaml"
    file.write_text(
        "naftiko: 1.0.0-alpha2\ninfo: {label: Post, description: A body}\ncapability:\n"
        "  consumes:\n  - {type: http, namespace: api, baseUri: 'http://x', resources: "
        "[{name: r, path: /r, operations: [{name: put, method: PUT}]}]}\n"
        "  exposes:\n  - {type: rest, namespace: web, port: 8080, resources: "
        "[{path: /r, operations: [{method: PUT, call: api.put}]}]}\n"
    )
    with Gateway(file, ["web"], "--base-uri", f"api={upstream.url}", "--deadline", "2") as gateway:
        port = int(gateway.urls["web"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(b"PUT /r HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc")
            raw.settimeout(10)
            assert raw.recv(100).startswith(b"HTTP/1.1 408 ")
