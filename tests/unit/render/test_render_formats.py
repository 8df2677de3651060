"""Every format, word for word. ``UPDATE_GOLDEN=1`` writes the files. Read the diff before you keep them."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from naftiko_runtime import __version__
from naftiko_runtime.diagnostic import Span
from naftiko_runtime.render import CheckedFile
from naftiko_runtime.render.concise import render_concise
from naftiko_runtime.render.full import render_full
from naftiko_runtime.render.github import render_github
from naftiko_runtime.render.json import render_json
from naftiko_runtime.render.junit import render_junit
from naftiko_runtime.render.rule_pages import find_online_page, find_page, find_page_url, read_page, read_project_urls
from naftiko_runtime.render.sarif import render_sarif
from naftiko_runtime.rules import RULES, SYNTAX, UNREADABLE, UNRESOLVED_CALL, UNUSED_BINDING, UNUSED_IGNORE, Severity
from support.findings import make_finding
from support.schemas import find_schema

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ROOT = str(Path.cwd())
SARIF = "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
SHARED = make_finding(
    UNUSED_BINDING, "'X' is never used", Span("caps/a, b: 100%.yml", 3, 5, 3, 6), None, Severity.WARNING
)
FILES = (
    CheckedFile(
        "caps/ships.yml",
        (
            replace(
                make_finding(
                    UNRESOLVED_CALL, "no operation 'a<b>&\"c\"'", Span("caps/ships.yml", 2, 9, 2, 12), "say 100%"
                ),
                related=Span("caps/more ships.yml", 7, 3, 7, 9),
            ),
            make_finding(UNRESOLVED_CALL, "no operation \x1b[31m\x00", Span("caps/ships.yml", 2, 9, 2, 12)),
            make_finding(UNUSED_IGNORE, "nothing", Span("caps/ships.yml", 4, 1, 6, 2), "remove it", Severity.INFO),
            SHARED,
        ),
        lambda span: "  call: a.b" if span.line == 2 else "",
    ),
    CheckedFile("clean.yml", ()),
    CheckedFile(
        "/else where/é.yml", (SHARED, make_finding(UNREADABLE, "cannot read it", None)), fails_on=Severity.WARNING
    ),
)


def written(form: str) -> str:
    match form:
        case "full":
            return render_full(FILES)
        case "concise":
            return render_concise(FILES)
        case "json":
            return render_json(FILES).replace(f"{(REPOSITORY / 'docs' / 'rules').as_uri()}/", "PAGES/")
        case "github":
            return render_github(FILES, root=ROOT)
        case "sarif":
            return render_sarif(FILES, root=ROOT).replace(f'"version": "{__version__}"', '"version": "VERSION"')
        case _:
            return render_junit(FILES)


@pytest.mark.parametrize("form", ["full", "concise", "json", "github", "sarif", "junit"])
def test_a_report_is_the_golden_one(form: str) -> None:
    golden = HERE / f"report.{form}"
    report = written(form)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(report, encoding="utf-8", newline="")
    assert report == golden.read_bytes().decode()


def test_sarif_keeps_to_the_published_schema() -> None:
    schema = find_schema(SARIF)
    validator = jsonschema.Draft7Validator(schema)
    log = json.loads(written("sarif"))
    assert [error.message for error in validator.iter_errors(log)] == []
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert not validator.is_valid(log)


def test_sarif_results_name_their_rules_and_files() -> None:
    (run,) = json.loads(written("sarif"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [r["ruleId"] for r in run["results"]]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in run["results"]]
    assert [unquote(place["uri"]) for place in places] == [
        *["caps/ships.yml"] * 3,
        "caps/a, b: 100%.yml",
        "file:///else where/é.yml",
    ]
    assert ["uriBaseId" in place for place in places] == [True, True, True, True, False]


def test_sarif_rules_have_a_description_and_a_page() -> None:
    (run,) = json.loads(written("sarif"))["runs"]
    for described in run["tool"]["driver"]["rules"]:
        rule = RULES[described["name"]]
        assert described["fullDescription"]["text"] == f"{rule.summary} {rule.remedy}"
        assert described["help"]["markdown"] == read_page(rule)
        assert f"naftiko explain {rule.slug}" in described["help"]["text"]
        assert ("helpUri" in described) is (find_online_page(rule, read_project_urls()) is not None)


def test_a_page_is_on_the_web_where_the_package_has_a_repository() -> None:
    pages = "blob/main/docs/rules/yaml-syntax.md"
    assert find_online_page(SYNTAX, {"Source": "https://git.example/ships/"}) == f"https://git.example/ships/{pages}"
    assert find_online_page(SYNTAX, {"Homepage": "https://ships.example"}) is None
    assert find_page_url(SYNTAX) == find_page(SYNTAX).as_uri()
    assert find_page(SYNTAX).is_file()
    assert read_project_urls() == dict(PYPROJECT.get("urls", {}))


def test_names_are_relative_to_the_checkout() -> None:
    found = [CheckedFile("a.yml", (make_finding(SYNTAX, "bad", Span("a.yml", 1, 1, 1, 2)),))]
    root, here = os.path.split(ROOT)
    assert f"file={here}/a.yml," in render_github(found, root=root)
    assert json.loads(render_sarif(found, root=root))["runs"][0]["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ] == {"uri": f"{here}/a.yml", "uriBaseId": "%SRCROOT%"}


def test_sarif_fingerprints_survive_moved_lines_and_distinguish_similar_findings() -> None:
    def marks(first: int) -> list[str]:
        spans = [Span("a.yml", line, 1, line, 4) for line in (first, first + 5)]
        found = tuple(make_finding(SYNTAX, "bad", span) for span in spans)
        (run,) = json.loads(render_sarif([CheckedFile("a.yml", found, lambda _: "  same: line")], root=ROOT))["runs"]
        return [result["partialFingerprints"]["naftikoLine/v2"] for result in run["results"]]

    assert marks(3) == marks(30)
    assert len(set(marks(3))) == 2


@given(st.text(min_size=1), st.text(), st.text())
def test_no_text_breaks_a_format(file: str, message: str, advice: str) -> None:
    found = make_finding(UNRESOLVED_CALL, message, Span(file, 1, 1, 1, 2), advice)
    report = [CheckedFile(file, (found,), lambda _: message)]
    assert json.loads(render_json(report))[0]["message"] == message.encode("utf-8", "replace").decode()
    suites = ET.fromstring(render_junit(report).encode())  # noqa: S314 - our own output
    assert suites.find("testsuite/testcase/failure") is not None
    assert len(render_concise(report).splitlines()) == 1
    (command,) = re.split(r"[\r\n]", render_github([CheckedFile("x", (found,))], root=ROOT).removesuffix("\n"))
    properties = command.removeprefix("::error ").split("::", 1)[0]
    assert [part.split("=")[0] for part in properties.split(",")] == [
        "file",
        "line",
        "endLine",
        "col",
        "endColumn",
        "title",
    ]
    assert not re.search("%(?!25|0D|0A|3A|2C)", command)


def test_junit_has_a_suite_a_file_and_counts_what_fails() -> None:
    suites = ET.fromstring(render_junit(FILES))  # noqa: S314 - our own output
    assert (suites.get("tests"), suites.get("failures")) == ("3", "2")
    names = [(suite.get("name"), suite.get("failures")) for suite in suites]
    assert names == [("caps/ships.yml", "1"), ("clean.yml", "0"), ("/else where/é.yml", "1")]
    outputs = [suite.findtext("testcase/system-out") or "" for suite in suites]
    assert ["unused-binding" in output for output in outputs] == [True, False, False]


def test_a_finding_of_an_imported_file_is_rendered_once() -> None:
    assert written("concise").count("never used") == 1
    assert len(json.loads(written("json"))) == 5


def test_every_rule_has_a_level() -> None:
    found = tuple(make_finding(rule, "x", Span("a.yml", 1, 1, 1, 2), None, rule.severity) for rule in RULES.values())
    (run,) = json.loads(render_sarif([CheckedFile("a.yml", found)], root=ROOT))["runs"]
    assert {r["level"] for r in run["results"]} == {"error", "warning", "note"}
    assert len(run["tool"]["driver"]["rules"]) == len(RULES)
