"""The addresses that exposes listen on: on this machine only, unless callers authenticate or the operator says more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support.caller import call
from support.command import make_clean_environment
from support.gateway import Program

if TYPE_CHECKING:
    from pathlib import Path

    from support.upstream import Upstream

ADVICE = "Only this machine can call. Start with --host 0.0.0.0 to listen on all interfaces."
DOCUMENT = """
naftiko: 1.0.0-alpha2
binds:
  - namespace: env
    keys: {PASSWORD: PASSWORD}
capability:
  consumes:
    - type: http
      namespace: api
      baseUri: https://api.example.com
      resources:
        - path: /x
          operations: [{method: GET, name: get}]
  exposes:
    - type: rest
      namespace: open
      port: 0
      resources:
        - path: /x
          operations: [{method: GET, call: api.get}]
    - type: rest
      namespace: guarded
      port: 0
      authentication: {type: basic, username: ann, password: "{{PASSWORD}}"}
      resources:
        - path: /x
          operations: [{method: GET, call: api.get}]
    - type: mcp
      namespace: written
      port: 0
      address: 127.0.0.2
      tools: [{name: get, description: Get it, call: api.get}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "capability.yaml"
    path.write_text(DOCUMENT, "utf-8")
    return path


def start(file: Path, *options: str, environment: dict[str, str] | None = None) -> Program:
    command = [sys.executable, "-m", "naftiko_runtime", "run", str(file), *options]
    return Program(command, make_clean_environment() | {"PASSWORD": "p"} | (environment or {}))


def list_addresses(program: Program) -> dict[str, str]:
    return {line["namespace"]: line["address"] for line in program.lines if line.get("event") == "listening"}


@pytest.mark.parametrize(
    ("options", "environment", "addresses"),
    [
        ((), {}, ("localhost", "0.0.0.0", "127.0.0.2")),
        ((), {"NAFTIKO_HOST": "0.0.0.0"}, ("0.0.0.0", "0.0.0.0", "127.0.0.2")),
        ((), {"NAFTIKO_HOST": ""}, ("localhost", "0.0.0.0", "127.0.0.2")),
        (("--host", "0.0.0.0"), {}, ("0.0.0.0", "0.0.0.0", "0.0.0.0")),
        (("--host", "127.0.0.1"), {"NAFTIKO_HOST": "0.0.0.0"}, ("127.0.0.1", "127.0.0.1", "127.0.0.1")),
    ],
    ids=["document", "variable", "empty variable", "option", "option before variable"],
)
def test_where_exposes_listen(
    file: Path, options: tuple[str, ...], environment: dict[str, str], addresses: tuple[str, str, str]
) -> None:
    with start(file, *options, environment=environment) as program:
        assert tuple(list_addresses(program).values()) == addresses
        events = [line.get("event") for line in program.lines]
    assert events.count(ADVICE) == (0 if addresses == ("0.0.0.0",) * 3 else 1)


def test_localhost_is_an_address_of_the_family_that_all_callers_try(file: Path, api: Upstream) -> None:
    with start(file, "--base-uri", f"api={api.url}") as program:
        url = program.urls["open"]
        assert url.startswith("http://localhost:")
        assert call(url.replace("localhost", "127.0.0.1"), "/x").status == 200
