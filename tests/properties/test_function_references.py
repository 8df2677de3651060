"""Referring to a function means the same as writing its keys out, whatever the function and the reference set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.plan.comparison import normalize_plan
from support.linked import load_document, make_document

if TYPE_CHECKING:
    from naftiko_runtime.plan import Plan

INPUTS = st.lists(st.sampled_from(("imo", "flag", "name")), unique=True).map(
    lambda names: [{"name": name, "type": "string", "required": name == "imo"} for name in names]
)
VALUES = st.sampled_from(("{{imo}}", "7", "x-{{flag}}", "imo"))
OUTPUTS = st.lists(
    st.one_of(
        st.builds(lambda path: {"type": "string", "mapping": path}, st.sampled_from(("$.name", "$.a[*]", "$"))),
        st.just({"name": "fixed", "type": "integer", "value": "3"}),
    ),
    max_size=2,
)
KEYS = st.fixed_dictionaries(
    {},
    optional={
        "description": st.sampled_from(("Finds.", "Gets.")),
        "inputParameters": INPUTS,
        "call": st.sampled_from(("registry.op", "registry.other")),
        "with": st.dictionaries(st.sampled_from(("imo", "flag")), VALUES, max_size=2),
        "outputParameters": OUTPUTS,
    },
)
HINTS = st.fixed_dictionaries({}, optional=dict.fromkeys(("readOnly", "destructive", "idempotent"), st.booleans()))
SEMANTICS = st.fixed_dictionaries({}, optional=dict.fromkeys(("safe", "idempotent"), st.booleans()))


def link_tool(tool: dict[str, Any], function: dict[str, Any] | None) -> tuple[Plan | None, set[str]]:
    """The plan of a document with one tool, without places, and the rules of its errors."""
    consumed = {"inputParameters": [{"name": "imo", "in": "path"}, {"name": "flag", "in": "query"}]}
    expose = {"type": "mcp", "namespace": "fleet", "port": 9090, "tools": [tool]}
    document = make_document(consumed, [expose], path="/ships/{imo}")
    document["capability"]["consumes"][0]["resources"].append({"path": "/other", "operations": [{"name": "other"}]})
    if function is not None:
        document["capability"]["aggregates"] = [{"namespace": "shared", "label": "Shared", "functions": [function]}]
    loaded = load_document(document)
    errors = {found.rule.slug for found in loaded.diagnostics if found.severity == "error"}
    return (normalize_plan(loaded.plan) if loaded.plan is not None else None), errors


def derive_hints(semantics: dict[str, bool]) -> dict[str, bool]:
    derived = {"readOnly": semantics["safe"]} if "safe" in semantics else {}
    derived |= {"destructive": False} if semantics.get("safe") else {}
    return derived | ({"idempotent": semantics["idempotent"]} if "idempotent" in semantics else {})


@given(KEYS, SEMANTICS, KEYS, HINTS)
def test_a_reference_means_what_its_keys_mean_when_they_are_written_out(
    function: dict[str, Any], semantics: dict[str, bool], own: dict[str, Any], hints: dict[str, bool]
) -> None:
    named = {"name": "find", **function, "semantics": semantics}
    referring, errors = link_tool({"name": "find", "ref": "shared.find", **own, "hints": hints}, named)
    whole = {"name": "find", **function, **own, "hints": derive_hints(semantics) | hints}
    written, expected = link_tool(whole, None)
    if not expected and not link_tool({"name": "find", **function}, None)[1]:
        assert referring == written
        assert not errors
    elif expected:
        assert errors
