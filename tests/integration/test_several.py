"""Several documents in one process: shared ports, and conflicts."""

from __future__ import annotations

import re
import socket
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from mcp import Client

from support.caller import call
from support.command import run_naftiko
from support.gateway import Gateway
from support.upstream import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from support.upstream import Upstream

DOCUMENT = """
    naftiko: 1.0.0-alpha2
    info: {{label: {name}, description: Gets}}
    capability:
      binds: [{{namespace: env, keys: {{TOKEN: {name}_TOKEN}}}}]
      consumes:
        - type: http
          namespace: api
          baseUri: {upstream}/{name}
          authentication: {{type: bearer, token: "{{{{TOKEN}}}}"}}
          resources: [{{path: /x, operations: [{{name: get}}]}}]
      exposes:
        - type: rest
          namespace: {name}-rest
          address: 127.0.0.1
          port: {rest}
          resources: [{{path: {path}, operations: [{{method: GET, call: api.get}}]}}]
        - type: mcp
          namespace: {name}-mcp
          address: 127.0.0.1
          port: {mcp}
          description: Gets
          tools: [{{name: {tool}, description: Gets, call: api.get}}]
"""
SECRETS = {"one_TOKEN": "t1", "two_TOKEN": "t2"}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def write(tmp_path: Path, api: Upstream) -> Path:
    """A folder of two capabilities that share two ports, and of what a folder may hold besides."""
    ports = {"rest": free_port(), "mcp": free_port(), "upstream": api.url}
    for name in ("one", "two"):
        text = DOCUMENT.format(name=name, path=f"/{name}", tool=f"get-{name}", **ports)
        (tmp_path / f"{name}.yaml").write_text(dedent(text))
    (tmp_path / "shared.yml").write_text("naftiko: 1.0.0-alpha2\nconsumes: []\n")
    (tmp_path / "one.sandbox.yaml").write_text("operations: {api.get: {json: {from: sandbox}}}\n")
    (tmp_path / "notes.txt").write_text("no capability")
    return tmp_path


async def test_documents_of_a_folder_share_ports(write: Path, api: Upstream) -> None:
    for name in ("one", "two"):
        api.on("GET", f"/{name}/x", Reply(headers={"content-type": "text/plain"}, body=name.encode()))
    with Gateway(write, [], environment=SECRETS) as gateway:
        urls = gateway.urls
        assert urls["one-rest"] == urls["two-rest"]
        assert [call(urls["one-rest"], f"/{name}").body for name in ("one", "two")] == [b"one", b"two"]
        assert [r.header("authorization") for r in api.received] == ["Bearer t1", "Bearer t2"]
        assert call(urls["one-rest"], "/three").status == 404
        for path, tools in (
            ("/mcp", ["get-one", "get-two"]),
            ("/one-mcp/mcp", ["get-one"]),
            ("/two-mcp/mcp", ["get-two"]),
        ):
            async with Client(urls["one-mcp"].removesuffix("/one-mcp/mcp") + path) as client:
                assert [tool.name for tool in (await client.list_tools()).tools] == tools
                content = (await client.call_tool(tools[-1], {})).content[0]
                assert content.type == "text"
                assert content.text == tools[-1].removeprefix("get-")
        assert urls["two-mcp"].endswith("/two-mcp/mcp")
    assert gateway.process.returncode == 0


def test_each_has_its_sandbox(write: Path) -> None:
    with Gateway(write, [], "--sandbox") as gateway:
        assert call(gateway.urls["one-rest"], "/one").json == {"from": "sandbox"}
        assert b"/two/x" in call(gateway.urls["two-rest"], "/two").body


def test_clashes_are_named_in_their_files(write: Path) -> None:
    two = (write / "two.yaml").read_text().replace("/two,", "/one,").replace("get-two", "get-one")
    (write / "two.yaml").write_text(two)
    done = run_naftiko("run", str(write))
    assert done.returncode == 1
    assert (
        f"{write / 'two.yaml'}:16:13: error[duplicate-route]: GET /one is exposed by 'one-rest' and 'two-rest'"
        in done.stderr
    )
    assert "error[duplicate-name]: the tool 'get-one' is exposed by 'one-mcp' and 'two-mcp'" in done.stderr
    with Gateway(write, [], "--skip-broken", environment=SECRETS) as gateway:
        assert call(gateway.urls["two-rest"], "/one").status == 200


def test_namespaces_that_are_exposed_twice_on_a_port_are_one_finding_each(write: Path) -> None:
    text = (write / "one.yaml").read_text()
    (write / "two.yaml").write_text(text)
    done = run_naftiko("run", str(write))
    assert done.returncode == 1
    assert re.findall(r"error\[([a-z-]+)\]", done.stderr) == ["duplicate-namespace"] * 2
    assert "--port one-rest=N moves both" in done.stderr
    (write / "two.yaml").write_text(text.replace("one-rest", "two-rest").replace("one-mcp", "two-mcp"))
    done = run_naftiko("run", str(write), "--port", "two-rest=0", "--port", "two-mcp=0")
    assert "two-rest" not in done.stderr
    assert "variable" in done.stderr


def test_rest_and_mcp_do_not_share(write: Path) -> None:
    port = (write / "one.yaml").read_text().split("port: ")[1].split("\n")[0]
    (write / "two.yaml").write_text((write / "two.yaml").read_text().replace("type: mcp", f"type: mcp  # {port}"))
    text = (write / "two.yaml").read_text().split("namespace: two-mcp")
    (write / "two.yaml").write_text("namespace: two-mcp".join([text[0], text[1].replace("port: ", f"port: {port} # ")]))
    done = run_naftiko("run", str(write))
    assert done.returncode == 1
    assert "only exposes of one type can share a port" in done.stderr


def test_all_missing_variables_are_listed(write: Path) -> None:
    done = run_naftiko("run", str(write))
    assert done.returncode == 1
    assert "'one_TOKEN'" in done.stderr
    assert "'two_TOKEN'" in done.stderr


def test_wrong_usage(write: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    assert run_naftiko("run", str(empty)).returncode == 2
    done = run_naftiko("run", str(write), "--sandbox", str(write / "one.sandbox.yaml"))
    assert done.returncode == 2
    assert "for one capability only" in done.stderr


def test_validate_takes_folders(write: Path) -> None:
    done = run_naftiko("validate", str(write))
    assert (done.returncode, done.stdout) == (0, "3 files checked: no findings\n")
