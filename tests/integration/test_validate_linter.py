"""``naftiko validate`` as CI runs it: formats on standard output, inputs, configuration, comments, exit status."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from support.command import make_clean_environment, run_naftiko
from support.documents import BROKEN
from support.schemas import find_schema

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ["html", "pathspec", "rich", "tomllib", "watchfiles", "naftiko_runtime.cli.apply_ignore_comments"]
SARIF = "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
MACHINES = ["json", "github", "sarif", "junit"]

DOCUMENT = BROKEN.replace(
    "info:\n  label: Broken\n  description: It is\n", "info: {label: Things, description: Things}\n"
)
SOUND = DOCUMENT.replace("list-thing\n", "list-things\n").replace(
    "binds:\n- namespace: env\n  keys:\n    NEVER: NEVER\n", ""
)
SHARED = """\
naftiko: 1.0.0-alpha2
consumes:
- type: http
  namespace: api
  baseUri: https://things.example
  resources:
  - path: /things
    operations:
    - name: list-things
      method: FETCH
"""
IMPORTING = """\
naftiko: 1.0.0-alpha2
info: {label: Things, description: Things}
capability:
  consumes:
  - location: ./shared.yaml
    import: api
  exposes:
  - type: rest
    namespace: web
    port: 8080
    resources:
    - path: /things
      operations:
      - name: list
        call: api.list-things
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a broken, a sound, an imported and an ignored file, and files of other tools."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "caps" / "more").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    for name, text in {
        "caps/broken.yaml": DOCUMENT,
        "caps/more/sound.yml": SOUND,
        "caps/shared.yaml": SHARED.replace("FETCH", "GET"),
        "caps/chart.yaml": "{{- if .Values.x }}\nkind: Deployment\n{{ end }}\n",
        "caps/two.yaml": "a: 1\n---\nb: 2\n",
        "out/copy.yaml": DOCUMENT,
        ".gitignore": "/out/\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


CONCISE = (
    "caps/broken.yaml:6:5: warning[unused-binding] 'NEVER' is bound but never used "
    "(help: remove it, or use it as {{NEVER}})\n"
    "caps/broken.yaml:24:15: error[unresolved-call] no consumed operation 'api.list-thing' "
    "(help: did you mean 'api.list-things'?)\n"
)


def test_a_folder_is_walked_and_what_is_no_capability_left_alone(tree: Path) -> None:
    ended = run_naftiko("validate", ".", "--format", "concise", cwd=tree)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == CONCISE + "3 files checked: 1 error, 1 warning\n"
    assert run_naftiko("validate", "caps/*/*", "--quiet", cwd=tree).stdout == ""
    everything = run_naftiko("validate", ".", "--no-ignore", cwd=tree)
    assert everything.stdout.endswith("\n4 files checked: 2 errors, 2 warnings\n")


def test_a_slip_of_the_key_that_makes_a_capability_hides_none_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "slip.yaml").write_text("naftiko: 1.0.0-alpha2\ninfo: {label: x}\ncapabilty: {}\n")
    ended = run_naftiko("validate", ".", "--format", "concise", cwd=tmp_path)
    assert ended.returncode == 1
    assert "slip.yaml:3:1: error[" in ended.stdout
    assert "capability" in ended.stdout


@pytest.mark.parametrize("chosen", [("--select", "NK6"), ("--ignore", "NK1")])
def test_yaml_errors_are_reported_whatever_is_selected(tmp_path: Path, chosen: tuple[str, str]) -> None:
    (tmp_path / "odd.yaml").write_text("naftiko: [\n")
    ended = run_naftiko("validate", "odd.yaml", *chosen, cwd=tmp_path)
    assert ended.returncode == 1
    assert "error[yaml-syntax]" in ended.stdout


def test_choosing_no_rule_is_a_mistake(tree: Path) -> None:
    for arguments in (("--select", ""), ("--select", " , ")):
        ended = run_naftiko("validate", "caps", *arguments, cwd=tree)
        assert ended.returncode == 2
        assert "selects no rules" in ended.stderr
    (tree / "naftiko.toml").write_text("select = []\n")
    ended = run_naftiko("validate", "caps", cwd=tree)
    assert ended.returncode == 2
    assert "'select' selects no rules" in ended.stderr


def test_a_schema_that_cannot_be_written_is_an_error_on_one_line(tmp_path: Path) -> None:
    ended = run_naftiko("schema", "-o", tmp_path / "none" / "x.json")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "No such file or directory" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("form", MACHINES)
def test_standard_output_is_the_report_and_nothing_else(tree: Path, form: str) -> None:
    ended = run_naftiko("validate", "caps", "--format", form, cwd=tree)
    assert (ended.returncode, ended.stderr) == (1, "3 files checked: 1 error, 1 warning\n")
    assert run_naftiko("validate", "caps", "--format", form, "-q", cwd=tree).stderr == ""
    match form:
        case "json":
            assert [(f["file"], f["line"], f["slug"]) for f in json.loads(ended.stdout)] == [
                ("caps/broken.yaml", 6, "unused-binding"),
                ("caps/broken.yaml", 24, "unresolved-call"),
            ]
        case "github":
            assert ended.stdout.splitlines()[1].startswith("::error file=caps/broken.yaml,line=24,endLine=24,col=15,")
        case "sarif":
            jsonschema.Draft7Validator(find_schema(SARIF)).validate(json.loads(ended.stdout))
        case _:
            assert ET.fromstring(ended.stdout).get("failures") == "1"  # noqa: S314 - our own output


@pytest.mark.parametrize("form", MACHINES)
def test_a_clean_report_is_one_too(tree: Path, form: str) -> None:
    ended = run_naftiko("validate", "caps/more", "--format", form, cwd=tree)
    assert (ended.returncode, ended.stderr) == (0, "1 file checked: no findings\n")
    match form:
        case "json":
            assert json.loads(ended.stdout) == []
        case "github":
            assert ended.stdout == ""
        case "sarif":
            assert json.loads(ended.stdout)["runs"][0]["results"] == []
        case _:
            assert ET.fromstring(ended.stdout).get("tests") == "1"  # noqa: S314 - our own output


def test_names_are_the_checkout_s_in_github_s_jobs(tree: Path) -> None:
    environment = {"GITHUB_WORKSPACE": str(tree)}
    ended = run_naftiko("validate", ".", "--format", "github", cwd=tree / "caps", environment=environment)
    assert "file=caps/broken.yaml," in ended.stdout
    full = run_naftiko("validate", ".", cwd=tree / "caps", environment=environment | {"GITHUB_ACTIONS": "true"})
    assert full.stdout.startswith("broken.yaml:6:5: warning[")


def test_standard_input_has_a_name_and_imports_beside_it(tree: Path) -> None:
    ended = run_naftiko("validate", "-", "--format", "concise", cwd=tree, stdin=DOCUMENT)
    assert (ended.returncode, ended.stdout.splitlines()[0].split(": ")[0]) == (1, "<stdin>:6:5")
    named = run_naftiko("validate", "-", "--stdin-filename", "caps/new.yaml", cwd=tree, stdin=IMPORTING)
    assert (named.returncode, named.stdout) == (0, "1 file checked: no findings\n")
    nowhere = run_naftiko("validate", "-", cwd=tree, stdin=IMPORTING)
    assert nowhere.stdout.startswith("<stdin>:5:")
    assert run_naftiko("validate", "-", cwd=tree, stdin="a: [").returncode == 1


def test_a_finding_in_an_imported_file_is_reported_once(tree: Path) -> None:
    (tree / "caps/shared.yaml").write_text(SHARED)
    for name in ("one", "two"):
        (tree / f"caps/{name}.yaml").write_text(IMPORTING)
    ended = run_naftiko("validate", "caps/one.yaml", "caps/two.yaml", "--format", "concise", cwd=tree)
    assert [line.split(" ")[0] for line in ended.stdout.splitlines()] == ["caps/shared.yaml:10:15:", "2"]
    (tree / "caps/shared.yaml").write_text(SHARED.replace("FETCH", "FETCH  # naftiko: ignore[NK110]"))
    assert run_naftiko("validate", "caps/one.yaml", cwd=tree).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "found"),
    [
        ([], 1, {"unused-binding", "unresolved-call"}),
        (["--select", "NK205"], 0, {"unused-binding"}),
        (["--select", "NK205", "--error-on", "warning"], 1, {"unused-binding"}),
        (["--ignore", "unresolved-call,NK1"], 0, {"unused-binding"}),
        (["--ignore", "unresolved-call", "--ignore", "NK205"], 0, set()),
        (["--ignore", "unresolved-call", "--error-on", "info"], 1, {"unused-binding"}),
        (["--select", "NK2", "--ignore", "NK205"], 1, {"unresolved-call"}),
    ],
)
def test_rules_and_severities_are_chosen(tree: Path, arguments: list[str], status: int, found: set[str]) -> None:
    ended = run_naftiko("validate", "caps/broken.yaml", "--format", "json", *arguments, cwd=tree)
    assert (ended.returncode, {entry["slug"] for entry in json.loads(ended.stdout)}) == (status, found)


def test_a_configuration_counts_for_what_is_below_it(tree: Path) -> None:
    (tree / "pyproject.toml").write_text('[tool.naftiko.severity]\nNK201 = "warning"\nunused-binding = "off"\n')
    (tree / "caps/more/broken.yaml").write_text(DOCUMENT)
    (tree / "caps/more/naftiko.toml").write_text('ignore = ["NK201"]\nerror-on = "warning"\n')
    ended = run_naftiko("validate", "caps", "--format", "concise", cwd=tree)
    assert [line.split(" ")[1] for line in ended.stdout.splitlines()] == [
        "warning[unresolved-call]",
        "warning[unused-binding]",
        "files",
    ]
    assert ended.returncode == 1
    assert run_naftiko("validate", "caps/broken.yaml", cwd=tree).returncode == 0
    assert run_naftiko("validate", "caps", "--error-on", "error", cwd=tree).returncode == 0


def test_excluded_files_are_checked_when_they_are_named(tree: Path) -> None:
    (tree / "naftiko.toml").write_text('exclude = ["caps/broken.yaml"]\n')
    assert run_naftiko("validate", "caps", cwd=tree).stdout == "2 files checked: no findings\n"
    assert run_naftiko("validate", "caps/broken.yaml", cwd=tree).returncode == 1
    ended = run_naftiko("validate", "--skip-others", "caps/broken.yaml", "caps/shared.yaml", ".gitignore", cwd=tree)
    assert (ended.returncode, ended.stdout) == (0, "1 file checked: no findings\n")


def test_imports_may_leave_the_folder_as_the_configuration_says(tree: Path) -> None:
    (tree / "shared.yaml").write_text(SHARED.replace("FETCH", "GET"))
    (tree / "caps/one.yaml").write_text(IMPORTING.replace("./shared", "../shared"))
    assert run_naftiko("validate", "caps/one.yaml", cwd=tree).returncode == 1
    (tree / "naftiko.toml").write_text('allow-import = ["."]\n')
    assert run_naftiko("validate", "one.yaml", cwd=tree / "caps").returncode == 0


def test_a_wrong_configuration_is_status_2(tree: Path) -> None:
    (tree / "naftiko.toml").write_text('ignor = ["NK201"]\n')
    ended = run_naftiko("validate", "caps", cwd=tree)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "error: naftiko.toml: unknown key 'ignor'; did you mean 'ignore'?\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "unresolved-cal", "caps"], "did you mean 'unresolved-call'?"),
        (["--ignore", "NK999", "caps"], "no rule 'NK999'"),
        (["--format", "xml", "caps"], "'xml' is not one of"),
        (["caps/nothing/*.yaml"], "No file matches 'caps/nothing/*.yaml'."),
        (["caps/[ct]*.yaml"], "There is no capability file in 'caps/[ct]*.yaml'"),
        (["out", "nowhere.yaml"], "'nowhere.yaml' does not exist"),
        (["--stdin-filename", "x.yaml", "caps"], "FILE must be '-'"),
        (["--watch", "-"], "cannot watch standard input"),
        (["--watch", "--format", "sarif", "caps"], "not 'sarif'"),
    ],
)
def test_wrong_usage_is_named(tree: Path, arguments: list[str], message: str) -> None:
    ended = run_naftiko("validate", *arguments, cwd=tree)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert message in ended.stderr


def test_comments_silence_findings_of_validate_and_not_of_run(tree: Path) -> None:
    file = tree / "caps/broken.yaml"
    file.write_text(DOCUMENT.replace("list-thing\n", "list-thing  # naftiko: ignore[unresolved-call]\n"))
    ended = run_naftiko("validate", file, "--format", "concise")
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "1 file checked: 1 warning")
    ran = run_naftiko("run", file)
    assert ran.returncode == 1
    assert "error[unresolved-call]" in ran.stderr


def on_a_terminal(environment: dict[str, str], *arguments: str | Path) -> str:
    command = [sys.executable, "-m", "naftiko_runtime", *map(str, arguments)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, stdout=theirs, env=make_clean_environment(environment), stdin=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        output = b""
        try:
            while piece := os.read(ours, 65536):
                output += piece
        except OSError:  # how Linux says that the other end is closed
            pass
        process.wait()
    os.close(ours)
    return output.decode()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_colours_are_for_terminals(tree: Path, environment: dict[str, str], expected: bool) -> None:
    output = on_a_terminal(environment, "validate", tree / "caps")
    assert ("\x1b[31m" in output) is expected
    assert "error" in output


@pytest.mark.parametrize(
    ("environment", "form", "expected"),
    [
        ({"FORCE_COLOR": "1"}, "full", True),
        ({"FORCE_COLOR": "1"}, "concise", True),
        ({"FORCE_COLOR": "1"}, "github", False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "full", False),
        ({"FORCE_COLOR": ""}, "full", False),
    ],
)
def test_colours_can_be_forced(tree: Path, environment: dict[str, str], form: str, expected: bool) -> None:
    ended = run_naftiko("validate", tree / "caps", "--format", form, environment=environment)
    assert ("\x1b[" in ended.stdout) is expected


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_reports_for_machines_are_utf_8_everywhere(tree: Path, encoding: str) -> None:
    (tree / "é.yaml").write_text(DOCUMENT)
    command = [sys.executable, "-m", "naftiko_runtime", "validate", "é.yaml", "--format", "json", "-q"]
    environment = make_clean_environment({"PYTHONIOENCODING": encoding})
    ended = subprocess.run(command, check=False, capture_output=True, cwd=tree, env=environment)
    assert json.loads(ended.stdout.decode())[0]["file"] == "é.yaml"


def imported(folder: Path, *arguments: str) -> set[str]:
    script = (
        "import sys\nfrom naftiko_runtime.cli import main\n"
        f"try:\n    main({list(arguments)!r})\n"
        f"finally:\n    print('imported:', *set(sys.modules) & set({HEAVY!r}), file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", script]
    environment = {
        k: v for k, v in make_clean_environment().items() if not k.startswith("COV")
    }  # coverage imports much
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment)
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("imported:")]
    return set(line.split()[1:])


def test_only_what_is_needed_is_imported(tree: Path) -> None:
    assert imported(tree, "validate", "caps/broken.yaml") == set()
    assert imported(tree, "validate", "caps") == {"pathspec"}
    (tree / ".gitignore").unlink()
    assert imported(tree, "validate", "caps") == set()
    (tree / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert imported(tree, "validate", "caps") == set()
    (tree / "pyproject.toml").write_text("[tool.naftiko]\n")
    assert imported(tree, "validate", "caps") == {"tomllib"}


@pytest.mark.parametrize("name", ["a.yaml", "folder"])
def test_circular_links_are_reported_or_skipped(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(name)
    (tmp_path / "self").symlink_to(".")
    (tmp_path / "nowhere.yaml").symlink_to("missing")
    ended = run_naftiko("validate", ".", cwd=tmp_path)
    if name == "a.yaml":
        assert (ended.returncode, ended.stderr) == (1, "")
        assert "error[unreadable-file]: cannot read a.yaml: Too many levels of symbolic links" in ended.stdout
        ended = run_naftiko("run", ".", cwd=tmp_path)
        assert ended.returncode == 1
        assert "cannot read a.yaml" in ended.stderr
    else:
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.endswith("error: There is no capability file in '.'\n")
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("command", ["run", "validate"])
def test_an_empty_folder_is_named_as_it_was_given(tmp_path: Path, command: str) -> None:
    ended = run_naftiko(command, ".", cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.endswith("error: There is no capability file in '.'\n")
