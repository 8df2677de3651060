"""Recommendations, and when they are not reported; errors in parts that are not served yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load, load_source
from naftiko_runtime.rules import RULES, Severity
from naftiko_runtime.source import parse_source as source

GOLDEN = Path(__file__).parents[2] / "diagnostics"
INFOS = sorted(rule.slug for rule in RULES.values() if rule.severity is Severity.INFO and rule.code.startswith("NK6"))
LINT = Overrides(lint=True)
RESOURCES = "resources: [{path: /x/, operations: [{name: o}]}]"
API = f"  consumes: [{{namespace: a, baseUri: 'https://api.example.com/', {RESOURCES}}}]\n"
SHARED = "naftiko: 1.0.0-alpha2\ninfo: {label: Shared}\n"


def find_slugs(text: str) -> list[str]:
    return [d.rule.slug for d in load_source(source(text.encode(), "x.yml"), LINT).diagnostics]


def messages(text: str, slug: str) -> list[str]:
    found = load_source(source(text.encode(), "x.yml"), LINT).diagnostics
    return [d.message for d in found if d.rule.slug == slug]


@pytest.mark.parametrize("slug", [slug for slug in INFOS if slug != "unused-ignore"])
def test_run_reports_no_info(slug: str) -> None:
    file = GOLDEN / f"{slug}.yml"
    assert slug in {d.rule.slug for d in load(file, LINT).diagnostics}
    assert Severity.INFO not in {d.severity for d in load(file).diagnostics}


@pytest.mark.parametrize("file", [Path(__file__).parents[3] / "capabilities" / "pixel-tracking.yaml"])
def test_a_good_file_has_no_findings(file: Path) -> None:
    assert [d.rule.slug for d in load(file, LINT).diagnostics] == ["unused-binding"]


def test_a_document_without_exposes_can_be_imported_and_not_run(tmp_path: Path) -> None:
    file = tmp_path / "shared.yml"
    file.write_text("naftiko: 1.0.0-alpha2\ncapability:\n" + API.replace("name: o", "name: o, body: '{{TOKEN}}'"))
    checked, started = load(file, LINT), load(file)
    assert {d.rule.slug: d.severity for d in checked.diagnostics} == {
        "import-only": Severity.WARNING,
        "example-host": Severity.INFO,
        "trailing-slash": Severity.INFO,
    }
    assert ("nothing-to-serve", Severity.ERROR) in {(d.rule.slug, d.severity) for d in started.diagnostics}
    assert started.plan is None


def test_a_document_with_nothing_at_all_is_an_error() -> None:
    assert find_slugs("naftiko: 1.0.0-alpha2\ncapability: {}\n") == ["nothing-to-serve"]


def test_a_shared_document_gets_findings_about_its_addresses_only() -> None:
    text = SHARED + API.removeprefix("  ")
    assert find_slugs(text) == ["example-host", "trailing-slash", "trailing-slash"]


def test_findings_in_another_file_are_reported_there(tmp_path: Path) -> None:
    (tmp_path / "shared.yml").write_text(SHARED + API.removeprefix("  "))
    file = tmp_path / "main.yml"
    file.write_text(
        "naftiko: 1.0.0-alpha2\ncapability:\n  consumes: [{location: shared.yml, import: a}]\n"
        "  exposes: [{type: rest, namespace: r, port: 1, resources: [{path: /, operations: [{call: a.o}]}]}]\n"
    )
    assert load(file, LINT).diagnostics == ()
    file.write_text(file.read_text().replace("operations: [{call: a.o}]", "forward: {targetNamespace: a}"))
    assert load(file, LINT).diagnostics == ()


def test_an_operation_that_a_misspelt_call_may_mean_is_not_unused() -> None:
    text = (
        "naftiko: 1.0.0-alpha2\ncapability:\n"
        "  consumes:\n"
        "  - {namespace: a, baseUri: 'http://a', resources: [{path: /, operations: [{name: one}, {name: two}]}]}\n"
        "  exposes: [{type: rest, namespace: r, port: 1, resources: [{path: /, operations: [{call: a.CALLED}]}]}]\n"
    )
    assert find_slugs(text.replace("CALLED", "oen")) == ["unresolved-call"]
    assert messages(text.replace("CALLED", "one"), "unused-operation") == [
        "operations of 'a' that nothing calls: 'two'"
    ]


@pytest.mark.parametrize(
    ("caller"),
    [
        "exposes: [{type: mcp, namespace: m, description: M, port: 1, tools: [{name: t, steps: [CALL]}]}]",
        "exposes: [{type: mcp, namespace: m, port: 1, resources: [{name: r, uri: 'r:', steps: [CALL]}]}]",
        "aggregates: [{namespace: g, functions: [{name: f, steps: [CALL]}]}]\n  exposes: [{type: control, port: 1}]",
    ],
)
def test_what_any_part_calls_is_used(caller: str) -> None:
    head = f"naftiko: 1.0.0-alpha2\ncapability:\n{API}  "
    call = "{type: call, name: s, call: a.o}"
    assert "unused-operation" not in find_slugs(head + caller.replace("CALL", call) + "\n")
    assert "unresolved-call" not in find_slugs(head + caller.replace("CALL", call) + "\n")
    assert messages(head + caller.replace("CALL", call.replace("a.o", "a.p")) + "\n", "unresolved-call") == [
        "no consumed operation 'a.p'"
    ]


STEPS = """\
ikanos: 1.0.0-beta5
capability:
  consumes: [{type: http, namespace: a, baseUri: 'http://a', resources: {x: {path: /, operations: {o: {method: GET}}}}}]
  exposes:
  - type: mcp
    namespace: m
    port: 1
    tools:
      t:
        description: In steps
        inputParameters: {id: {type: object}}
        steps:
          first-one: {type: call, call: a.o, with: {x: $.id.x, y: '{{env.Y}}', z: '{{m.z}}'}}
          second: {type: lookup, index: first-one, match: id, lookupValue: $.firstOne.id, outputParameters: [n]}
        mappings: [{target: n, value: $.second.n}]
  aggregates:
  - namespace: g
    flows:
      f:
        steps:
          first: {type: call, call: a.o}
          second: {type: lookup, index: SECOND, match: m, lookupValue: $.first}
"""


def test_steps_of_the_later_spelling_are_read() -> None:
    assert messages(STEPS.replace("SECOND", "first"), "unknown-step") == []
    assert messages(STEPS.replace("SECOND", "second"), "unknown-step") == ["a step cannot use its own output"]
    assert messages(STEPS.replace("$.firstOne", "$.third"), "unknown-step")[0] == "there is no step 'third'"


SKILLS = """\
ikanos: 1.0.0-beta5
capability:
  consumes: [{type: http, namespace: a, baseUri: 'http://a', resources: {x: {path: /, operations: {o: {method: GET}}}}}]
  exposes:
  - {type: rest, namespace: r, port: 1, resources: {x: {path: /, operations: {get: {method: GET, call: a.o}}}}}
  - type: skill
    namespace: s
    port: 2
    skills:
      one: {description: Reads, tools: {t: {description: T, from: {sourceNamespace: r, action: get}}}}
"""


def test_skills_of_the_later_spelling_are_read() -> None:
    assert messages(SKILLS, "unknown-action") == []
    assert messages(SKILLS.replace("action: get", "action: put"), "unknown-action") == [
        "'r' has no operation or tool 'put'"
    ]


def test_what_a_failed_import_may_bring_is_not_missed(tmp_path: Path) -> None:
    file = tmp_path / "main.yml"
    file.write_text(
        SKILLS.replace("sourceNamespace: r", "sourceNamespace: gone").replace(
            "  - type: skill", "  - {from: gone.yml, import: gone}\n  - type: skill"
        )
    )
    assert [d.rule.slug for d in load(file).diagnostics] == ["unreadable-file"]


def test_two_controls_on_a_served_port_are_reported_once() -> None:
    text = SKILLS + "  - {type: control, port: 1}\n  - {type: control, port: 1}\n"
    found = [slug for slug in find_slugs(text) if slug != "not-served-yet"]
    assert found == ["port-clash", "second-control"]
