"""``naftiko validate`` and ``--help`` as commands: their output, and their exit status."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.command import make_clean_environment, run_naftiko
from support.documents import BROKEN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEAVY = [
    "aiohttp",
    "anyio",
    "httpcore2",
    "httptools",
    "httpx2",
    "mcp",
    "mcp_types",
    "rich",
    "starlette",
    "structlog",
    "uvicorn",
    "uvloop",
]

NOT_FOR_ALL_FILES = """
    asyncio csv dataclasses difflib dotenv email hmac importlib.metadata json logging orjson pathspec pydantic random
    re2 secrets shutil ssl subprocess tempfile tomllib urllib.request watchfiles xml zipfile
    naftiko_runtime.bind_plan naftiko_runtime.engine naftiko_runtime.fix naftiko_runtime.formats naftiko_runtime.openapi
    naftiko_runtime.secret.providers naftiko_runtime.schema naftiko_runtime.secret
    naftiko_runtime.server naftiko_runtime.strict naftiko_runtime.upstream
"""
"""What only some files or options need, so that none of it may be imported for the others."""

FINDINGS = """\
{file}:8:5: warning[unused-binding]: 'NEVER' is bound but never used
    8 |     NEVER: NEVER
      |     ^^^^^
  help: remove it, or use it as {{{{NEVER}}}}

{file}:26:15: error[unresolved-call]: no consumed operation 'api.list-thing'
   26 |         call: api.list-thing
      |               ^^^^^^^^^^^^^^
  help: did you mean 'api.list-things'?

"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    file = tmp_path / "broken.yaml"
    file.write_text(BROKEN)
    return file


def test_a_clean_file_is_status_0(documents: Path) -> None:
    ended = run_naftiko("validate", documents / "rest.yaml")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "1 file checked: no findings\n", "")


def test_the_pixel_file_has_one_warning_with_its_line(pixel_file: Path) -> None:
    ended = run_naftiko("validate", pixel_file)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"{pixel_file}:14:5: warning[unused-binding]: 'SEGMENT_API_KEY'" in ended.stdout
    assert "   14 |     SEGMENT_API_KEY: SEGMENT_API_KEY\n      |     ^^^^^^^^^^^^^^^\n" in ended.stdout
    assert ended.stdout.endswith("1 file checked: 1 warning\n")


def test_findings_are_underlined_and_status_1(broken: Path) -> None:
    ended = run_naftiko("validate", broken)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == FINDINGS.format(file=broken) + "1 file checked: 1 error, 1 warning\n"


def test_several_files_are_counted_together(broken: Path, documents: Path) -> None:
    ended = run_naftiko("validate", documents / "rest.yaml", broken, documents / "mcp.yaml")
    assert ended.returncode == 1
    assert ended.stdout.endswith("3 files checked: 1 error, 1 warning\n")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"a: [", b"- 1", b"naftiko: 1.0.0-alpha2\n", b"a: &a [*a]", b"\t", b"{" * 500]
)
def test_what_is_no_capability_is_a_finding(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes(content)
    ended = run_naftiko("validate", file)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert f"{file}:" in ended.stdout
    assert "error[" in ended.stdout


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["no-such-file.yaml"], ["src"], ["no*.yaml"]])
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    ended = run_naftiko("validate", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Usage: " in ended.stderr


@pytest.mark.parametrize("arguments", [["no-such-command"], ["--nothing"]])
def test_an_unknown_command_is_status_2(arguments: list[str]) -> None:
    assert run_naftiko(*arguments).returncode == 2


def test_it_needs_no_environment(documents: Path) -> None:
    command = [sys.executable, "-m", "naftiko_runtime", "validate", str(documents / "secrets.yaml")]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env={})
    assert (ended.returncode, ended.stderr) == (0, "")


def test_run_refuses_a_broken_file_with_its_findings(broken: Path) -> None:
    ended = run_naftiko("run", broken)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert FINDINGS.format(file=broken).strip() in ended.stderr


@pytest.fixture
def departing(tmp_path: Path, documents: Path) -> Path:
    """A file that runs, and has a key that the specification has not."""
    file = tmp_path / "departing.yaml"
    file.write_text((documents / "rest.yaml").read_text() + "x-owner: ann\n")
    return file


def test_strict_makes_departures_errors(departing: Path) -> None:
    lenient, strict = run_naftiko("validate", departing), run_naftiko("validate", "--strict", departing)
    assert lenient.returncode == 0
    assert "warning[unknown-key]: unknown key 'x-owner' is ignored" in lenient.stdout
    assert strict.returncode == 1
    assert "error[non-standard]: the specification has no key 'x-owner' here" in strict.stdout
    assert "unknown-key" not in strict.stdout


@pytest.mark.parametrize(("option", "variable"), [(["--strict"], {}), ([], {"NAFTIKO_STRICT": "1"})])
def test_run_refuses_departures_under_strict(departing: Path, option: list[str], variable: dict[str, str]) -> None:
    ended = run_naftiko("run", departing, "--skip-broken", *option, environment=variable)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "the specification has no key 'x-owner' here" in ended.stderr


def test_no_colour_without_a_terminal(broken: Path) -> None:
    assert "\x1b" not in run_naftiko("validate", broken).stdout


def imported(*arguments: str | Path, of: Sequence[str] = HEAVY) -> list[str]:
    """What a command imported of some modules."""
    script = (
        "import sys\n"
        "from naftiko_runtime.cli import main\n"
        f"try:\n    main({list(map(str, arguments))!r})\n"
        "except SystemExit as end:\n"
        f"    print('imported:', *sorted(set(sys.modules) & set({list(of)!r})), file=sys.stderr)\n"
        "    raise\n"
    )
    environment = {
        k: v for k, v in make_clean_environment().items() if not k.startswith("COV")
    }  # coverage imports much
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("imported:")]
    return line.split()[1:]


def test_validate_imports_neither_servers_nor_clients(documents: Path, broken: Path) -> None:
    assert imported("validate", documents / "mcp.yaml", broken) == []


def test_validate_imports_nothing_that_a_file_does_not_need(pixel_file: Path, documents: Path) -> None:
    assert imported("validate", pixel_file, of=NOT_FOR_ALL_FILES.split()) == []
    assert "orjson" in imported("validate", documents / "mcp.yaml", of=NOT_FOR_ALL_FILES.split())


def test_help_imports_no_more_than_click() -> None:
    assert imported("--help", of=["msgspec", "naftiko_runtime.loading", "pydantic_core", "yaml"]) == []


def test_export_imports_neither_servers_nor_clients(pixel_file: Path, broken: Path) -> None:
    assert imported("export", "openapi", pixel_file) == []
    assert imported("export", "openapi", broken) == []


@pytest.mark.parametrize("command", [[], ["run"], ["validate"], ["export"], ["export", "openapi"], ["health"]])
def test_help_imports_neither_servers_nor_clients(command: list[str]) -> None:
    assert imported(*command, "--help") == []


def test_run_imports_servers_only_for_a_sound_file(documents: Path, broken: Path) -> None:
    assert imported("run", broken) == []
    server = "naftiko_runtime.http_server.listener"
    assert imported("run", broken, of=[server]) == []
    assert imported("run", documents / "rest.yaml", "--host", "no-such-host.invalid", of=[server]) == [server]


def test_help_lists_the_commands() -> None:
    ended = run_naftiko("--help")
    assert ended.returncode == 0
    assert [name for name in ("run", "validate", "export", "health") if f"  {name} " not in ended.stdout] == []


@pytest.mark.parametrize(
    ("command", "advice"),
    [("vlidate", "did you mean 'validate'?"), ("xyz", "there are: 'completion', 'explain', 'export'")],
)
def test_the_error_for_an_unknown_command_lists_the_known_ones(command: str, advice: str) -> None:
    done = run_naftiko(command)
    assert done.returncode == 2
    assert f"No such command '{command}'; {advice}" in done.stderr
