"""The examples: what `--sandbox` responds over REST and MCP, what the APIs are asked, and what the tutorial shows."""

from __future__ import annotations

import asyncio
import json
import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZipFile

import pytest
import yaml
from mcp import Client
from mcp_types import PromptReference, TextContent, TextResourceContents

from support.caller import call
from support.command import run_naftiko
from support.gateway import Gateway
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.upstream import Upstream

ROOT: Final = Path(__file__).parents[2]
SHIPYARD: Final = ROOT / "capabilities" / "examples" / "shipyard.yaml"
HARBOUR: Final = SHIPYARD.with_name("harbour.yaml")
TUTORIAL: Final = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
EXPOSES: Final = ["shipyard-rest", "shipyard-mcp"]
JSON: Final = {"content-type": "application/json"}

SHIPS: Final = [
    {"hull": "H-204", "name": "Grey Heron", "class": "ferry"},
    {"hull": "H-207", "name": "Little Auk", "class": "tug"},
]
SHIP: Final = {
    "name": "Grey Heron",
    "class": "ferry",
    "crew": [
        {"name": "Runa Feld", "duty": "captain"},
        {"name": "Ilse Marren", "duty": "engineer"},
        {"name": "Bo Adair", "duty": "mate"},
    ],
}
ENTRY: Final = {"mark": "QXHN", "port": "Vlissing", "tonnage": 1240, "owners": ["Heron Line", "Feld and Daughters"]}
VOYAGE: Final = {"voyage": "V-88", "state": "planned"}
MANIFEST: Final = {
    "title": "Grey Heron: Vlissing to Norderby",
    "ship": {"name": "Grey Heron", "port": "Vlissing", "tonnage": 1240},
    "crew": [{"name": "Runa Feld", "duty": "captain"}, {"name": "Bo Adair", "duty": "mate"}],
    "insurance": {"insurer": "northmark", "cleared": True},
}
DUES: Final = {
    "currency": "EUR",
    "total": 452,
    "parts": [{"port": "Vlissing", "amount": 211}, {"port": "Norderby", "amount": 241}],
}
PLAN: Final = {"hull": "H-204", "from": "Vlissing", "to": "Norderby"}
READS: Final = [
    ("/ships?class=ferry", "list-ships", {"class": "ferry"}, SHIPS),
    ("/ships/H-204", "get-ship", {"hull": "H-204"}, SHIP),
    ("/register/QXHN", "get-register-entry", {"mark": "QXHN"}, ENTRY),
    ("/voyages/V-88/manifest", "get-manifest", {"voyage": "V-88"}, MANIFEST),
    ("/voyages/V-88/dues", "estimate-dues", {"voyage": "V-88"}, DUES),
]
NAMES: Final = [tool for _, tool, _, _ in READS]
MANIFEST_PATHS: Final = [
    "/voyages/V-88",
    "/ships/H-204",
    "/people",
    "/entry?mark=QXHN",
    "/policies/P-5501",
    "/insurers/northmark/clearance",
]


@pytest.fixture(scope="module")
def sandbox(server: str) -> Iterator[Gateway]:  # noqa: ARG001 - it runs once under each server
    with Gateway(SHIPYARD, EXPOSES, "--sandbox") as gateway:
        yield gateway


def call_instead(api: Upstream) -> Gateway:
    """A gateway that calls this server instead of each API."""
    upstreams = [part for name in ("yard", "register", "cover") for part in ("--base-uri", f"{name}={api.url}")]
    return Gateway(SHIPYARD, EXPOSES, *upstreams, environment={"YARD_TOKEN": "t-9f03"})


def ask_tools(gateway: Gateway, method: str, **params: Any) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {**JSON, "accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
    return call(gateway.urls["shipyard-mcp"], "/mcp", "POST", headers, json.dumps(message).encode()).json["result"]


def call_tool(gateway: Gateway, name: str, arguments: dict[str, str]) -> Any:
    """What the tool returns, without the object around a list."""
    result = ask_tools(gateway, "tools/call", name=name, arguments=arguments)
    assert not result["isError"], result
    content = result["structuredContent"]
    assert json.loads(result["content"][0]["text"]) in (content, content.get("result"))
    return content.get("result", content)


@pytest.mark.own_server
def test_the_examples_have_no_findings() -> None:
    ended = run_naftiko("validate", str(SHIPYARD.parent))
    assert ended.returncode == 0
    assert (ended.stdout + ended.stderr).strip() == "2 files checked: no findings"


@pytest.mark.parametrize(("path", "tool", "arguments", "expected"), READS, ids=NAMES)
def test_both_sides_read_the_same(
    sandbox: Gateway, path: str, tool: str, arguments: dict[str, str], expected: object
) -> None:
    response = call(sandbox.urls["shipyard-rest"], path)
    assert response.status == 200
    assert response.json == expected
    assert call_tool(sandbox, tool, arguments) == expected


def test_both_sides_create_a_voyage(sandbox: Gateway) -> None:
    response = call(sandbox.urls["shipyard-rest"], "/voyages", "POST", JSON, json.dumps(PLAN).encode())
    assert response.status == 201
    assert response.json == VOYAGE
    assert call_tool(sandbox, "create-voyage", PLAN) == VOYAGE


def test_a_voyage_needs_its_ports(sandbox: Gateway) -> None:
    response = call(sandbox.urls["shipyard-rest"], "/voyages", "POST", JSON, b'{"hull": "H-204"}')
    assert response.status == 400
    assert ask_tools(sandbox, "tools/call", name="create-voyage", arguments={"hull": "H-204"})["isError"]


def test_the_tools_have_the_hints_of_the_functions(sandbox: Gateway) -> None:
    tools = {tool["name"]: tool["annotations"]["readOnlyHint"] for tool in ask_tools(sandbox, "tools/list")["tools"]}
    assert tools == {**dict.fromkeys(NAMES, True), "create-voyage": False}


def test_the_manifest_makes_six_calls_and_two_of_them_together(api: Upstream) -> None:
    """The ship and the people each wait until both requests have arrived, so calls in sequence would not end."""
    responses = yaml.safe_load(SHIPYARD.with_name("shipyard.sandbox.yaml").read_text(encoding="utf-8"))["operations"]
    both = {"/ships/H-204": Gate(), "/people": Gate()}

    async def meet(path: str) -> None:
        both[path].open()
        await asyncio.gather(*(gate.wait() for gate in both.values()))

    operations = ["yard.get-voyage", "yard.get-ship", "yard.list-people"]
    operations += ["register.get-entry", "cover.get-policy", "cover.get-clearance"]
    for path, operation in zip(MANIFEST_PATHS, operations, strict=True):
        body = responses[operation].get("text") or json.dumps(responses[operation]["json"])
        headers = responses[operation].get("headers", JSON)
        before = (lambda path=path: meet(path)) if path in both else None
        api.on("GET", path.partition("?")[0], Reply(200, headers, body.encode(), before=before))
    with call_instead(api) as gateway:
        assert call(gateway.urls["shipyard-rest"], "/voyages/V-88/manifest").json == MANIFEST
    sent = [one.target for one in api.received]
    assert [sent[0], *sorted(sent[1:3]), *sent[3:]] == [MANIFEST_PATHS[0], *sorted(both), *MANIFEST_PATHS[3:]]
    assert {one.target for one in api.received if one.header("authorization")} == set(MANIFEST_PATHS[:3])


def test_the_ships_of_all_pages_are_one_list(api: Upstream) -> None:
    rows = [{"hull": ship["hull"], "title": ship["name"], "class": ship["class"]} for ship in SHIPS]
    for target, page in (
        ("/ships?class=ferry", {"items": rows[:1], "after": "c1"}),
        ("/ships?class=ferry&after=c1", {"items": rows[1:], "after": None}),
    ):
        api.on("GET", target, Reply(200, JSON, json.dumps(page).encode()))
    with call_instead(api) as gateway:
        assert call(gateway.urls["shipyard-rest"], "/ships?class=ferry").json == SHIPS
        assert call_tool(gateway, "list-ships", {"class": "ferry"}) == SHIPS
    assert [one.target for one in api.received] == ["/ships?class=ferry", "/ships?class=ferry&after=c1"] * 2


def test_the_tutorial_shows_the_responses(sandbox: Gateway) -> None:
    shown = re.findall(r"curl localhost:8080(/\S+)\n```\n[^`]*```json\n(.*?)```", TUTORIAL, re.DOTALL)
    assert [path for path, _ in shown] == [path.partition("?")[0] for path, *_ in READS]
    for path, body in shown:
        assert call(sandbox.urls["shipyard-rest"], path).json == json.loads(body), path


@pytest.mark.own_server
def test_the_tutorial_quotes_the_file() -> None:
    text = re.sub(r"^ +", "", SHIPYARD.read_text(encoding="utf-8"), flags=re.MULTILINE)
    _, _, walk = TUTORIAL.partition("\n## 8. ")
    quotes = re.findall(r"```text\n(.*?)```", walk, re.DOTALL)
    assert quotes
    for quote in quotes:
        assert re.sub(r"^ +", "", quote, flags=re.MULTILINE) in text, quote


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_harbour_has_resources_and_prompts(server: str, mode: str) -> None:  # noqa: ARG001 - under each server
    with Gateway(HARBOUR, ["harbour", "skills"], "--sandbox") as gateway:
        async with Client(gateway.urls["harbour"], mode=mode) as client:
            uris = [str(one.uri) for one in (await client.list_resources()).resources]
            assert uris[:2] == ["harbour://handbook/arrivals.md", "harbour://handbook/signals.md"]
            skills = HARBOUR.parent / "harbour" / "skills"
            for path in ("plan-arrival/SKILL.md", "plan-arrival/references/LIMITS.md"):
                (file,) = (await client.read_resource(f"skill://skills/{path}")).contents
                assert isinstance(file, TextResourceContents)
                assert file.text == (skills / path).read_text(encoding="utf-8")
            (page,) = (await client.read_resource(uris[0])).contents
            assert isinstance(page, TextResourceContents)
            assert page.text == (HARBOUR.parent / "harbour" / "handbook" / "arrivals.md").read_text(encoding="utf-8")
            (berth,) = (await client.read_resource("harbour://berths/3")).contents
            assert isinstance(berth, TextResourceContents)
            assert json.loads(berth.text) == {"berth": 3, "depth": 9.5, "occupant": "Grey Heron"}
            found = await client.get_prompt("hand-over", {"watch": "late"})
            assert isinstance(found.messages[0].content, TextContent)
            assert "the late watch has to decide" in found.messages[0].content.text
            cargo = await client.complete(PromptReference(name="plan-arrival"), {"name": "cargo", "value": "o"})
            assert cargo.completion.values == ["oil"]


def test_the_harbour_has_skills() -> None:
    with Gateway(HARBOUR, ["harbour", "skills"], "--sandbox") as gateway:
        url = gateway.urls["skills"]
        listed = call(url, "/skills").json
        assert [skill["name"] for skill in listed["skills"]] == ["plan-arrival", "greet-ship"]
        berths, limits = call(url, "/skills/plan-arrival").json["tools"]
        assert berths["description"] == "Returns the depth and the occupant of a berth."
        assert berths["invocationRef"] == {"targetNamespace": "harbour", "action": "get-berth", "mode": "mcp"}
        assert limits["instruction"] == "references/LIMITS.md"
        written = call(url, "/skills/greet-ship/contents/SKILL.md").body.decode()
        assert written.startswith('---\nname: "greet-ship"\n')
        with ZipFile(BytesIO(call(url, "/skills/plan-arrival/download").body)) as archive:
            assert archive.namelist() == ["plan-arrival/SKILL.md", "plan-arrival/references/LIMITS.md"]
