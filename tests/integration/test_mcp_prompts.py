"""Prompts over both eras: lists, messages, arguments and completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from mcp import Client, MCPError
from mcp_types import PromptReference, TextContent

from support.gateway import Gateway
from support.mcp_faults import ERAS, MODERN, request, send

if TYPE_CHECKING:
    from collections.abc import Iterator

FLAGS: Final = ", ".join(f"F{number:03}" for number in range(150))
DOCUMENT: Final = f"""\
naftiko: 1.0.0-alpha2
info: {{label: Ships}}
capability:
  exposes:
  - type: mcp
    namespace: ships
    port: 9090
    prompts:
    - name: inspect
      label: Inspect a ship
      description: Prepares an inspection.
      arguments:
      - {{name: imo, label: IMO number, description: The number of the ship., maxLength: 100}}
      - {{name: kind, required: false, enum: [cargo, tanker, Tug]}}
      - {{name: flag, required: false, enum: [{FLAGS}]}}
      template:
      - {{role: user, content: "Inspect {{{{imo}}}} ({{kind}}{{{{ flag }}}}); reply as {{\\"imo\\": 1}} or {{other}}."}}
      - {{role: assistant, content: "{{{{imo}}}}{{{{imo}}}}"}}
    - name: report
      location: file:///./prompts/report.md
      arguments: [{{name: imo}}]
    - name: plain
      messages: [{{role: user, content: Hello}}]
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, server: str) -> Iterator[str]:  # noqa: ARG001 - for each server
    folder = tmp_path_factory.mktemp("prompts")
    (folder / "prompts").mkdir()
    (folder / "prompts" / "report.md").write_bytes("\ufeff# Report on {{imo}}\r\nÜber {imo}.\n".encode())
    (folder / "ships.yaml").write_text(DOCUMENT)
    with Gateway(folder / "ships.yaml", ["ships"]) as gateway:
        yield gateway.urls["ships"]


def get(url: str, version: str, name: str, arguments: Any = None) -> Any:
    params = {"name": name} if arguments is None else {"name": name, "arguments": arguments}
    return send(url, version, request(version, "prompts/get", params)).json


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_what_a_client_lists_and_gets(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        assert client.server_capabilities.prompts is not None
        assert client.server_capabilities.tools is None
        assert client.server_capabilities.resources is None
        prompts = {prompt.name: prompt for prompt in (await client.list_prompts()).prompts}
        assert list(prompts) == ["inspect", "report", "plain"]
        inspect = prompts["inspect"]
        assert (inspect.title, inspect.description) == ("Inspect a ship", "Prepares an inspection.")
        assert [(one.name, one.title, one.required) for one in inspect.arguments or ()] == [
            ("imo", "IMO number", True),
            ("kind", None, False),
            ("flag", None, False),
        ]
        assert prompts["plain"].arguments is None
        found = await client.get_prompt("report", {"imo": "7"})
        (only,) = found.messages
        assert (only.role, only.content) == ("user", TextContent(type="text", text="# Report on 7\r\nÜber 7.\n"))


@pytest.mark.parametrize("version", ERAS)
def test_arguments_are_put_in_once_as_they_are(url: str, version: str) -> None:
    given = {"imo": "{{kind}} {kind} \\1 \n\"'", "kind": "cargo"}
    result = get(url, version, "inspect", given)["result"]
    assert result["description"] == "Prepares an inspection."
    first, second = result["messages"]
    rest = '; reply as {"imo": 1} or {other}.'
    assert first == {"role": "user", "content": {"type": "text", "text": f"Inspect {given['imo']} (cargo){rest}"}}
    assert second == {"role": "assistant", "content": {"type": "text", "text": given["imo"] * 2}}
    assert get(url, version, "plain")["result"]["messages"][0]["content"]["text"] == "Hello"
    cached = {"ttlMs", "cacheScope"} & result.keys()
    assert not cached


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("inspekt", None, ["unknown prompt: inspekt", "did you mean 'inspect'?"]),
        ("x" * 5_000, None, ["unknown prompt: xxx", "known prompts: "]),
        ("inspect", None, ["'inspect'", "params.arguments.imo: required"]),
        ("inspect", {"imoo": "7"}, ["imo: required", "imoo: unknown; did you mean 'imo'?"]),
        (
            "inspect",
            {"imo": "7", "kind": "cargoo"},
            ["params.arguments.kind: must be one of 'cargo'", "did you mean 'cargo'?"],
        ),
        ("inspect", {"imo": "7" * 101}, ["params.arguments.imo: must have 100 or fewer characters; received '777"]),
        ("inspect", {"imo": 7}, ["params.arguments.imo: must be a string"]),
        ("inspect", {"imo": None}, ["params.arguments.imo: must be a string"]),
        ("inspect", ["7"], ["params.arguments: must be an object"]),
        ("plain", {"x": "7"}, ["x: unknown; there are none"]),
    ],
)
def test_what_does_not_fit(url: str, version: str, name: str, arguments: Any, words: list[str]) -> None:
    failed = get(url, version, name, arguments)["error"]
    assert failed["code"] == -32602
    assert [word for word in words if word not in failed["message"]] == [], failed
    assert len(failed["message"]) < 1_000


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_completions_begin_with_what_was_typed(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        assert client.server_capabilities.completions is not None

        async def complete(name: str, value: str, prompt: str = "inspect") -> Any:
            return (await client.complete(PromptReference(name=prompt), {"name": name, "value": value})).completion

        assert (await complete("kind", "")).values == ["cargo", "tanker", "Tug"]
        assert (await complete("kind", "T")).values == ["tanker", "Tug"]
        assert (await complete("kind", "x")).values == []
        assert (await complete("imo", "7")).values == []
        many = await complete("flag", "f")
        assert (len(many.values), many.values[0], many.total, many.has_more) == (100, "F000", 150, True)
        for name, prompt in (("kinds", "inspect"), ("kind", "inspekt"), ("x", "plain")):
            with pytest.raises(MCPError, match="unknown") as caught:
                await complete(name, "", prompt)
            assert caught.value.code == -32602


def test_lists_of_prompts_can_be_cached(url: str) -> None:
    result = send(url, MODERN, request(MODERN, "prompts/list")).json["result"]
    assert (result["ttlMs"], result["cacheScope"]) == (300_000, "public")
    assert send(url, MODERN, request(MODERN, "tools/list")).json["error"]["code"] == -32601
    assert send(url, MODERN, request(MODERN, "resources/read", {"uri": "x:y"}), mcp_name="x:y").status == 404
