"""Documents without a capability: what an importing document may complete is not an error."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import click
import pytest

from naftiko_runtime.cli.find_input_files import discover_runnable
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.source import SourceCache

if TYPE_CHECKING:
    from pathlib import Path

FRAGMENT = dedent("""\
    ikanos: 1.0.0-beta5
    exposes:
      - type: rest
        namespace: web
        port: 8080
        resources:
          ships:
            path: /ships/{imo}
            operations:
              get: {method: GET, call: registry.get, with: {imo: web.imo}}
            forward: {targetNamespace: registry}
      - type: mcp
        namespace: tools
        port: 9090
        description: Ships
        tools:
          get-ship: {description: Gets one, call: registry.get, inputParameters: {imo: {type: string, description: A}}}
      - type: skill
        namespace: skills
        port: 8081
        skills: {fleet: {description: Ships, tools: {get: {description: A, from: {sourceNamespace: other, action: b}}}}}
    """)
WITHOUT_SKILL = FRAGMENT[: FRAGMENT.index("  - type: skill")]
CAPABILITY = dedent("""\
    ikanos: 1.0.0-beta5
    info: {display: Ships, description: Ships}
    capability:
      consumes:
        - type: http
          namespace: registry
          baseUri: https://registry.acme.io
          resources:
            ships: {path: "/ships/{imo}", inputParameters: {imo: {in: path}}, operations: {get: {method: GET}}}
      exposes:
        - {from: ./shared.yml, import: web}
        - {from: ./shared.yml, import: tools}
    """)


def describe_errors(folder: Path, text: str, *, lint: bool = True) -> list[str]:
    file = folder / "file.yml"
    file.write_text(text, encoding="utf-8")
    errors = [d for d in load(file, Overrides(lint=lint)).diagnostics if d.severity == "error"]
    return [f"{d.rule.slug}: {d.message}" for d in errors]


UNRESOLVED = [
    "unresolved-call: no consumed operation 'registry.get'",
    "unresolved-call: no consumed API 'registry'",
    "unresolved-call: no consumed operation 'registry.get'",
]


def test_what_an_importer_may_consume_is_no_error(tmp_path: Path) -> None:
    assert describe_errors(tmp_path, FRAGMENT) == []


@pytest.mark.parametrize("head", ["naftiko: 1.0.0-alpha2", "ikanos: 1.0.0-beta1"])
def test_so_it_is_in_every_version(head: str, tmp_path: Path) -> None:
    assert describe_errors(tmp_path, WITHOUT_SKILL.replace("ikanos: 1.0.0-beta5", head)) == []


def test_it_is_one_where_the_file_runs_or_is_whole(tmp_path: Path) -> None:
    assert describe_errors(tmp_path, WITHOUT_SKILL, lint=False) == UNRESOLVED
    head, _, rest = WITHOUT_SKILL.partition("\n")
    whole = f"{head}\ncapability:\n" + "".join(f"  {line}\n" for line in rest.splitlines())
    assert describe_errors(tmp_path, whole) == UNRESOLVED


def test_a_slip_is_one(tmp_path: Path) -> None:
    consumes = CAPABILITY[CAPABILITY.index("  consumes:") : CAPABILITY.index("  exposes:")]
    text = WITHOUT_SKILL + dedent(consumes)
    assert describe_errors(tmp_path, text) == []
    assert describe_errors(tmp_path, text.replace("call: registry.get, with", "call: regstry.get, with")) == [
        "unresolved-call: no consumed operation 'regstry.get'"
    ]
    assert describe_errors(tmp_path, text.replace("call: registry.get, with", "call: registry.gt, with")) == [
        "unresolved-call: no consumed operation 'registry.gt'"
    ]


def test_it_is_one_where_the_importer_does_not_complete_it(tmp_path: Path) -> None:
    (tmp_path / "shared.yml").write_text(WITHOUT_SKILL, encoding="utf-8")
    assert describe_errors(tmp_path, CAPABILITY) == []
    assert describe_errors(tmp_path, CAPABILITY.replace("namespace: registry", "namespace: other")) == UNRESOLVED


def test_a_folder_runs_what_imports_it_instead(tmp_path: Path) -> None:
    for name, text in (("shared.yml", WITHOUT_SKILL), ("main.yml", CAPABILITY), ("none.yml", "naftiko: [")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert [file.name for file in discover_runnable([tmp_path], SourceCache())] == ["main.yml", "none.yml"]
    (tmp_path / "main.yml").unlink()
    assert [file.name for file in discover_runnable([tmp_path], SourceCache())] == ["none.yml", "shared.yml"]
    assert discover_runnable([tmp_path / "shared.yml"], SourceCache()) == [tmp_path / "shared.yml"]
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(click.UsageError):
        discover_runnable([tmp_path], SourceCache())


@pytest.mark.parametrize(
    "location", ["./sh a.yml", "file://./sh%20a.yml", "file:///./sh%20a.yml", "file:///../x/sh%20a.yml"]
)
def test_a_location_of_a_folders_import_is_read_as_the_import_reads_it(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "sh a.yml").write_text(WITHOUT_SKILL, encoding="utf-8")
    (folder / "main.yml").write_text(CAPABILITY.replace("./shared.yml", location), encoding="utf-8")
    assert [file.name for file in discover_runnable([folder], SourceCache())] == ["main.yml"]
