"""``--strict``: the text and the place of deviations, without duplicates."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.document import normalize
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load_source
from naftiko_runtime.rules import Severity
from naftiko_runtime.source import parse_source
from naftiko_runtime.strict import check

STANDARD = sorted((Path(__file__).parents[2] / "wild" / "standard").glob("*.yml"))
HEAD = "naftiko: 1.0.0-alpha2\ncapability:\n"
API = HEAD + "  consumes:\n  - type: http\n    namespace: a\n    baseUri: http://a\n"
OPERATION = API + "    resources: [{name: r, path: /, operations: [{name: o, method: GET, "
REST = HEAD + "  exposes:\n  - {type: rest, namespace: r, port: 1, resources: [{path: /, operations: [{method: GET, "
TOOL = HEAD + "  exposes:\n  - {type: mcp, namespace: m, port: 1, tools: [{name: t, description: d, "
RESOURCE = TOOL + "ref: a.b}], resources: [{name: r, label: R, uri: 'u:', description: d, "
LATER = "ikanos: 1.0.0-beta5\n"
LATER_REST = LATER + (
    "capability: {exposes: [{type: rest, namespace: r, port: 1, resources: {r: {path: /, operations: {o: {method: GET, "
)
LATER_END = "}}}}}]}\n"
SCRIPT = "steps: [{type: script, name: s, "


def found(text: str) -> list[tuple[str, int, int, str, str | None]]:
    findings = Findings()
    check(parse_source(text.encode(), "x.yml"), findings)
    return [(d.rule.slug, d.span.line, d.span.column, d.message, d.help) for d in findings.list_sorted() if d.span]


def only(text: str) -> tuple[str, str, str | None]:
    """The one deviation: what it underlines, its message and its advice."""
    source, findings = parse_source(text.encode(), "x.yml"), Findings()
    check(source, findings)
    (finding,) = findings.list_sorted()
    assert finding.rule.slug == "non-standard"
    span = finding.span
    assert span is not None
    end = span.end_column - 1 if span.end_line == span.line else None
    return source.get_line(span.line)[span.column - 1 : end], finding.message, finding.help


def slugs(text: str, *, strict: bool = True) -> list[tuple[str, Severity]]:
    loaded = load_source(parse_source(text.encode(), "x.yml"), Overrides(strict=strict))
    return [(d.rule.slug, d.severity) for d in loaded.diagnostics]


@pytest.mark.parametrize("file", STANDARD, ids=lambda file: file.stem)
def test_standard_documents_have_no_deviation(file: Path) -> None:
    assert found(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "underlined", "message", "advice"),
    [
        (API + "    auth: {}\n", "auth", "the specification has no key 'auth' here",
         "did you mean 'authentication'?"),
        (REST + "steps: [{type: call, name: s, call: a.b, when: $.x}]}]}]}", "when",
         "the specification has no key 'when' here", "it has: 'call', 'name', 'type', 'with'"),
        (API + "    resources: []\n", "[]", "'resources' needs at least one entry", None),
        (API + "    description:\n", "", "'description' takes text, and has no value",
         "give it a value, or leave the key out"),
        (API + "    description: true\n", "true", "'description' takes text, not true or false", 'quote it: "true"'),
        (API + "    description: 1.10\n", "1.10", "'description' takes text, not a number", 'quote it: "1.10"'),
        (API.replace("http://a", "ftp://a"), "ftp://a", "'baseUri' may not be 'ftp://a'",
         "it takes an http or https URL without placeholders"),
        (API.replace("type: http", "type: https"), "https", "'type' may not be 'https'", "it takes 'http'"),
        (API.replace("    baseUri: http://a\n", ""), "type", "'baseUri' is required here", "add 'baseUri: …'"),
        (API.replace("baseUri", "baseUrl"), "baseUrl", "the specification has no key 'baseUrl' here",
         "did you mean 'baseUri'?"),
        (HEAD + "  consumes: [{import: b}]", "import", "'location' is required here", "add 'location: …'"),
        (OPERATION + "body: {type: form, data: a=1}}]}]", "form", "'type' may not be 'form'",
         "it takes one of json, text, xml, sparql, formUrlEncoded, multipartForm"),
        (OPERATION + "body: 5}]}]", "5", "'body' takes text or a mapping, not a whole number", None),
        (OPERATION + "body: {data: x}}]}]", "data", "'type' is required here",
         "it takes one of json, text, xml, sparql, formUrlEncoded, multipartForm"),
        (OPERATION + "label: [a]}]}]", "[a]", "'label' takes text, not a list", None),
        (REST + "with: {a: true}}]}]}", "true", "'a' takes text or a number, not true or false", None),
        (REST + "outputParameters: [{type: string, mapping: $.a, value: b}]}]}]}", "value",
         "'value' is not allowed beside 'mapping'", "it needs either 'mapping' or 'value'"),
        (REST + "outputParameters: [{type: string}]}]}]}", "{type: string}",
         "an entry of 'outputParameters' needs either 'mapping' or 'value'", None),
        (REST + "steps: [{type: call, name: s, call: a.b}], outputParameters: [{name: o, type: string}]}]}]}", "method",
         "'name' is required here", "add 'name: …'"),
        (TOOL.replace("description: d, ", "") + "call: a.b}]}", "name", "'description' is required here",
         "add 'description: …'"),
        (TOOL + "hints: {readOnly: 1}, ref: a.b}]}", "1", "'readOnly' takes true or false, not a whole number", None),
        (TOOL + "}]}", "{name: t, description: d, }",
         "an entry of 'tools' needs 'call', 'steps', 'ref' or constant 'outputParameters'", None),
        (TOOL + "outputParameters: [{type: object, mapping: $.}]}]}",
         "{name: t, description: d, outputParameters: [{type: object, mapping: $.}]}",
         "an entry of 'tools' needs 'call', 'steps', 'ref' or constant 'outputParameters'", None),
        (TOOL + SCRIPT + "file: ''}]}]}", "''", "'file' may not be empty", None),
        (TOOL + SCRIPT + "file: a, language: pyton}]}]}", "pyton", "'language' may not be 'pyton'",
         "did you mean 'python'?"),
        (RESOURCE + "call: a.b, location: 'file:///a'}]}", "location", "'location' is not allowed beside 'call'",
         "keep one of the two"),
        (RESOURCE + "call: a.b, steps: [{type: call, name: s, call: a.b}]}]}", "steps",
         "'steps' is not allowed beside 'call'", "it needs either 'call', 'steps' or 'location'"),
        (RESOURCE + "location: /a}]}", "/a", "'location' may not be '/a'", "it takes a URI that begins with 'file:///'"),
        (HEAD + "  exposes: [{type: mcp, namespace: m, tools: [{ref: a.b}]}]", "type", "'port' is required here",
         "add 'port: …'"),
        (HEAD + "  exposes: [{type: mcp, transport: stdio, port: 1, namespace: m, tools: [{ref: a.b}]}]", "port",
         "'port' is not allowed beside 'transport: stdio'", "keep one of the two"),
        (HEAD + "  exposes: [{type: control, port: 1.5}]", "1.5", "'port' takes a whole number, not a fraction", None),
        (HEAD + "  exposes: [5]", "5", "an entry of 'exposes' takes a mapping, not a whole number",
         "write 'key: value' lines"),
        ("naftiko: 1.0.0-alpha2\n", "naftiko: 1.0.0-alpha2",
         "the document needs either 'capability' or 'consumes'", None),
        ("- a\n", "- a", "the document takes a mapping, not a list", "write 'key: value' lines"),
        (LATER + "binds: [{namespace: n, keys: {a: b}}]\n", "a", "'a' is not a valid name here",
         "it takes capitals, digits and '_', a capital first"),
        (LATER_REST + "responses: {'600': {}}" + LATER_END, "'600'", "'600' is not a valid name here",
         "it takes a status such as '200' or '4XX'"),
        (LATER + "binds: [{from: a, import: b, bs: c}]", "bs", "the specification has no key 'bs' here",
         "it has: 'as', 'description', 'from', 'import'"),
    ],
)  # fmt: skip
def test_a_deviation_is_reported_with_its_place_and_what_the_specification_takes(
    text: str, underlined: str, message: str, advice: str | None
) -> None:
    assert only(text) == (underlined, message, advice)


def test_all_deviations_are_reported_at_once() -> None:
    assert [message for *_, message, _ in found(HEAD + "  aggregates: []")] == [
        "'capability' needs 'exposes' or 'consumes'",
        "'aggregates' needs at least one entry",
    ]


@pytest.mark.parametrize(
    "text",
    [
        OPERATION + "outputRawFormat: json}]}]",
        API + "    description: ''\n    inputParameters: []\n",
        HEAD + "  exposes: [{type: control, port: 1.0}]",
        HEAD + "  exposes: [{type: control, port: 0x50, address: '::1'}]",
        REST + "with: {a: 1, b: 0.5, c: x}}]}]}",
        LATER_REST + "outputParameters: text" + LATER_END,
        "naftiko: 1.0.0-alpha2\nconsumes: [{location: a, import: b}]\n",
        LATER + "consumes: [{from: a, import: b}]\ncapability: {consumes: [{from: a, import: b}]}\n",
    ],
)
def test_what_the_schema_allows_is_allowed(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "value",
    [
        '"2024-01-31\\n"',  # `$` ends the text in ECMA-262, where Python would let a line end follow
        "٢٠٢٤-01-31",
    ],
)
def test_patterns_mean_what_they_mean_in_ecma_262(value: str) -> None:
    assert found(API.replace("namespace: a", f"namespace: {value}"))
    info = f"info: {{label: a, description: b, created: {value}}}\n"
    assert [line for _, line, *_ in found(API + info)] == [7]


def test_every_version_that_is_read_has_its_rules() -> None:
    documents = {version: f"naftiko: '{version}'\n" for version in normalize.VERSIONS}
    documents |= {version: f"ikanos: {version}\n" for version in normalize.LATER_VERSIONS}
    by_version = {version: [slug for slug, *_ in found(text)] for version, text in documents.items()}
    own = ["non-standard"]
    assert {version for version, said in by_version.items() if said == own} == {"1.0.0-alpha2", "1.0.0-beta5"}
    assert all(said in (own, ["non-standard", "strict-version"]) for said in by_version.values())


@pytest.mark.parametrize(
    ("head", "applied"),
    [
        ("naftiko: 0.5", "1.0.0-alpha2"),
        ("naftiko: 1.0.0-alpha1", "1.0.0-alpha2"),
        ("ikanos: 1.0.0-alpha3", "1.0.0-beta5"),
        ("ikanos: 1.0.0-beta4", "1.0.0-beta5"),
        ("ikanos: 3.0.0", "1.0.0-beta5"),
    ],
)
def test_a_version_without_a_known_schema_is_reported_once_with_the_rules_applied(head: str, applied: str) -> None:
    where = "location" if "naftiko" in head else "from"
    text = f"{head}\nconsumes: [{{{where}: a, import: b}}]\n"
    ((slug, line, _, message, _),) = found(text)
    assert (slug, line) == ("strict-version", 1)
    assert message.endswith(f"that of {applied} is applied")
    assert "newer-version" not in [slug for slug, _ in slugs(text)]


def test_a_key_of_the_other_versions_document_is_a_deviation() -> None:
    text = "naftiko: 1.0.0-beta5\nconsumes: [{from: a, import: b}]\n"
    assert only(text) == ("naftiko", "the specification has no key 'naftiko' here", "did you mean 'ikanos'?")


def test_every_finding_is_reported_once() -> None:
    text = (
        "naftiko: 1.0.0-alpha2\n"
        "info: {title: T, description: d, lable: x}\n"
        "binds: [{namespace: env, keys: {NEVER: NEVER}}]\n"
        "capability:\n"
        "  exposes:\n"
        "  - {type: rest, namespace: r, port: 1, personas: [], resources: {r: {path: /}}}\n"
    )
    lenient = [slug for slug, _ in slugs(text, strict=False)]
    assert {"non-standard-key", "unknown-key", "misspelt-key", "unused-binding"} <= set(lenient)
    assert set(slugs(text)) == {
        ("non-standard", Severity.ERROR),
        ("empty-expose", Severity.WARNING),
        ("unused-binding", Severity.WARNING),
    }
    assert len(slugs(text)) == len(found(text)) + 2  # those two are nothing that the schema knows


def test_a_finding_about_another_thing_at_the_same_line_is_kept() -> None:
    text = TOOL.replace("type: mcp", "x-a: 1, type: mcp") + "call: nowhere.at-all}]}\n"
    assert [slug for slug, _ in slugs(text)] == ["non-standard", "unresolved-call"]


def test_a_deviation_refuses_the_file() -> None:
    text = REST + "outputParameters: [{type: string, value: Ann}]}]}]}\ninfo: {title: T, description: d}\n"
    source = parse_source(text.encode(), "x.yml")
    assert load_source(source).plan is not None
    assert load_source(source, Overrides(strict=True)).plan is None
    assert load_source(source, Overrides(strict=True, skip_broken=True)).plan is None


def test_the_rules_are_not_imported_unless_asked_for() -> None:
    script = "import sys, naftiko_runtime.cli.validate; print(any('.strict' in name for name in sys.modules))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan", "1e400"])
def test_numbers_that_json_does_not_have_are_numbers(number: str) -> None:
    assert found(REST + f"with: {{a: {number}}}}}]}}]}}") == []
    assert only(HEAD + f"  exposes: [{{type: control, port: {number}}}]") == (
        number,
        "'port' takes a whole number, not a fraction",
        None,
    )


@pytest.mark.parametrize("key", ["200", "+5", "007", "a/b", "a~b", "1.0"])
def test_a_deviation_below_a_key_that_looks_like_a_number_or_a_path_is_at_its_place(key: str) -> None:
    assert only(REST + f"with: {{'{key}': true}}}}]}}]}}")[:2] == (
        "true",
        f"'{key}' takes text or a number, not true or false",
    )


def test_whole_numbers_of_any_length_are_judged() -> None:
    assert only(HEAD + f"  exposes: [{{type: control, port: {10**60}}}]")[1:] == (
        f"'port' may not be {10**60}",
        "it takes 1 to 65535",
    )


def test_a_missing_type_is_reported_with_the_key_in_its_place() -> None:
    assert only(HEAD + "  exposes: [{tpye: control, port: 1}]") == (
        "tpye",
        "'type' is required here",
        "did you mean it instead of 'tpye'?",
    )


def test_a_large_document_is_checked_in_a_blink() -> None:
    operation = (
        "      - {name: op-%d, method: POST, inputParameters: [{name: id, in: path}, {name: q, in: query}], "
        "body: {type: json, data: {a: '{{a}}'}}, outputParameters: [{name: n, type: string, value: $.n}]}\n"
    )
    text = API + "    resources:\n    - name: r\n      path: /{id}\n      operations:\n"
    source = parse_source((text + "".join(operation % number for number in range(500))).encode(), "x.yml")
    check(source, Findings())
    start = perf_counter()
    check(source, findings := Findings())
    assert perf_counter() - start < 5.0
    assert not findings.list_sorted()
