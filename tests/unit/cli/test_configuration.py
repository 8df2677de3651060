"""The settings of ``naftiko.toml`` and ``pyproject.toml``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from naftiko_runtime.cli.configuration import NONE, Configuration, ConfigurationError, Configurations
from naftiko_runtime.cli.rule_names import UnknownRule, expand_rule
from naftiko_runtime.cli.rule_selection import Selection
from naftiko_runtime.rules import RULES, RULES_VERSION, Severity
from support.findings import make_finding


def read(folder: Path, text: str, name: str = "naftiko.toml") -> Configuration:
    (folder / name).write_text(text)
    return Configurations().find(folder)


def test_every_key(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    text = (
        'select = ["NK2"]\nignore = ["unused-binding"]\nerror-on = "info"\nexclude = ["old/"]\n'
        'allow-import = ["shared"]\n[severity]\nNK209 = "error"\nunresolved-call = "off"\n'
    )
    found = read(tmp_path, text)
    assert found.select is not None
    assert {RULES[slug].code[:3] for slug in found.select} == {"NK2"}
    assert found.ignore == {"unused-binding"}
    assert found.error_on is Severity.INFO
    assert found.severity == {"unused-input": Severity.ERROR, "unresolved-call": None}
    assert found.allowed_imports == (tmp_path / "shared",)
    table = text.replace("[severity]", "[tool.naftiko.severity]")
    (tmp_path / "naftiko.toml").unlink()
    assert read(tmp_path, f"[tool.naftiko]\n{table}", "pyproject.toml") == found


def test_the_nearest_counts_and_they_are_not_merged(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.naftiko]\nignore = ["NK2"]\n')
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\nnaftiko = 1\n")
    assert Configurations().find(inner).folder == tmp_path
    (tmp_path / "a" / "naftiko.toml").write_text("")
    assert Configurations().find(inner) == Configuration(tmp_path / "a")


def test_its_own_file_wins_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.naftiko]\nerror-on = "info"\n')
    assert read(tmp_path, 'error-on = "warning"\n').error_on is Severity.WARNING


def test_a_repository_ends_the_search(tmp_path: Path) -> None:
    (tmp_path / "naftiko.toml").write_text('error-on = "info"\n')
    inner = tmp_path / "repository" / "caps"
    inner.mkdir(parents=True)
    assert Configurations().find(inner).error_on is Severity.INFO
    (tmp_path / "repository" / ".git").write_text("gitdir: elsewhere\n")
    assert Configurations().find(inner) == NONE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('selct = ["NK2"]', "unknown key 'selct'; did you mean 'select'?"),
        ('select = ["unresolved-cal"]', "'select': no rule 'unresolved-cal'; did you mean 'unresolved-call'?"),
        ('ignore = ["NK999"]', "'ignore': no rule 'NK999'"),
        ('ignore = "NK2"', "'ignore' must be a list of texts"),
        ("exclude = [1]", "'exclude' must be a list of texts"),
        ('error-on = "fatal"', "'error-on' must be one of error, warning, info, not 'fatal'"),
        ("error-on = [1]", "'error-on' must be one of error, warning, info, not [1]"),
        ("severity = 1", "'severity' must be a table of rules and severities"),
        ('severity = {NK201 = "of"}', "'severity.NK201' must be one of error, warning, info, off, not 'of'"),
        ("severity = {NK201 = []}", "'severity.NK201' must be one of error, warning, info, off, not []"),
        ('severity = {nothing = "off"}', "'severity': no rule 'nothing'"),
        ("rules-version = 3", "'rules-version' must be one of 1, 2, not 3"),
        ("rules-version = 0", "'rules-version' must be one of 1, 2, not 0"),
        ('rules-version = "2"', "'rules-version' must be one of 1, 2, not '2'"),
        ("rules-version = true", "'rules-version' must be one of 1, 2, not True"),
        ('allow-import = ["nowhere"]', "'allow-import': there is no folder"),
    ],
)
def test_faults_are_named_with_their_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, text)
    assert raised.value.exit_code == 2
    assert "naftiko.toml: " in raised.value.message
    assert message in raised.value.message
    (tmp_path / "naftiko.toml").unlink()
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml: \[tool\.naftiko\]: ") as raised:
        read(tmp_path, f"[tool.naftiko]\n{text}", "pyproject.toml")
    assert message in raised.value.message


@pytest.mark.parametrize("content", [b"[tool.naftiko]\na = ", b"[tool.naftiko]\n\xff", b"[tool]\nnaftiko = 1"])
def test_an_invalid_configuration_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml"):
        Configurations().find(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '[tool.naftiko]\nerror-on = "info"',
        '[ tool . "naftiko" ]\nerror-on = "info"',
        '[tool]\nnaftiko.error-on = "info"',
        '[tool]\nnaftiko = {error-on = "info"}',
        'tool.naftiko.error-on = "info"',
        'tool = {naftiko = {error-on = "info"}}',
    ],
)
def test_every_spelling_of_a_table_is_seen(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, f'{text}\n[project]\nname = "naftiko"\n', "pyproject.toml")
    assert found.error_on is Severity.INFO


def test_another_tool_s_broken_file_is_none_of_our_business(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.black\n")
    assert Configurations().find(tmp_path).select is None


@pytest.mark.parametrize(
    ("pattern", "path", "left_out"),
    [
        ("drafts/", "drafts/a.yaml", True),
        ("drafts/", "x/drafts/a.yaml", True),
        ("/drafts/", "x/drafts/a.yaml", False),
        ("*.old.yaml", "x/a.old.yaml", True),
        ("a/**/b.yaml", "a/c/d/b.yaml", True),
        ("a/*.yaml", "a/c/b.yaml", False),
    ],
)
def test_exclusions_are_relative_to_their_file(tmp_path: Path, pattern: str, path: str, left_out: bool) -> None:
    assert Configuration(tmp_path, exclude=(pattern,)).excludes(tmp_path / path) is left_out


@pytest.mark.parametrize(("word", "count"), [("NK", len(RULES)), ("nk201", 1), ("unresolved-call", 1)])
def test_words_name_rules(word: str, count: int) -> None:
    assert len(expand_rule(word)) == count


@pytest.mark.parametrize("word", ["", "N", "NK9", "NK2011", "Unresolved-Call", "NK2*"])
def test_other_words_do_not(word: str) -> None:
    with pytest.raises(UnknownRule):
        expand_rule(word)


def filter_severities(selection: Selection, configuration: Configuration) -> dict[str, Severity]:
    found = [
        make_finding(RULES[slug], "x", None, None, RULES[slug].severity) for slug in ("unresolved-call", "unused-input")
    ]
    return {d.rule.slug: d.severity for d in selection.filter_findings(found, configuration)}


CALL, INPUT = frozenset({"unresolved-call"}), frozenset({"unused-input"})


@pytest.mark.parametrize(
    ("selection", "configuration", "expected"),
    [
        (Selection(), NONE, CALL | INPUT),
        (Selection(), Configuration(select=CALL), CALL),
        (Selection(), Configuration(ignore=CALL), INPUT),
        (Selection(), Configuration(severity={"unused-input": None}), CALL),
        (Selection(select=CALL), Configuration(select=INPUT, ignore=CALL, severity={"unresolved-call": None}), CALL),
        (Selection(ignore=CALL), Configuration(ignore=INPUT), frozenset()),
        (Selection(select=CALL | INPUT, ignore=CALL), NONE, INPUT),
    ],
)
def test_the_command_line_wins(selection: Selection, configuration: Configuration, expected: frozenset[str]) -> None:
    assert set(filter_severities(selection, configuration)) == expected


def test_severities_are_the_configuration_s() -> None:
    severity = {"unresolved-call": Severity.INFO, "unused-input": Severity.ERROR}
    assert filter_severities(Selection(), Configuration(severity=severity)) == severity


def test_a_pinned_version_leaves_out_later_rules(tmp_path: Path) -> None:
    later = [slug for slug, rule in RULES.items() if rule.since == 2 and rule.severity is not Severity.ERROR]
    assert "hidden-text" in later
    pinned, newest = read(tmp_path, "rules-version = 1\n"), read(tmp_path, f"rules-version = {RULES_VERSION}\n")
    assert not any(map(pinned.selects, later))
    assert all(map(newest.selects, later))
    assert pinned.selects("tool-name")
    assert RULES["invalid-skill"].since == 2
    assert pinned.selects("invalid-skill")  # an error: the file does not run
    found = [make_finding(RULES[slug], "x", None) for slug in ("hidden-text", "tool-name")]
    assert [finding.rule.slug for finding in Selection().filter_findings(found, pinned)] == ["tool-name"]
    named = Selection(select=frozenset({"hidden-text"}))
    assert [finding.rule.slug for finding in named.filter_findings(found, pinned)] == ["hidden-text"]


def test_a_rule_that_the_pinned_version_lacks_cannot_be_named(tmp_path: Path) -> None:
    message = "'{}': 'hidden-text' is in rules-version 2 and later, and not in 1"
    for key, text in (("select", 'select = ["hidden-text"]\n'), ("severity", '[severity]\nhidden-text = "error"\n')):
        with pytest.raises(ConfigurationError, match=re.escape(message.format(key))):
            read(tmp_path, f"rules-version = 1\n{text}")
    assert read(tmp_path, 'rules-version = 1\nselect = ["NK6"]\n').selects("example-host")


def test_versions_grow_and_the_page_lists_them() -> None:
    assert {rule.since for rule in RULES.values()} == set(range(1, RULES_VERSION + 1))
    page = (Path(__file__).parents[3] / "docs" / "validating.md").read_text(encoding="utf-8")
    for version in range(2, RULES_VERSION + 1):
        names = ", ".join(f"`{slug}`" for slug, rule in RULES.items() if rule.since == version)
        assert f"| {version} | {names} |" in page


def test_the_rules_of_the_first_version_are_these() -> None:
    """A new rule belongs to a new version, and a version does not change once it is released."""
    listed = (Path(__file__).parent / "rules-version-1.txt").read_text(encoding="utf-8").split()
    assert sorted(slug for slug, rule in RULES.items() if rule.since == 1) == listed
