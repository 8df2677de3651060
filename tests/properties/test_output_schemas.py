"""Any mapping of any response: the result keeps to the schemas that are published, and REST and MCP give the same."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.exposes.app_services import AppServices
from naftiko_runtime.exposes.kinds import get_kind
from naftiko_runtime.openapi.write import write_openapi
from naftiko_runtime.plan import RestServer
from support.asgi_requests import request
from support.linked import load_document, make_document, make_mcp_expose, make_rest_expose
from support.mcp_fast_path import encoded, headers, message
from support.repeating_transport import FixedResponse, RepeatingTransport

if TYPE_CHECKING:
    from naftiko_runtime.plan import Plan

FEW: Final = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])

DEFINITE: Final = ("$.a", "$.a.b", "$.l[0]", "$.l[-1].a", "$['a','b']", "$.a['b','c']", "$.l", "$.missing", "$")
INDEFINITE: Final = (
    "$.l[*]", "$.a[*].b", "$.l[*].a[0]", "$..a", "$.l[?(@.a)]", "$.l[0:2].a", "$.missing[*].x", "$.l[5][*]",
    "$.l[*].a[*]", "$.missing[?(@.a == 1)]", "$.a..b[0]", "$[*]",
)  # fmt: skip
FUNCTIONS: Final = (
    "$.l.length()", "$..a.length()", "$.l[*].length()", "$.l[?(@.a)].size()", "$.length($.l[*])",
    "$.length($.missing[*])", "$.length($.l)", "$.sum($.l[*])", "$.l[*].sum()", "$.l.first()", "$.missing[*].last()",
    "$.a.keys()", "$.l[*].keys()", "$.concat($.a, 'x')", "$.l.append(1)", "$.missing[*].append(1)", "$..b.max()",
)  # fmt: skip
PATHS: Final = st.sampled_from(DEFINITE + INDEFINITE + FUNCTIONS)
INNER_PATHS: Final = st.sampled_from((*DEFINITE[:-1], *INDEFINITE, *FUNCTIONS))
TYPES: Final = st.sampled_from(("string", "number", "integer", "boolean"))
CONSTANTS: Final = (("string", "7"), ("string", "x"), ("number", "2.5"), ("integer", "7"), ("boolean", "true"))
FIELDS: Final = st.sampled_from(("p", "q", "r"))


def make_scalars(paths: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    limits = st.sampled_from(({}, {}, {"maxLength": 1}))
    read = st.builds(lambda kind, path, more: {"type": kind, "mapping": path, **more}, TYPES, paths, limits)
    constant = st.sampled_from(CONSTANTS).map(lambda one: {"type": one[0], "value": one[1]})
    raw = st.builds(lambda path: {"type": "object", "mapping": path}, paths)
    return st.one_of(read, read, constant, raw)


def nest(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.builds(lambda path: {"type": "array", "mapping": path}, INNER_PATHS),
        st.builds(lambda path, items: {"type": "array", "mapping": path, "items": items}, INNER_PATHS, inner),
        st.builds(lambda path, values: {"type": "object", "mapping": path, "values": values}, INNER_PATHS, inner),
        st.builds(
            lambda path, fields: {"type": "object", "mapping": path, "properties": fields},
            PATHS,
            st.dictionaries(FIELDS, inner, min_size=1),
        ),
    )


OUTPUTS: Final = st.recursive(make_scalars(INNER_PATHS), nest, max_leaves=6)
SCALARS: Final = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from((1.5, 2.0, "", "1", "2.5", "true", "x"))
)
RESPONSES: Final = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(("a", "b", "l")), inner, max_size=3), st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)
BODIES: Final = st.one_of(RESPONSES.map(lambda value: json.dumps(value).encode()), st.just(b""))


async def call_both(plan: Plan, body: bytes, version: str) -> tuple[bytes, dict[str, Any], dict[str, Any]]:
    """The body of the REST response, the result of the tool, and its output schema, for a response of the API."""
    response = FixedResponse(200, [(b"content-type", b"application/json")], body)
    async with bind(plan, {}, lambda: RepeatingTransport(response)) as bound:
        rest, mcp = bound.servers
        services = AppServices(CallerPolicy())
        async with get_kind(rest.server).open_app([rest], services) as app:
            status, found = await request(app, "GET", "/ships", {"host": "localhost"}, b"")
        assert status == 200, found
        async with get_kind(mcp.server).open_app([mcp], services) as app:
            sent = {"host": "localhost"} | headers(version, "tool")
            _, answer = await request(app, "POST", "/mcp", sent, encoded(message(version, "tool")))
        schema = mcp.parts[0][1].result_schema
        return found, json.loads(answer)["result"], {} if schema is None else schema.schema


def read_openapi_schema(plan: Plan) -> dict[str, Any]:
    operation = write_openapi(plan, [one for one in plan.servers if isinstance(one, RestServer)])["paths"]["/ships"][
        "get"
    ]
    schema: dict[str, Any] = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def make_output(kind: str, path: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "mapping": path, **more}


@FEW
@given(OUTPUTS, BODIES, st.sampled_from(("2026-07-28", "2025-06-18")))
@example(make_output("array", "$.missing[*]"), b"{}", "2026-07-28")
@example(make_output("array", "$.l[*]", items=make_output("array", "$.a[*]")), b'{"l": [{}, 1]}', "2026-07-28")
@example(make_output("integer", "$..a.length()"), b"", "2025-06-18")
@example(make_output("integer", "$.l[*].length()"), b'{"l": [[1], [2]]}', "2026-07-28")
@example(make_output("object", "$.a", properties={"p": make_output("array", "$.l[*]")}), b"{}", "2026-07-28")
def test_a_result_keeps_to_its_schemas_over_rest_and_mcp(output: dict[str, Any], body: bytes, version: str) -> None:
    exposes = [make_rest_expose(outputParameters=[output]), make_mcp_expose(outputParameters=[output])]
    loaded = load_document(make_document(exposes=exposes))
    assert loaded.plan is not None, loaded.diagnostics
    found, result, schema = asyncio.run(call_both(loaded.plan, body, version))
    structured = result.get("structuredContent")
    if schema:
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(structured)
    if not body:
        assert found == b""
        return
    value = json.loads(found)
    assert json.loads(result["content"][0]["text"]) == value
    if len(result["content"]) > 1:  # a note: a value has another type than declared, or the result is no object
        return
    Draft202012Validator(read_openapi_schema(loaded.plan)).validate(value)
    if schema:
        wraps = schema["properties"].keys() == {"result"} if "properties" in schema else False
        assert structured == ({"result": value} if wraps else value)
