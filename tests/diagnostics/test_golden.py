"""The output of ``naftiko validate`` for documents with errors, word for word.

Every ``<slug>.yml`` or ``<slug>--<case>.yml`` has its output beside it. ``UPDATE_GOLDEN=1 pytest tests/diagnostics``
writes the outputs anew, to be read before they are kept.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from naftiko_runtime.cli import main
from naftiko_runtime.render import render_findings
from naftiko_runtime.rules import RULES, Severity
from naftiko_runtime.sandbox_responses import read_responses
from naftiko_runtime.source import SourceError

HERE = Path(__file__).parent
DOCUMENTS = sorted(path.name for path in HERE.glob("*.yml"))
STRICT = sorted(path.name for path in (HERE / "strict").glob("*.yml"))
ONLY_WHEN_FIXING = {"root-path", "unlisted-placeholder", "value-prefix"}
SANDBOX = "unknown-sandbox-operation.yml"
OPERATIONS = frozenset({"registry.get-ship", "registry.list-ships"})
_FINDING = re.compile(r"^(?:[^\n]*?:\d+:\d+: )?(error|warning|info)\[([a-z-]+)\]: ", re.MULTILINE)


def agree(golden: Path, output: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(output, encoding="utf-8", newline="")
    assert output == golden.read_bytes().decode()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_output_is_the_golden_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    slug = name.removesuffix(".yml").partition("--")[0]
    result = CliRunner().invoke(main, ["validate", *(["--diff"] if slug in ONLY_WHEN_FIXING else []), name])
    assert slug in {found for _, found in _FINDING.findall(result.output)}
    agree(HERE / name.replace(".yml", ".txt"), result.output)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_exit_status_says_whether_there_is_an_error(name: str) -> None:
    result = CliRunner().invoke(main, ["validate", str(HERE / name)])
    severities = {severity for severity, _ in _FINDING.findall(result.output)}
    assert result.exit_code == ("error" in severities)


@pytest.mark.parametrize("name", STRICT)
def test_the_output_under_strict_is_the_golden_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / "strict")
    result = CliRunner().invoke(main, ["validate", "--strict", name])
    found = _FINDING.findall(result.output)
    assert name.removesuffix(".yml").partition("--")[0] in {slug for _, slug in found}
    assert result.exit_code == ("error" in {severity for severity, _ in found})
    agree(Path(name).with_suffix(".txt"), result.output)


@pytest.mark.parametrize("name", STRICT)
def test_what_only_strict_finds_is_not_found_without_it(name: str) -> None:
    result = CliRunner().invoke(main, ["validate", str(HERE / "strict" / name)])
    assert not {"non-standard", "strict-version"} & {slug for _, slug in _FINDING.findall(result.output)}


def test_the_output_for_a_sandbox_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / "sandbox")
    with pytest.raises(SourceError) as raised:
        read_responses(Path(SANDBOX), OPERATIONS)
    source = raised.value.source
    assert source is not None
    agree(
        Path(SANDBOX).with_suffix(".txt"),
        render_findings(raised.value.diagnostics, lambda span: source.get_line(span.line)),
    )


def test_every_rule_occurs_with_its_own_severity() -> None:
    found = {pair for path in HERE.rglob("*.txt") for pair in _FINDING.findall(path.read_text(encoding="utf-8"))}
    assert found == {(str(rule.severity), slug) for slug, rule in RULES.items()}


def test_codes_are_unique_and_fit_their_form() -> None:
    codes = [rule.code for rule in RULES.values()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"NK[1-6]\d\d", code) for code in codes)
    assert all(rule.severity in Severity for rule in RULES.values())


def test_no_golden_output_is_left_over() -> None:
    assert [path.name for path in HERE.rglob("*.txt") if not path.with_suffix(".yml").exists()] == []
