"""The action, the hook and the documentation's pipelines: they parse, and their commands run here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from support.command import make_clean_environment, run_naftiko
from support.schemas import find_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "tests" / "diagnostics" / "unresolved-call.yml"
SNIPPETS: list[Any] = [
    yaml.safe_load(text)
    for text in re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs/ci.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
PIP = '#!/bin/sh\nprintf "%s\\n" "$@" >> "$INSTALLED"\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with a broken capability, and other YAML."""
    caps = tmp_path / "capabilities"
    caps.mkdir()
    (caps / "broken.yml").write_text(BROKEN.read_text("utf-8"))
    (caps / "sound file.yaml").write_text((ROOT / "capabilities/ships.yaml").read_text("utf-8"))
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    return tmp_path


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This ``naftiko``, and a ``python`` and a ``pip`` that only note what they were to install."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("python", "pip"):
        (folder / name).write_text(PIP)
    (folder / "naftiko").write_text(f'#!/bin/sh\nexec {sys.executable} -m naftiko_runtime "$@"\n')
    for program in folder.iterdir():
        program.chmod(0o755)
    return folder


def bash(script: str, folder: Path, programs: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=make_clean_environment({**environment, "PATH": path, "INSTALLED": str(programs / "installed")}),
    )


def act(inputs: dict[str, str], folder: Path, programs: Path) -> tuple[list[str], subprocess.CompletedProcess[str]]:
    """Run the action's own steps as its runner does; what was installed, and how the last one ended."""
    assert ACTION["runs"]["using"] == "composite"
    values = {f"inputs.{name}": inputs.get(name, given["default"]) for name, given in ACTION["inputs"].items()}
    values["github.action_path"] = "/the/action"

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: values[match[1]], text)

    ended = None
    for step in ACTION["runs"]["steps"]:
        if "run" in step:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"]
            environment = {name: filled(value) for name, value in step.get("env", {}).items()}
            ended = bash(step["run"], folder, programs, {**environment, "GITHUB_WORKSPACE": str(folder)})
            if ended.returncode:
                break
    assert ended is not None
    installed = (programs / "installed").read_text().split()
    return [word for word in installed if not word.startswith("-")], ended


def test_the_action_notes_findings_at_their_lines(repository: Path, programs: Path) -> None:
    installed, ended = act({}, repository, programs)
    assert installed == ["pip", "install", "/the/action"]
    assert ended.returncode == 1
    assert ended.stderr == "2 files checked: 4 errors\n"
    assert ended.stdout.startswith("::error file=capabilities/broken.yml,line=20,")


@pytest.mark.parametrize(
    ("paths", "counted"),
    [("capabilities/*.yml", 1), ("capabilities/*.yml\n  capabilities/*.yaml\n", 2), ("capabilities", 2)],
)
def test_the_action_takes_paths_and_options(repository: Path, programs: Path, paths: str, counted: int) -> None:
    installed, ended = act({"paths": paths, "args": "--ignore NK2"}, repository, programs)
    assert installed == ["pip", "install", "/the/action"]
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == f"{counted} file{'s' * (counted > 1)} checked: no findings\n"


@pytest.mark.parametrize("value", ["$(touch pwned)", "`touch pwned`", "; touch pwned", "x && touch pwned", "--watch"])
def test_no_input_of_the_action_becomes_a_command(repository: Path, programs: Path, value: str) -> None:
    _, ended = act({"paths": value}, repository, programs)
    assert ended.returncode == 2
    assert not (repository / "pwned").exists()


def test_the_action_sets_up_python_first() -> None:
    first, *rest = ACTION["runs"]["steps"]
    assert re.fullmatch(r"actions/setup-python@v\d+", first["uses"])
    assert all("run" in step for step in rest)
    assert all(given["description"] for given in ACTION["inputs"].values())


def test_the_hook_checks_the_capabilities_of_a_commit(repository: Path) -> None:
    names = sorted(str(path.relative_to(repository)) for path in repository.rglob("*.y*ml"))
    committed = [n for n in names if re.search(HOOK["files"], n) and not re.search(HOOK["exclude"], n)]
    assert "compose.yaml" in committed
    program, *entry = HOOK["entry"].split()
    assert (program, HOOK["language"], HOOK["id"]) == ("naftiko", "python", "naftiko-validate")
    ended = run_naftiko(*entry, *committed, cwd=repository)
    assert ended.returncode == 1
    assert ended.stdout.endswith("\n2 files checked: 4 errors\n")
    assert run_naftiko(*entry, "compose.yaml", cwd=repository).returncode == 0


def test_the_hook_leaves_sandbox_files_alone() -> None:
    assert re.search(HOOK["exclude"], "capabilities/pixel-tracking.sandbox.yaml")


@pytest.mark.parametrize("config", [s for s in SNIPPETS if "repos" in s], ids=["changed", "all"])
def test_pre_commit_configurations_are_ones_and_run(config: dict[str, Any], repository: Path) -> None:
    jsonschema.validate(config, find_schema("JSON schema for .pre-commit-config.yaml"))
    (hook,) = config["repos"][0]["hooks"]
    assert hook["id"] == HOOK["id"]
    names = ["capabilities/broken.yml"] if hook.get("pass_filenames", True) else []
    ended = run_naftiko(*HOOK["entry"].split()[1:], *hook["args"], *names, cwd=repository)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_the_gitlab_job_writes_its_report(repository: Path, programs: Path) -> None:
    (config,) = [snippet for snippet in SNIPPETS if "script" in snippet.get("validate", {})]
    jsonschema.validate(config, find_schema("Gitlab CI configuration"))
    job = config["validate"]
    ended = bash("\n".join(job["script"]), repository, programs, {})
    assert ended.returncode == 1
    report = (repository / job["artifacts"]["reports"]["junit"]).read_text("utf-8")
    assert 'tests="2" failures="1"' in report


def test_the_github_workflows_use_the_action_as_it_is(repository: Path, programs: Path) -> None:
    (workflow,) = [s for s in SNIPPETS if "validate" in s.get("jobs", {})]
    _, step = workflow["jobs"]["validate"]["steps"]
    assert set(step["with"]) <= set(ACTION["inputs"])
    _, ended = act(step["with"], repository, programs)
    assert ended.returncode == 1
    (scan,) = [s for s in SNIPPETS if "scan" in s.get("jobs", {})]
    *_, upload = scan["jobs"]["scan"]["steps"]
    commands = [step["run"] for step in scan["jobs"]["scan"]["steps"] if "run" in step]
    assert bash("\n".join(commands), repository, programs, {}).returncode == 1
    assert '"version": "2.1.0"' in (repository / upload["with"]["sarif_file"]).read_text("utf-8")


def test_every_snippet_was_looked_at() -> None:
    assert len(SNIPPETS) == 5
