"""``--skip-broken``: the valid parts of a file with errors are served, and the others respond with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from mcp import Client

from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from support.command import run_naftiko
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.upstream import Upstream

FILE = Path(__file__).parent / "documents" / "broken.yaml"
REASONS = {
    "/odd": "the path has no place for 'nowhere'",
    "/typo/7": "no consumed operation 'api.lst'",
    "/steps": "an operation without 'call'",
    "/empty": "the base URI is empty",
    "/gone": "cannot read",
    "/lost/a/b": "cannot read",
    "/empties/a/b": "the base URI is empty",
}


@pytest.fixture
def gateway(upstream: Upstream) -> Iterator[Gateway]:
    with Gateway(FILE, ["web", "tools"], "--skip-broken", "--base-uri", f"api={upstream.url}") as running:
        yield running


def test_without_it_the_file_is_refused() -> None:
    assert run_naftiko("run", FILE).returncode == 1


def test_sound_routes_work_and_broken_ones_say_why(gateway: Gateway, upstream: Upstream) -> None:
    url = gateway.urls["web"]
    assert httpx2.get(url + "/things").status_code == 200
    assert upstream.last.target == "/things"
    assert httpx2.put(url + "/raw/a/b").status_code == 200
    assert upstream.last.target == "/a/b"
    for path, reason in REASONS.items():
        response = httpx2.get(url + path)
        assert (response.status_code, response.json()["type"]) == (501, "urn:naftiko:problem:broken-operation")
        assert reason in response.json()["detail"]
    assert len(upstream.received) == 2
    said = [line["event"] for line in gateway.lines if line["level"] == "error"]
    assert any("no consumed operation 'api.lst'" in event for event in said)


async def test_sound_tools_are_listed_and_broken_ones_say_why(gateway: Gateway) -> None:
    async with Client(gateway.urls["tools"], mode="2026-07-28") as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["things"]
        assert not (await client.call_tool("things", {})).is_error
        broken = await client.call_tool("typo", {})
        assert broken.is_error
        assert "no consumed operation 'api.lst'" in str(broken.content)


def test_a_folder_serves_what_it_can_and_says_what_it_cannot(upstream: Upstream, tmp_path: Path) -> None:
    trace = FILE.read_text().replace("{name: odd, method: GET,", "{name: odd, method: TRACE,")
    (tmp_path / "broken.yaml").write_text(trace)
    (tmp_path / "none.yaml").write_text("naftiko: 1.0.0-alpha2\ncapability: [\n")
    assert run_naftiko("run", tmp_path).returncode == 1
    base = ("--skip-broken", "--base-uri", f"api={upstream.url}")
    with Gateway(tmp_path, ["web", "tools"], *base) as running:
        assert httpx2.get(running.urls["web"] + "/things").status_code == 200
        assert httpx2.get(running.urls["web"] + "/odd").status_code == 501
        lines = [line for line in running.lines if line["event"] == "not served"]
    events = [line["event"] for line in running.lines]
    assert events.index("started") < events.index("not served")
    reasons = {(Path(line["file"]).name, line["part"]): line["reason"] for line in lines}
    assert "'TRACE' is not allowed for 'method'" in reasons["broken.yaml", "GET /odd of 'web'"]
    assert "no consumed operation 'api.lst'" in reasons["broken.yaml", "the tool 'typo' of 'tools'"]
    assert reasons["none.yaml", "the file"]


def test_nothing_to_serve_is_said_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "none.yaml").write_text("naftiko: nonsense\ncapability: {}\n")
    ended = run_naftiko("run", "--skip-broken", tmp_path)
    assert ended.returncode == 1
    *_, title, last = ended.stderr.splitlines()
    assert title == "Not served:"
    assert last.endswith("the file: " + last.partition(": the file: ")[2])
    assert "unknown specification version 'nonsense'" in last


def test_an_api_put_elsewhere_is_sound(upstream: Upstream) -> None:
    plan = load(FILE, Overrides(base_uris={"empty": upstream.url}, skip_broken=True)).plan
    assert plan is not None
    assert "/empty" in {route.path for route in plan.servers[0].routes}  # type: ignore[union-attr]


def test_an_error_of_the_whole_file_leaves_nothing(tmp_path: Path) -> None:
    for text in (
        "naftiko: nonsense\ncapability: {}\n",
        "a: [",
        FILE.read_text().replace("call: api.list", "call: x.y").replace("targetNamespace: api", "targetNamespace: x"),
    ):
        file = tmp_path / "file.yaml"
        file.write_text(text)
        assert load(file, Overrides(skip_broken=True)).plan is None
