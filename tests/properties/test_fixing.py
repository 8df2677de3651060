"""Fixes do not change what a document does: real-world documents, and generated ones in every style."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from naftiko_runtime import source
from naftiko_runtime.fix import fix_document
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load, load_source
from support.same import assert_same
from support.yaml_styles import Style, render

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Diagnostic

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
DOCUMENTS = sorted(CORPUS.rglob("*.y*ml"))
OURS = sorted(
    path
    for folder in ("capabilities", "tests/diagnostics", "tests/integration/documents")
    for path in (ROOT / folder).glob("*.y*ml")
)
AS_WRITTEN = Overrides()

ADDED = re.compile(
    r"\s*(inputParameters:|- name: \S+|in: path|type: string|\w+: \w+|- \{name: \S+, in: path, type: string\})\s*"
)
"""The lines that fixing may add."""
WORD = re.compile(r"[\w.$-]*")
COMMENT = re.compile(r"(?:^|\s)#.*", re.MULTILINE)


def known(diagnostics: tuple[Diagnostic, ...]) -> Counter[object]:
    """Findings without what a longer file changes of them."""
    return Counter((d.rule.slug, d.part or re.sub(r"line \d+", "", d.message)) for d in diagnostics)


# -- files of others --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not DOCUMENTS, reason="the corpus is not here")
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(CORPUS)))
def test_what_others_wrote_does_the_same_after_fixing(path: Path) -> None:
    raw = path.read_bytes()
    result = fix_document(raw, path, AS_WRITTEN)
    before, after = load(path, AS_WRITTEN), result.loaded
    assert not known(after.diagnostics) - known(before.diagnostics), "nothing new is found"
    assert len(after.diagnostics) <= len(before.diagnostics)
    assert fix_document(result.raw, path, AS_WRITTEN).raw == result.raw, "a second time changes nothing"
    assert (result.count + result.optional.total() > 0) == (result.raw != raw)
    assert_only_words_changed(raw.decode(), result.raw.decode())
    assert (before.plan is None) == (after.plan is None)
    if before.plan is not None and after.plan is not None:
        assert_same(before.plan, after.plan)


@pytest.mark.skipif(not DOCUMENTS, reason="the corpus is not here")
def test_what_others_wrote_has_something_to_fix() -> None:
    """So that the test above cannot pass for want of anything to do."""
    results = [fix_document(path.read_bytes(), path, AS_WRITTEN) for path in DOCUMENTS[::4]]
    assert sum(result.count for result in results) > len(results)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("path: /crews", "path: /crew"),
        ("{imo}\n          operations:\n            - name", "{number}\n          operations:\n            - name"),
        ("type: integer", "type: number"),
        ("required: false", "required: true"),
        ("mapping: $.name", "mapping: $.title"),
        ("mapping: $.all\n", "mapping: $\n"),
        ("value: fixed", "value: given"),
        ("name: limit", "name: Limit"),
        ("REGISTRY: TOKEN", "REGISTRY: OTHER"),
        ("port: 9090", "port: 9091"),
        ("method: GET", "method: DELETE"),
        ("placement: header", "placement: query"),
    ],
)
def test_the_comparison_sees_what_callers_would(old: str, new: str) -> None:
    """Each of these differences must be noticed."""
    assert COMPARED.count(old) == 1
    one, other = (
        load_source(source.parse_source(text.encode(), "x.yml")).plan for text in (COMPARED, COMPARED.replace(old, new))
    )
    assert one is not None
    assert other is not None
    assert_same(one, one)
    with pytest.raises(AssertionError):
        assert_same(one, other)


COMPARED = """\
naftiko: 1.0.0-alpha2
binds: [{namespace: env, keys: {REGISTRY: TOKEN}}]
capability:
  consumes:
    - namespace: registry
      baseUri: https://registry.example/v1
      authentication: {type: apikey, key: k, value: "{{REGISTRY}}", placement: header}
      resources:
        - path: /ships/{imo}
          operations:
            - name: get
              inputParameters: [{name: fixed, in: query, value: fixed}, {name: page, in: query}]
        - {path: /crews, operations: [{name: crews}]}
  exposes:
    - type: rest
      namespace: web
      port: 8080
      resources:
        - path: /ships/{imo}
          operations:
            - method: GET
              call: registry.get
              inputParameters: [{name: limit, in: query, type: integer}]
              outputParameters:
                - type: object
                  mapping: $.all
                  properties: {name: {type: string, mapping: $.name}}
    - type: mcp
      namespace: fleet
      port: 9090
      tools:
        - name: get
          call: registry.get
          inputParameters: [{name: imo, type: string, required: false}]
        - {name: crews, call: registry.crews}
"""


def assert_only_words_changed(before: str, after: str) -> None:
    """Every line is as it was, or differs in words, or is a new one of a few kinds; comments all stay."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    assert COMMENT.findall(before) == COMMENT.findall(after)
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        assert tag != "delete", old[i:j]
        added = new[k:m]
        for line in old[i:j]:
            match = next((n for n, other in enumerate(added) if differ_in_words(line, other)), None)
            assert match is not None, line
            del added[match]
        assert all(ADDED.fullmatch(line) for line in added), added


def differ_in_words(one: str, other: str) -> bool:
    return WORD.sub("", one) == WORD.sub("", other)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_whatever_is_wrong_in_a_file_fixing_ends(path: Path) -> None:
    raw = path.read_bytes()
    result = fix_document(raw, path, AS_WRITTEN)
    again = fix_document(result.raw, path, AS_WRITTEN)
    assert (again.raw, again.count) == (result.raw, 0)
    assert (result.count + result.optional.total() > 0) == (result.raw != raw)


# -- made documents, in every style -----------------------------------------------------------------------------------


def document(spoken: dict[str, bool], wild: bool) -> dict[str, Any]:
    """A document in the wild's words or in the specification's, which has the same parts otherwise.

    Args:
        spoken: Which parts it has.
        wild: Which words.
    """

    def word(theirs: str, specified: str) -> str:
        return theirs if wild else specified

    key = {"type": "apikey", word("in", "placement"): "query"}
    key |= {word("name", "key"): "k", word("key", "value"): "{{env.TOKEN}}{{env.SALT}}"}
    keys = {"TOKEN": "TOKEN"} | ({} if wild else {"SALT": "SALT"})
    renaming: dict[str, Any] = {"name": "rename", "method": "PUT"}
    if spoken["form"]:
        renaming["body"] = {"type": word("form", "formUrlEncoded"), "data": {"title": "{{title}}"}}
    api: dict[str, Any] = {"namespace": "registry", "baseUri": "https://registry.example/v1"}
    if spoken["auth"]:
        api[word("auth", "authentication")] = key
    path = "/ships/{shipId}"
    getting: dict[str, Any] = {"name": "get"}
    if spoken["declared"]:
        getting["inputParameters"] = [{"name": "shipId", "in": "path"}]
    api["resources"] = [{"path": path, "operations": [getting, renaming]}]

    def operation(namespace: str, prefix: str, **more: Any) -> dict[str, Any]:
        result: dict[str, Any] = {**more, "call": "registry.get"}
        if spoken["with"]:
            result["with"] = {"shipId": f"{word(prefix, namespace)}.{word('shipid', 'shipid')}"}
        if spoken["root"]:
            result["outputParameters"] = [{"type": "object", "mapping": word("$.", "$")}]
        return result

    # Only a route's placeholder that nothing else names gets another spelling.
    placeholder = "shipid" if wild or spoken["with"] else "shipId"
    route: dict[str, Any] = {"path": f"/vessels/{{{placeholder}}}"}
    declared = [{"name": "page", "in": "query"}] if spoken["page"] else []
    if not wild:
        declared = [*declared, {"name": placeholder, "in": "path", "type": "string"}]
    if declared:
        route["inputParameters"] = declared
    route["operations"] = [operation("web", "rest", method="GET")]
    rest = {"type": "rest", "namespace": "web", "port": 8080, "resources": [route]}
    mcp = {"type": "mcp", "namespace": "fleet", "port": 9090, "tools": [operation("fleet", "tools", name="get")]}
    return {
        "naftiko": "1.0.0-alpha2",
        "info": {word("title", "label"): "Ships, 船 🚢"},
        "binds": [{"namespace": "env", "keys": keys}],
        "capability": {"consumes": [api], "exposes": [rest, mcp]},
    }


parts = st.fixed_dictionaries({name: st.booleans() for name in ("form", "with", "root", "page", "declared")}).map(
    lambda found: found | {"auth": True}
)


@settings(max_examples=400)
@given(parts, st.data())
def test_in_every_style_the_words_change_and_nothing_else(spoken: dict[str, bool], data: st.DataObject) -> None:
    wild, specified = document(spoken, True), document(spoken, False)
    style = data.draw(st.builds(Style, st.randoms(use_true_random=False)))
    raw = render(wild, style)
    result = fix_document(raw, Path("x.yml"), AS_WRITTEN)
    text = result.raw.decode("utf-8-sig")
    assert yaml.safe_load(text) == specified
    assert not result.unfixed
    assert result.raw.startswith(b"\xef\xbb\xbf") == raw.startswith(b"\xef\xbb\xbf")
    assert text.count("\r\n") == (text.count("\n") if b"\r\n" in raw else 0)
    assert text.endswith("\n") == raw.endswith(b"\n")
    assert re.findall("#.*", text) == re.findall("#.*", raw.decode("utf-8-sig"))
    assert fix_document(result.raw, Path("x.yml"), AS_WRITTEN).raw == result.raw


@settings(max_examples=200)
@given(parts, st.data())
def test_a_document_in_the_specifications_words_is_left_alone(spoken: dict[str, bool], data: st.DataObject) -> None:
    raw = render(document(spoken, False), data.draw(st.builds(Style, st.randoms(use_true_random=False))))
    result = fix_document(raw, Path("x.yml"), AS_WRITTEN)
    assert (result.raw, result.count, result.unfixed) == (raw, 0, ())
