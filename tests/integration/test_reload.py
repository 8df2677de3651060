"""SIGHUP: files and variables are read again, and no request is lost. After an error nothing changes."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import termios
import threading
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client

from support.caller import RawConnection, Response, call, make_head
from support.gateway import Gateway
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

DOCUMENT = """
    naftiko: 1.0.0-alpha2
    info: {label: Rotating}
    capability:
      binds:
        - {namespace: kept, location: "file://./secrets.json", keys: {TOKEN: token}}
        - {namespace: env, keys: {REGION: REGION}}
      consumes:
        - type: http
          namespace: api
          baseUri: https://api.example
          authentication: {type: bearer, token: "{{TOKEN}}"}
          inputParameters: [{name: X-Region, in: header, value: "{{REGION}}"}]
          resources: [{path: /x, operations: [{name: get}]}]
      exposes:
        - type: rest
          namespace: web
          port: 8080
          resources: [{path: /x, operations: [{method: GET, call: api.get}]}]
        - type: mcp
          namespace: tools
          port: 9090
          tools: [{name: get, description: Gets, call: api.get}]
"""


class Rotating(Gateway):
    """A capability in a folder of its own, with what it needs."""

    def __init__(self, folder: Path, url: str, **options: Any) -> None:
        self.folder = folder
        self.file = folder / "capability.yaml"
        self.keep(token="first-secret")
        self.region("eu")
        self.write(DOCUMENT)
        arguments = ("--base-uri", f"api={url}", "--env-file", str(folder / ".env"))
        super().__init__(self.file, ["web", "tools"], *arguments, **options)

    def keep(self, **values: str) -> None:
        (self.folder / "secrets.json").write_text(json.dumps(values))

    def region(self, name: str) -> None:
        (self.folder / ".env").write_text(f"REGION={name}\n")

    def write(self, document: str) -> None:
        self.file.write_text(dedent(document))

    def reload(self, event: str = "reloaded") -> dict[str, Any]:
        """Ask for a reload, and wait until it is done."""
        before = len([line for line in self.lines if line.get("event") in ("reloaded", "not reloaded")])
        self.process.send_signal(signal.SIGHUP)
        with self._told:
            done = self._told.wait_for(lambda: len(self._outcomes()) > before, 15)
        assert done, self.output
        assert self._outcomes()[-1]["event"] == event, self.output
        return self._outcomes()[-1]

    def _outcomes(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("event") in ("reloaded", "not reloaded")]


@pytest.fixture
def gateway(tmp_path: Path, upstream: Upstream) -> Iterator[Rotating]:
    with Rotating(tmp_path, upstream.url) as running:
        yield running


def sent(upstream: Upstream) -> tuple[str | None, str | None]:
    return upstream.last.header("authorization"), upstream.last.header("x-region")


async def test_rotated_secrets_are_read_anew(gateway: Rotating, upstream: Upstream) -> None:
    call(gateway.urls["web"], "/x")
    assert sent(upstream) == ("Bearer first-secret", "eu")
    gateway.keep(token="second-secret")
    gateway.region("us-west")
    assert gateway.reload()["operations"] == 2
    call(gateway.urls["web"], "/x")
    assert sent(upstream) == ("Bearer second-secret", "us-west")
    async with Client(gateway.urls["tools"]) as client:
        assert not (await client.call_tool("get", {})).is_error
    assert sent(upstream) == ("Bearer second-secret", "us-west")
    upstream.on("GET", "/x", Reply(body=b"first-secret second-secret", headers={"content-type": "text/plain"}))
    gateway.write(
        DOCUMENT.replace("call: api.get}]}", "call: api.get, outputParameters: [{type: string, mapping: $.a}]}]}")
    )
    gateway.reload()
    assert call(gateway.urls["web"], "/x").status == 502  # and the log quotes what was no JSON
    assert gateway.wait_log_line("response not decoded")["body"] == "*** ***"
    assert gateway.stop() == 0
    assert "second-secret" not in gateway.output


def test_open_connections_get_what_is_new(gateway: Rotating) -> None:
    with RawConnection(gateway.urls["web"]) as raw:
        raw.send(make_head("GET /x"))
        assert raw.read_response().status == 200
        gateway.write(DOCUMENT.replace("path: /x, operations: [{method", "path: /y, operations: [{method"))
        gateway.reload()
        raw.send(make_head("GET /x") + make_head("GET /y"))
        assert [raw.read_response().status, raw.read_response().status] == [404, 200]


def test_requests_in_flight_finish_with_the_old_deployment(gateway: Rotating, upstream: Upstream) -> None:
    gate = Gate()
    upstream.on("GET", "/x", Reply(headers={"content-type": "text/plain"}, chunks=[b"one", gate.wait, b"two"]))
    responses: list[Response] = []
    callers = [threading.Thread(target=lambda: responses.append(call(gateway.urls["web"], "/x"))) for _ in range(20)]
    for caller in callers:
        caller.start()
    upstream.wait_received(20)
    gateway.write(DOCUMENT.replace("path: /x, operations: [{method", "path: /y, operations: [{method"))
    assert gateway.reload()["in_progress"] == 20
    assert call(gateway.urls["web"], "/x").status == 404
    gateway.reload()  # and again, while the first ones are still at it
    gate.open()
    for caller in callers:
        caller.join()
    assert [(response.status, response.body) for response in responses] == [(200, b"onetwo")] * 20
    assert gateway.stop() == 0


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("call: api.get", "call: api.gte", "no consumed operation 'api.gte'"),
        ("keys: {TOKEN: token}", "keys: {TOKEN: other}", "which is not set"),
        ("type: rest", "type: rest\n          address: 127.0.0.2", ""),
        ("naftiko:", "{", "yaml-syntax"),
    ],
)
def test_what_is_wrong_leaves_everything_as_it_was(
    gateway: Rotating, upstream: Upstream, old: str, new: str, reason: str
) -> None:
    gateway.write(DOCUMENT.replace(old, new))
    if not reason:  # --host wins over the file's address
        gateway.reload()
    else:
        assert reason in gateway.reload("not reloaded")["reason"]
    assert call(gateway.urls["web"], "/x").status == 200
    assert sent(upstream) == ("Bearer first-secret", "eu")
    gateway.write(DOCUMENT)
    gateway.reload()
    assert call(gateway.urls["web"], "/x").status == 200


def test_ports_do_not_change_while_running(gateway: Rotating) -> None:
    first, _, second = DOCUMENT.partition("        - type: mcp")
    gateway.write(first)
    assert "ports cannot change" in gateway.reload("not reloaded")["reason"]
    assert second
    (gateway.folder / ".env").write_text("no assignment")
    gateway.write(DOCUMENT)
    assert "not KEY=value" in gateway.reload("not reloaded")["reason"]
    assert call(gateway.urls["web"], "/x").status == 200


async def test_exposes_keep_their_ports_in_any_order(gateway: Rotating) -> None:
    before, exposes = DOCUMENT.split("      exposes:\n")
    rest, tools = exposes.split("        - type: mcp\n")
    gateway.write(f"{before}      exposes:\n        - type: mcp\n{tools}{rest.rstrip(' ')}")
    gateway.reload()
    assert call(gateway.urls["web"], "/x").status == 200
    async with Client(gateway.urls["tools"]) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["get"]


def test_a_stop_while_the_old_ones_finish_waits_for_them(gateway: Rotating, upstream: Upstream) -> None:
    gate = Gate()
    upstream.on("GET", "/x", Reply(before=gate.wait, body=b"late"))
    responses: list[Response] = []
    caller = threading.Thread(target=lambda: responses.append(call(gateway.urls["web"], "/x")))
    caller.start()
    upstream.wait_received(1)
    gateway.reload()
    gateway.process.send_signal(signal.SIGTERM)
    gateway.wait_log_line("stopping")
    gate.open()
    caller.join()
    assert [response.body for response in responses] == [b"late"]
    assert gateway.wait() == 0


def test_a_terminal_that_is_closed_takes_its_program_with_it(tmp_path: Path, upstream: Upstream) -> None:
    ours, its = pty.openpty()

    def at_the_terminal() -> None:
        fcntl.ioctl(its, termios.TIOCSCTTY, 0)

    started = Rotating(tmp_path, upstream.url, start_new_session=True, preexec_fn=at_the_terminal, pass_fds=(its,))
    with started as gateway:
        os.close(its)
        gateway.reload()  # the signal alone is no hang-up
        os.close(ours)
        assert gateway.wait() == 0
        assert gateway.wait_log_line("stopping")["signal"] == "SIGHUP"
