"""The Inspector's command line, in both eras: each command connects anew, so all of them after the first reconnect.

`--strict` fails where some client or model cannot use the schema of a tool. It is an option of `tools/list` only.
The Inspector has no command to cancel a call. Ctrl-C ends it, and with it the connection of a stateless call, or the
server that it has started.
"""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest

from support.client_programs import NODE
from support.command import make_clean_environment

if TYPE_CHECKING:
    from pathlib import Path

    from support.upstream import Upstream

pytestmark = [pytest.mark.no_cover]
PROGRAM: Final = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
SECONDS: Final = 60
CALL: Final = ("tools/call", "--tool-name", "get-ship", "--tool-arg", "imo=7")


class Inspector:
    """One server, asked by one command after the other in one era."""

    def __init__(self, program: Path, target: dict[str, Any], era: str, home: Path) -> None:
        self.starts_servers = "command" in target
        server = ["--server-url", target["url"]] if "url" in target else target["command"]
        self._command = [NODE, str(program), "--cli", *server, "--protocol-era", era, "--format", "json"]
        self._environment = make_clean_environment({"HOME": str(home)})

    def start(self, method: str, *options: str) -> subprocess.Popen[str]:
        command = [*self._command, "--method", method, *options]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, env=self._environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        )

    def ask(self, method: str, *options: str) -> Any:
        """The result of a command, which must succeed."""
        process = self.start(method, *options)
        output, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, (output, errors)
        return json.loads(output)["result"]


@pytest.fixture(params=[("legacy", "replicas"), ("modern", "replicas"), ("legacy", "stdio"), ("modern", "stdio")])
def inspector(
    request: pytest.FixtureRequest, targets: dict[str, dict[str, Any]], javascript: Path, tmp_path: Path
) -> Inspector:
    era, transport = request.param
    return Inspector(javascript / PROGRAM, targets[transport], era, tmp_path)


@pytest.mark.usefixtures("registry")
def test_the_inspector_uses_everything(inspector: Inspector) -> None:
    tools = inspector.ask("tools/list", "--strict")["tools"]
    assert [tool["name"] for tool in tools] == ["get-ship", "wait"]
    assert inspector.ask(*CALL)["structuredContent"] == {"name": "Aurora"}
    assert inspector.ask("resources/read", "--uri", "ships://7")["contents"][0]["text"] == '{"name": "Aurora"}'
    got = inspector.ask("prompts/get", "--prompt-name", "inspect", "--prompt-args", "imo=7", "kind=tanker")
    assert got["messages"][0]["content"]["text"] == "Inspect ship 7, a tanker."
    if inspector.starts_servers:
        return  # as the others, these commands take two seconds of two processes each
    assert [resource["uri"] for resource in inspector.ask("resources/list")["resources"]] == ["ships://about"]
    assert [prompt["name"] for prompt in inspector.ask("prompts/list")["prompts"]] == ["inspect"]


@pytest.mark.parametrize("inspector", [("modern", "replicas"), ("modern", "stdio")], indirect=True)
def test_ctrl_c_cancels_the_call(inspector: Inspector, registry: Upstream) -> None:
    process = inspector.start("tools/call", "--tool-name", "wait")
    registry.wait_received(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=SECONDS)
    assert registry.wait(lambda upstream: upstream.gone == 1)
    assert inspector.ask(*CALL)["structuredContent"] == {"name": "Aurora"}
