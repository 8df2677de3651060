"""From source to document: canonical models, and findings with places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import ValidationError

from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.document.consumes import ConsumedHttp, ImportedConsumes
from naftiko_runtime.document.exposes import McpExpose, OtherExpose, RestExpose, SkillExpose
from naftiko_runtime.document.normalize import LATER_VERSIONS, normalize
from naftiko_runtime.document.parse import parse
from naftiko_runtime.rules import Severity
from naftiko_runtime.source import parse_source

if TYPE_CHECKING:
    from naftiko_runtime.document.capability import Document

MINIMAL = "naftiko: 1.0.0-alpha2\ncapability:\n"
CONSUMED = MINIMAL + "  consumes:\n    - namespace: a\n      baseUri: http://a.example\n"
REST = MINIMAL + "  exposes:\n    - {type: rest, namespace: r, port: 1, resources: [{path: /, operations: [{"
TOOL = MINIMAL + "  exposes:\n    - {type: mcp, namespace: m, port: 1, tools: [{name: t, "
PORT = MINIMAL + "  exposes: [{type: mcp, namespace: a, port: "


def spoken(text: str | bytes, findings: Findings) -> Document | None:
    """The document of a text in whichever spelling."""
    source = normalize(parse_source(text.encode() if isinstance(text, str) else text, "x.yml"), findings)
    result = parse(source, findings) if source is not None else None
    return result.document if result is not None else None


def parsed(text: str) -> tuple[Document | None, list[tuple[str, int, int, str]]]:
    findings = Findings()
    result = spoken(text, findings)
    found = [(d.rule.slug, d.span.line, d.span.column, d.message) for d in findings.list_sorted() if d.span]
    return result, found


def document(text: str) -> Document:
    result, found = parsed(text)
    assert found == []
    assert result is not None
    return result


def slugs(text: str) -> list[tuple[str, int, int]]:
    return [found[:3] for found in parsed(text)[1]]


@pytest.mark.parametrize(
    "version", ["0.5", '"0.5"', "1.0.0-alpha1", "1.0.0-alpha2", "1.0.0-alpha3", "1.0.0-beta1", "1.0.0-beta5"]
)
def test_served_versions(version: str) -> None:
    text = version.strip('"')
    key = "ikanos" if text in LATER_VERSIONS else "naftiko"
    assert document(f"{key}: {version}\ncapability: {{}}\n").naftiko == text


@pytest.mark.parametrize(
    ("version", "slug"),
    [
        *((text, "newer-version") for text in ("1.0", "1.10", "1.0.0", "2.0.0-rc1", "1.0.0-beta6")),
        *((text, "spec-version") for text in ("one", "1", "true", "v1.0.0", "1.0.0-gamma", "''")),
    ],
)
def test_other_versions(version: str, slug: str) -> None:
    assert slugs(f"naftiko: {version}\ncapability: {{}}\n") == [(slug, 1, 10)]


LATER = """\
ikanos: 1.0.0-beta5
info: {display: Ships}
exposes:
  - type: mcp
    namespace: tools
    tools:
      get-ship:
        display: Get
        nmae: x
        inputParameters: {imo: {type: nothing}}
      list-ships:
"""


def test_maps_of_later_versions_are_lists_with_names() -> None:
    read = document(LATER.replace("        nmae: x\n", "").replace("nothing", "string"))
    (expose,) = read.capability.exposes
    assert isinstance(expose, McpExpose)
    assert read.info.label == "Ships"
    assert [(tool.name, tool.label) for tool in expose.tools] == [("get-ship", "Get"), ("list-ships", None)]
    assert [parameter.name for parameter in expose.tools[0].input_parameters] == ["imo"]


def test_what_is_in_maps_keeps_its_place() -> None:
    assert slugs(LATER.replace("        nmae: x\n", "")) == [("invalid-value", 9, 39)]
    assert ("unknown-key", 9, 9) in slugs(LATER.replace("nothing", "string").replace("nmae: x", "odd: x"))
    again = slugs(LATER.replace("ikanos: 1.0.0-beta5", "naftiko: 1.0.0-alpha2").replace("nothing", "string"))
    assert ("non-standard-key", 3, 1) in again
    assert ("non-standard-key", 6, 5) in again


@pytest.mark.parametrize("version", ["", "~", "[1]", "{a: 1}"])
def test_a_version_that_is_no_text_is_reported_once(version: str) -> None:
    assert [slug for slug, *_ in slugs(f"naftiko: {version}\ncapability: {{}}\n")] == ["wrong-type"]


@pytest.mark.parametrize("text", ["just text", "- a", "1", "~"])
def test_a_document_is_a_mapping(text: str) -> None:
    assert slugs(text) == [("wrong-type", 1, 1)]


def test_a_title_is_read_as_the_label() -> None:
    result, found = parsed("naftiko: 1.0.0-alpha2\ninfo: {title: Ships}\ncapability: {}\n")
    assert result is not None
    assert result.info.label == "Ships"
    assert [entry[:3] for entry in found] == [("non-standard-key", 2, 8)]


def test_a_title_beside_a_label_is_an_unknown_key() -> None:
    result, found = parsed("naftiko: 1.0.0-alpha2\ninfo: {title: A, label: B}\ncapability: {}\n")
    assert result is not None
    assert result.info.label == "B"
    assert [entry[0] for entry in found] == ["unknown-key"]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1.10", "1.10"),
        ("007", "007"),
        ("true", "true"),
        ("2026-05-19", "2026-05-19"),
        ("no", "no"),
        ("12:30:45", "12:30:45"),
    ],
)
def test_text_is_what_the_author_wrote(written: str, text: str) -> None:
    assert document(f"naftiko: 0.5\ninfo: {{label: {written}}}\ncapability: {{}}\n").info.label == text


def test_defaults_and_empty_lists() -> None:
    read = document("naftiko: 0.5\nbinds:\nconsumes:\ncapability:\n  exposes:\n  consumes:\n")
    assert (read.info.label, read.binds, read.consumes, read.capability.exposes) == ("", (), (), ())


def test_the_kinds_of_consumes_and_exposes() -> None:
    findings = Findings()
    text = """
naftiko: 0.5
capability:
  consumes:
    - {namespace: a, baseUri: http://a}
    - {import: b, location: ./b.yml}
    - {location: ./c.yml}
  exposes:
    - {type: rest, namespace: r, port: 1}
    - {type: mcp, namespace: m}
    - {type: skill, namespace: s, port: 2}
    - {type: control, whatever: 1}
    - {}
"""
    result = spoken(text, findings)
    assert findings.list_sorted() == ()
    assert result is not None
    capability = result.capability
    assert [type(part) for part in capability.consumes] == [ConsumedHttp, ImportedConsumes, ImportedConsumes]
    assert [type(part) for part in capability.exposes] == [
        RestExpose,
        McpExpose,
        SkillExpose,
        OtherExpose,
        OtherExpose,
    ]


@pytest.mark.parametrize(
    ("written", "method"), [("get", "GET"), ("Post", "POST"), ("HEAD", "HEAD"), ("OPTIONS", "OPTIONS")]
)
def test_methods_in_any_case(written: str, method: str) -> None:
    read = document(CONSUMED + f"      resources: [{{path: /, operations: [{{name: x, method: {written}}}]}}]\n")
    api = read.capability.consumes[0]
    assert isinstance(api, ConsumedHttp)
    assert api.resources[0].operations[0].method == method


@pytest.mark.parametrize(
    ("written", "value"), [("yes", True), ("no", False), ("on", True), ("off", False), ("true", True)]
)
def test_words_for_true_and_false_where_nothing_else_fits(written: str, value: bool) -> None:
    read = document(TOOL + f"hints: {{readOnly: {written}}}}}]}}\n")
    expose = read.capability.exposes[0]
    assert isinstance(expose, McpExpose)
    assert expose.tools[0].hints is not None
    assert expose.tools[0].hints.read_only is value


def test_parts_are_frozen_and_know_their_place() -> None:
    api = document(CONSUMED).capability.consumes[0]
    assert isinstance(api, ConsumedHttp)
    assert api.get_path("baseUri") == ("capability", "consumes", 0, "baseUri")
    with pytest.raises(ValidationError, match="frozen"):
        api.namespace = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "slug", "message"),
    [
        ("»naftiko: 0.5\n", "missing-key", "the key 'capability' is missing"),
        ("»capability: {}\n", "missing-key", "the key 'naftiko' is missing"),
        (REST + "method: »FETCH}]}]}", "invalid-value", "'FETCH' is not allowed for 'method'"),
        (REST + "inputParameters: [{»in: query}]}]}]}", "missing-key", "the key 'name' is missing"),
        (REST + "inputParameters: »5}]}]}", "wrong-type", "'inputParameters' takes a list, not a number"),
        (REST + "inputParameters: [»a]}]}]}", "wrong-type", "an entry of 'inputParameters' takes a mapping, not text"),
        (REST + "with: »[a]}]}]}", "wrong-type", "'with' takes a mapping, not a list"),
        (REST + "inputParameters: [{name: a, in: »5}]}]}]}", "invalid-value", "this value is not allowed for 'in'"),
        (TOOL + "label: »{a: 1}}]}", "wrong-type", "'label' takes text, not a mapping"),
        (TOOL + "hints: {readOnly: »maybe}}]}", "wrong-type", "'readOnly' takes true or false, not text"),
        (TOOL + "inputParameters: [{name: a, type: »text}]}]}", "invalid-value", "'text' is not allowed for 'type'"),
        (TOOL + "»callx: a.b}]}", "misspelt-key", "unknown key 'callx'"),
        (TOOL + "»frobnicate: 1}]}", "unknown-key", "unknown key 'frobnicate' is ignored"),
        (
            MINIMAL + "  consumes: [{namespace: a, baseUri: http://a.b, »tunnel: {}}]",
            "not-served-yet",
            "'tunnel' is not served yet",
        ),
        (MINIMAL + "  consumes: [»5]", "wrong-type", "an entry of 'consumes' takes a mapping, not a number"),
        (MINIMAL + "  consumes: [{»baseUri: a}]", "missing-key", "the key 'namespace' is missing"),
        (PORT + "»-1}]", "invalid-value", "'port' should be greater than or equal to 0"),
        (PORT + "»1.5}]", "wrong-type", "'port' takes a whole number, not a fraction"),
        (PORT + "»http}]", "wrong-type", "'port' takes a whole number, not text"),
        ("naftiko: 0.5\ninfo: {label: »}\ncapability: {}", "wrong-type", "'label' takes text, and has no value"),
    ],
)
def test_a_complaint_and_its_place(text: str, slug: str, message: str) -> None:
    before, _, after = text.partition("»")
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    assert parsed(before + after)[1] == [(slug, line, column, message)]


@pytest.mark.parametrize("key", ["label", "description", "hints", "steps", "outputParameters", "inputParameters"])
def test_an_optional_key_may_be_empty(key: str) -> None:
    assert parsed(TOOL + f"{key}: }}]}}")[1] == []


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        ("consumes: [{namespace: a, baseUri: b, resources: [{operations: []}]}]", "path"),
        ("exposes: [{type: rest, namespace: a, port: 1, resources: [{operations: []}]}]", "path"),
        ("exposes: [{type: rest, namespace: a}]", "port"),
        ("exposes: [{type: mcp, port: 1}]", "namespace"),
        ("consumes: [{namespace: a, baseUri: b, resources: [{path: c, operations: [{}]}]}]", "name"),
    ],
)
def test_every_required_key_is_asked_for_by_name(part: str, missing: str) -> None:
    ((slug, *_, message),) = parsed(MINIMAL + f"  {part}\n")[1]
    assert (slug, message) == ("missing-key", f"the key '{missing}' is missing")


def test_a_misspelt_required_key_is_reported_as_misspelt() -> None:
    findings = Findings()
    spoken(b"naftiko: 0.5\ncapabilty: {}\n", findings)
    (found,) = findings.list_sorted()
    assert found.help == "did you mean 'capability' instead of 'capabilty'?"


def test_all_findings_are_reported_in_the_order_of_the_file() -> None:
    text = "naftiko: 0.5\ninfo: {label: [a]}\ncapability:\n  exposes: [{type: rest, namespace: r}]\n  consumes: 5\n"
    assert [entry[:2] for entry in slugs(text)] == [("wrong-type", 2), ("missing-key", 4), ("wrong-type", 5)]


@pytest.mark.parametrize("anything", [{"a": 1}, [1], 5, "x"])
def test_parts_that_take_any_key_do_so(anything: Any) -> None:
    assert slugs(MINIMAL + f"  exposes: [{{type: control, management: {anything!r}}}]\n") == []


def test_warnings_do_not_keep_a_document_from_being_read() -> None:
    findings = Findings()
    assert spoken(b"naftiko: 9.9\ncontact: x\ncapability: {}\n", findings) is not None
    assert {d.severity for d in findings.list_sorted()} == {Severity.WARNING}
