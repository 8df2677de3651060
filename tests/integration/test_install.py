"""``naftiko install`` and ``uninstall``: the clients' own files, edited in place."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from naftiko_runtime.client_configuration.clients import CLIENTS
from support.command import run_naftiko

if TYPE_CHECKING:
    from subprocess import CompletedProcess

DOCUMENTS: Final = Path(__file__).parent / "documents"
FILES: Final = Path(__file__).parent / "client_files"
URL: Final = "https://orders.example.com/mcp"
DOCUMENT: Final = """
naftiko: 1.0.0-alpha2
binds:
  - namespace: env
    keys: {TOKEN: ORDERS_TOKEN}
capability:
  consumes:
    - type: http
      namespace: api
      baseUri: https://api.example.com
      authentication: {type: bearer, token: "{{TOKEN}}"}
      resources:
        - path: /x
          operations: [{method: GET, name: get}]
  exposes:
    - type: mcp
      namespace: orders
      port: 9090
      tools: [{name: get, description: Get it, call: api.get}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(DOCUMENT, "utf-8")
    return path


def copy_before(client: str, folder: Path) -> Path:
    before = next(FILES.glob(f"{client}.*"))
    copy = folder / f"config{before.suffix}"
    copy.write_bytes(before.read_bytes())
    return copy


def install(client: str, target: str, config: Path, *options: str) -> CompletedProcess[str]:
    return run_naftiko("install", client, target, "--config", config, *options)


def check_golden(name: str, text: str) -> None:
    golden = FILES / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", ["stdio", "http"])
def test_the_file_of_each_client(client: str, way: str, file: Path, tmp_path: Path) -> None:
    if (client, way) == ("claude-desktop", "http"):
        pytest.skip("it takes no URLs")
    config = copy_before(client, tmp_path)
    before = config.read_bytes()
    env_file = tmp_path / ".env"
    env_file.write_text("ORDERS_TOKEN=s3cret\n", "utf-8")
    options = ("--env-file", str(env_file)) if client == "claude-desktop" else ()
    target = (str(file), *options) if way == "stdio" else (URL, "--name", "orders")
    done = install(client, target[0], config, *target[1:], "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    after = config.read_text("utf-8")
    assert "s3cret" not in after
    program = str(Path(sys.executable).absolute().with_name("naftiko"))
    shown = after.replace(program, "/bin/naftiko").replace(str(tmp_path), "/home/ann")
    check_golden(f"after/{client}-{way}{config.suffix}", shown)
    backup = config.with_name(config.name + ".bak")
    assert backup.read_bytes() == before

    again = install(client, target[0], config, *target[1:], "--yes")
    assert (again.returncode, config.read_text("utf-8")) == (0, after)
    assert "unchanged" in again.stdout

    gone = run_naftiko("uninstall", client, "orders", "--config", config, "--yes")
    assert (gone.returncode, gone.stderr) == (0, "")
    check_golden(f"after/{client}-removed-{way}{config.suffix}", config.read_text("utf-8"))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_new_file_is_for_its_owner(client: str, file: Path, tmp_path: Path) -> None:
    config = tmp_path / "new" / f"config.{CLIENTS[client].form}"
    env_file = tmp_path / ".env"
    env_file.write_text("ORDERS_TOKEN=s3cret\n", "utf-8")
    done = install(client, str(file), config, "--env-file", str(env_file), "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "s3cret" not in config.read_text("utf-8")
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert sorted(path.name for path in config.parent.iterdir()) == [config.name]


def test_print_writes_nothing(file: Path, tmp_path: Path) -> None:
    config = copy_before("cursor", tmp_path)
    before = config.read_bytes()
    done = install("cursor", str(file), config, "--print")
    assert (done.returncode, config.read_bytes()) == (0, before)
    assert '+\t\t"orders": {' in done.stdout
    assert not list(tmp_path.glob("*.bak*"))


def test_without_consent_nothing_is_written(file: Path, tmp_path: Path) -> None:
    config = copy_before("cursor", tmp_path)
    before = config.read_bytes()
    done = install("cursor", str(file), config)  # standard input is closed
    assert done.returncode == 1
    assert "--yes writes without asking" in done.stderr
    assert '"orders"' in done.stdout
    assert config.read_bytes() == before


def test_a_misspelt_server_is_not_removed(file: Path, tmp_path: Path) -> None:
    config = copy_before("cursor", tmp_path)
    install("cursor", str(file), config, "--yes")
    before = config.read_bytes()
    done = run_naftiko("uninstall", "cursor", "order", "--config", config, "--yes")
    assert (done.returncode, config.read_bytes()) == (0, before)
    assert "Cursor has no server 'order'; did you mean 'orders'?" in done.stderr


def test_other_entries_are_not_shown(file: Path, tmp_path: Path) -> None:
    config = tmp_path / "mcp.json"
    config.write_text('{\n  "mcpServers": {\n    "other": {"env": {"KEY": "s3cret"}}\n  }\n}\n', "utf-8")
    done = install("cursor", str(file), config, "--yes")
    assert done.returncode == 0
    assert "s3cret" in config.read_text("utf-8")


@pytest.mark.parametrize(
    ("client", "text", "problem"),
    [
        ("cursor", '{"mcpServers": {', "the end is missing"),
        ("cursor", '{"a": 1 "b": 2}', "line 1, column 9: a comma is missing"),
        ("cursor", '{"mcpServers": []}', "'mcpServers' is not an object"),
        ("cursor", "[]", "it is not an object"),
        ("codex", "a = ", "Invalid value"),
        ("codex", "mcp_servers = 1\n", "'mcp_servers' is not a table"),
        ("goose", "a: [", "line 1"),
        ("goose", "extensions: {a: {x: 1}}\n", "written with braces"),
        ("goose", "- a\n", "not a mapping"),
    ],
)
def test_a_file_that_cannot_be_edited_stays(client: str, text: str, problem: str, file: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(text, "utf-8")
    done = install(client, str(file), config, "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert problem in done.stderr
    assert config.read_text("utf-8") == text
    assert not list(tmp_path.glob("*.bak*"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("claude-desktop", URL), "Connectors"),
        (("claude-desktop", "FILE"), "Put ORDERS_TOKEN into a file for --env-file"),
        (("goose", "--project", "FILE"), "no configuration for a project"),
        (("goose", URL, "--token-variable", "T"), "cannot take the token from a variable"),
        (("cursor", "https://user:pw@a.example/mcp"), "is not a URL"),
        (("cursor", URL, "--name", "a b"), "--name"),
        (("cursor", "FILE", "--namespace", "order"), "orders"),
        (("emacs", "FILE"), "emacs"),
        (("cursor", "no-such.yaml"), "no-such.yaml"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], problem: str, file: Path, tmp_path: Path) -> None:
    given = [str(file) if argument == "FILE" else argument for argument in arguments]
    done = run_naftiko("install", *given, "--yes", environment={"HOME": str(tmp_path)})
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["orders.yaml"]


def test_the_token_and_the_options_of_run(file: Path, tmp_path: Path) -> None:
    config = tmp_path / "mcp.json"
    assert install("vscode", URL, config, "--name", "orders", "--token-variable", "MY_TOKEN", "--yes").returncode == 0
    written = json.loads(config.read_text("utf-8"))
    assert written["servers"]["orders"]["headers"] == {"Authorization": "Bearer ${input:my-token}"}
    assert [one["id"] for one in written["inputs"]] == ["my-token"]
    assert install("vscode", str(file), config, "--yes", "--", "--log-level", "debug").returncode == 0
    entry = json.loads(config.read_text("utf-8"))["servers"]["orders"]
    assert entry["args"][-5:] == ["run", str(file), "--stdio", "--log-level", "debug"]
    assert entry["env"] == {"ORDERS_TOKEN": "${input:orders-token}"}
    assert Path(entry["command"]).is_absolute()


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    real = copy_before("gemini", tmp_path)
    real.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(real)
    assert install("gemini", str(file), link, "--yes").returncode == 0
    assert link.is_symlink()
    assert "orders" in real.read_text("utf-8")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_apis_that_need_an_authenticated_caller_are_named(tmp_path: Path) -> None:
    target, config = str(DOCUMENTS / "oauth2.yaml"), tmp_path / "mcp.json"
    done = install("vscode", target, config, "--namespace", "tools", "--print")
    assert done.returncode == 0, done.stderr
    assert "and stdio has none: exchanged" in done.stderr
    assert "grant: client-credentials" in done.stderr
