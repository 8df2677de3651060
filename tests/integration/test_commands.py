"""The commands around those that check and serve: the first steps, explanations, and completion in a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("naftiko")
CAPABILITY = "naftiko: 1.0.0-alpha2\ncapability: {exposes: [{type: mcp, namespace: a, port: 9090, tools: []}]}\n"


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_alone_it_shows_what_to_do_first_without_files(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("There is no capability file in this folder.\n")
    assert "\n  naftiko import openapi SPEC " in done.stdout
    assert "\n  naftiko validate FILE " in done.stdout
    assert "\n  naftiko --help " in done.stdout


def test_alone_it_shows_what_to_do_first_with_the_files_of_the_folder(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.yaml").write_text(CAPABILITY)
    done = run(tmp_path)
    assert done.stdout.splitlines()[:7] == [
        "This folder has 7 capability files:",
        *(f"  {number}.yaml" for number in range(5)),
        "  and 2 more",
    ]
    assert "\n  naftiko run 0.yaml --sandbox " in done.stdout


def test_validate_without_a_file_checks_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.yaml").write_text(CAPABILITY)
    assert "1 file checked" in run(tmp_path, "validate").stdout


def test_run_without_a_file_serves_the_current_folder(tmp_path: Path) -> None:
    done = run(tmp_path, "run")
    assert done.returncode == 2
    assert done.stderr.endswith("\nerror: There is no capability file in '.'\n")
    (tmp_path / "a.yaml").write_text("naftiko: 1.0.0-alpha2\ncapability: {exposes: [{type: resst}]}\n")
    done = run(tmp_path, "run")
    assert done.returncode == 1
    assert done.stderr.startswith("a.yaml:2:31: error[unknown-expose-type]")


def test_an_option_that_took_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CAPABILITY)
    done = run(tmp_path, "run", "--sandbox", "a.yaml")
    assert done.returncode == 2
    assert "'--sandbox' took 'a.yaml' as its value; write it after FILE" in done.stderr


def test_a_rule_is_explained(tmp_path: Path) -> None:
    assert run(tmp_path, "explain", "NK201").stdout == run(tmp_path, "explain", "unresolved-call").stdout
    done = run(tmp_path, "explain", "unresolved-cal")
    assert done.returncode == 2
    assert "did you mean 'unresolved-call'?" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("naftiko", "val"), {"validate"}),
        (("naftiko", "explain", "unresolved-"), {"unresolved-call"}),
        (("naftiko", "explain", "nk20"), {f"NK20{digit}" for digit in range(1, 10)}),
    ],
    ids=["command", "rule", "code"],
)
def test_the_script_of_a_shell_gets_completions(
    tmp_path: Path, shell: str, words: tuple[str, ...], offered: set[str]
) -> None:
    """Asked as the printed scripts ask."""
    script = run(tmp_path, "completion", shell).stdout
    assert f"_NAFTIKO_COMPLETE={shell}_complete" in script
    number = {} if shell == "fish" else {"COMP_CWORD": str(len(words) - 1)}
    asked = {"COMP_WORDS": " ".join(words)} if number else {"COMP_WORDS": " ".join(words), "COMP_CWORD": words[-1]}
    printed = run(tmp_path, _NAFTIKO_COMPLETE=f"{shell}_complete", **asked, **number).stdout
    assert offered <= set(re.split(r"[\n,\t]", printed))


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_a_command(tmp_path: Path) -> None:
    lines = [
        f'eval "$({PROGRAM} completion bash)"',
        "complete -p naftiko >/dev/null",
        "COMP_WORDS=(naftiko val) COMP_CWORD=1",
        f"_naftiko_completion {PROGRAM}",
        'printf "%s\\n" "${COMPREPLY[@]}"',
    ]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["validate"]
