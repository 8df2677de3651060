"""The output of ``naftiko validate --fix``, byte for byte.

Every ``<name>.yml`` has the fixed file, ``<name>.fixed.yml``, and what ``--diff`` shows, ``<name>.txt``, beside it.
``UPDATE_GOLDEN=1 pytest tests/fix`` writes them anew, to be read before they are kept.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from naftiko_runtime.cli import main

HERE = Path(__file__).parent
DOCUMENTS = sorted(path.stem for path in HERE.glob("*.yml") if not path.stem.endswith(".fixed"))


def agree(golden: Path, output: bytes) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(output)
    assert output == golden.read_bytes()


def validate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["validate", *map(str, arguments)], catch_exceptions=False)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_fixed_file_is_the_golden_one(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.yml"
    file.write_bytes((HERE / f"{name}.yml").read_bytes())
    validate("--fix", file)
    agree(HERE / f"{name}.fixed.yml", file.read_bytes())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_diff_and_what_remains_are_the_golden_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    agree(HERE / f"{name}.txt", validate("--diff", f"{name}.yml").output_bytes)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_fixed_file_stays_as_it_is(name: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yml"
    before = (HERE / f"{name}.fixed.yml").read_bytes()
    file.write_bytes(before)
    assert validate("--fix", file).output.endswith("fixed 0 findings in 0 files\n")
    assert file.read_bytes() == before


def test_no_golden_file_is_left_over() -> None:
    goldens = {path.name.partition(".")[0] for path in HERE.iterdir() if path.suffix in (".yml", ".txt")}
    assert goldens == set(DOCUMENTS)


@pytest.mark.parametrize(
    ("slip", "line"),
    [
        ("tool: one", "tools: []"),
        ("port: 9090, tool: one", "port: 9090, tools: []"),
        ("port: 9090, addres: [a]", "port: 9090"),
    ],
)
def test_a_fix_never_leaves_a_new_error_where_it_was_made(slip: str, line: str, tmp_path: Path) -> None:
    def errors(text: str) -> list[str]:
        file = tmp_path / "ships.yml"
        file.write_text(text, encoding="utf-8")
        before = validate(file).output
        validate("--fix", file)
        after = validate(file).output
        return [part for part in re.findall(r"error\[[a-z-]+\]: .*", after) if part not in before]

    text = "naftiko: 1.0.0-alpha2\ncapability:\n  exposes:\n    - {type: mcp, namespace: ships, description: x, %s}\n"
    assert errors(text % slip) == []
    assert errors(text % line) == []
