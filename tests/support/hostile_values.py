"""Values that may break out of their place in a request, and operations with every kind of place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from naftiko_runtime.engine.request import RequestBuilder
from naftiko_runtime.loading import load_source
from naftiko_runtime.plan import Call
from naftiko_runtime.source import parse_source

if TYPE_CHECKING:
    from naftiko_runtime.plan import Plan

BASE: Final = "http://upstream.example:8443/v1"

DOCUMENT: Final = """
naftiko: 1.0.0-alpha2
info: {label: Hostile values}
capability:
  consumes:
    - type: http
      namespace: api
      baseUri: http://upstream.example:8443/v1
      resources:
        - {path: "/ships/{a}/x-{{b}}.json/end", operations: [{name: path}]}
        - {path: /source, operations: [{name: source}]}
        - path: /fields
          operations:
            - name: fields
              inputParameters:
                - {name: a, in: query}
                - {name: b, in: query, value: "b:{{b}}"}
                - {name: X-A, in: header, value: "{{a}}"}
                - {name: X-B, in: header, value: "b {{b}}"}
                - {name: one, in: cookie, value: "{{a}}"}
                - {name: two, in: cookie, value: "{{b}}"}
            - name: given-fields
              inputParameters:
                - {name: a, in: query}
                - {name: b, in: query}
                - {name: X-A, in: header}
                - {name: X-B, in: header}
                - {name: one, in: cookie}
                - {name: two, in: cookie}
        - path: /body
          operations:
            - name: tree
              method: POST
              body: {type: json, data: {whole: "{{a}}", part: "<{{b}}>", in: [{a: "{{a}}"}]}}
            - {name: raw, method: POST, body: '{"bare": [{{a}}], "quoted": "{{b}}", "part": "<{{b}}>", "{{b}}~": {}}'}
            - {name: all, method: POST, inputParameters: [{name: body, in: body, value: "{{a}}"}]}
            - {name: form, method: POST, body: {type: formUrlEncoded, data: {a: "{{a}}", b: "<{{b}}>", c: 1}}}
            - {name: text-form, method: POST, body: {type: formUrlEncoded, data: "a={{a}}&b={{b}}&c=1"}}
            - {name: xml, method: POST, body: {type: xml, data: "<r b='{{b}}' c=\\"{{b}}\\"><a>{{a}}</a><c/>{{b}}</r>"}}
            - name: sparql
              method: POST
              body: {type: sparql, data: "ASK { <http://x/{{a}}> :p \\"{{b}}\\" , '{{b}}' . }"}
            - {name: text, method: POST, body: {type: text, data: "a={{a}};"}}
  exposes:
    - type: mcp
      namespace: tools
      port: 9090
      tools:
"""
NAMES: Final = ("path", "fields", "tree", "raw", "all", "form", "text-form", "xml", "sparql", "text")


def make_builders() -> dict[str, RequestBuilder]:
    """Compile the requests of plain calls, by operation."""
    inputs = "inputParameters: [{name: a, required: false}, {name: b, required: false}]"
    plan = _link_tools({name: f"call: api.{name}, {inputs}" for name in NAMES})
    operations = [part.operation.execution for part in plan.servers[0].parts]
    calls = {name: each for name, each in zip(NAMES, operations, strict=True) if isinstance(each, Call)}
    return {name: RequestBuilder(call.request, {}, decodes=False) for name, call in calls.items()}


def make_workflow_plan() -> Plan:
    """The same calls as the second steps of workflows: `a` is from the first step, and `b` from the caller."""
    first = "{type: call, name: first, call: api.source}"
    with_ = dict.fromkeys(NAMES, 'a: $.first.a, b: "{{b}}"') | {
        "all": "body: $.first.a",
        "text": "a: $.first.a",
        "fields": 'a: $.first.a, b: "b:{{b}}", X-A: $.first.a, X-B: "b {{b}}", one: "{{first.a}}", two: tools.b',
    }
    calls = {name: name for name in NAMES} | {"fields": "given-fields"}
    then = {name: f"{{type: call, name: then, call: api.{calls[name]}, with: {{{with_[name]}}}}}" for name in NAMES}
    inputs = "inputParameters: [{name: b, required: false}]"
    return _link_tools({name: f"{inputs}, steps: [{first}, {then[name]}]" for name in NAMES})


def _link_tools(keys: dict[str, str]) -> Plan:
    tools = "".join(f"        - {{name: {name}, description: Sends, {each}}}\n" for name, each in keys.items())
    loaded = load_source(parse_source((DOCUMENT + tools).encode(), "hostile.yml"))
    assert loaded.plan is not None, loaded.diagnostics
    return loaded.plan


TEXTS = (
    st.text(max_size=20)
    | st.text(st.characters(codec=None, categories=None), max_size=6)
    | st.text(
        st.sampled_from("\0\t\r\n\x7f\x85\u2028\ud800\udfff\ufffe \"'\\/.%?#&=+;:,<>[]{}|^`é船😀au0x"), max_size=12
    )
    | st.sampled_from([".", "..", "%2e%2e", "../../etc", "\r\nX-Evil: 1", "{{a}}", "{{b}}", "]]>", "--", "\\u0022", ""])
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(2**64), 1e308, math.inf, -math.inf, math.nan])
VALUES: Final = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
).filter(lambda value: value is not None)
