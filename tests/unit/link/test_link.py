"""Linking of exposed operations to consumed ones: from documents to plans."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.authentication.api_key import ApiKeyCredential
from naftiko_runtime.authentication.basic import BasicCredential
from naftiko_runtime.authentication.bearer import BearerCredential
from naftiko_runtime.plan import (
    Argument,
    Composed,
    Constant,
    McpServer,
    NamedTerm,
    RestServer,
    Variable,
    freeze,
)
from support.linked import (
    BASE,
    get_request,
    link_operation,
    link_plan,
    list_problems,
    load_document,
    make_document,
    make_mcp_expose,
    make_rest_expose,
)
from support.linked_calls import inputs_of

X_IN_QUERY = {"inputParameters": [{"name": "x", "in": "query"}]}


def query_of(data: Any, *, warns: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    return [(field.name, field.term) for field in get_request(link_operation(data, warns=warns)).query]


# -- base URI and path ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["https://a.example/v1", "https://a.example/v1/", "https://a.example/v1//"])
@pytest.mark.parametrize("path", ["ships", "/ships"])
def test_base_uri_and_path_meet_with_one_slash(base: str, path: str) -> None:
    request = get_request(link_operation(make_document(path=path, baseUri=base)))
    assert "".join(map(str, request.path)) == "https://a.example/v1/ships"


@pytest.mark.parametrize(
    ("path", "url"), [("", "https://a.example"), ("/", "https://a.example/"), ("/a/", "https://a.example/a/")]
)
def test_the_path_keeps_its_own_end(path: str, url: str) -> None:
    request = get_request(link_operation(make_document(path=path, baseUri="https://a.example/")))
    assert "".join(map(str, request.path)) == url


def test_a_fixed_query_in_the_path_stays_and_literals_are_encoded() -> None:
    request = get_request(link_operation(make_document(path="/größe x/a:b?fixed=1&y=%20")))
    assert request.path == (BASE, "/gr%C3%B6%C3%9Fe%20x/a:b?fixed=1&y=%20")


@pytest.mark.parametrize("path", ["/ships/{id}/crew", "/ships/{{id}}/crew", "/ships/{ id }/crew"])
def test_both_spellings_of_a_placeholder(path: str) -> None:
    request = get_request(link_operation(make_document(path=path, exposes=[make_rest_expose("/ships/{id}/crew")])))
    assert request.path == (BASE, "/ships/", Argument("id"), "/crew")


# -- with -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "term"),
    [
        (7, Constant(freeze(7))),
        (True, Constant(True)),
        (1.5, Constant(freeze(1.5))),
        ("plain", Constant("plain")),
        ("", Constant("")),
        ("a.b c", Constant("a.b c")),
        ("v1.2", Constant("v1.2")),
        ("given", Argument("given")),
        ("rest.given", Argument("given")),
        ("tools.given", Argument("given")),
        ("mcp.given", Argument("given")),
        ("ships.given", Argument("given")),
        ("{{given}}", Argument("given")),
        ("{{rest.given}}", Argument("given")),
        ("{{ships.given}}", Argument("given")),
        ("a{{given}}b", Composed((Constant("a"), Argument("given"), Constant("b")))),
        ("{{GIVEN}}", Argument("given")),
        ("rest.GI-VEN", Argument("given")),
        ("{{TOKEN}}", Variable("env.TOKEN")),
        ("{{env.TOKEN}}", Variable("env.TOKEN")),
        ("{{TOKEN}}-{{given}}", Composed((Variable("env.TOKEN"), Constant("-"), Argument("given")))),
    ],
)
def test_the_forms_of_with(value: Any, term: Any) -> None:
    exposed = make_rest_expose(inputs=[{"name": "given", "in": "query"}], bind={"x": value})
    used = {"name": "X-Token", "in": "header", "value": "{{TOKEN}}"}
    consumed = {"inputParameters": [{"name": "x", "in": "query"}, used]}
    found = load_document(make_document(consumed, [exposed], binds={"TOKEN": "T"}))
    assert {d.rule.slug for d in found.diagnostics} <= {"unused-input"}  # where 'given' is not the value
    assert found.plan is not None
    (server,) = found.plan.servers
    assert isinstance(server, RestServer)
    assert get_request(server.routes[0].operation).query[0] == NamedTerm("x", term)


@pytest.mark.parametrize(
    ("value", "slug"),
    [
        ("{{nobody}}", "unbound-variable"),
        ("a{{nobody.x}}", "unbound-variable"),
        ("{{ }}", "invalid-template"),
        ("restt.x", "unknown-reference"),
        ("ship.x", "unknown-reference"),
        ("$.step.x", "unknown-reference"),
        ([1], "wrong-type"),
        ({"a": 1}, "wrong-type"),
        (None, "wrong-type"),
    ],
)
def test_forms_of_with_that_are_refused(value: Any, slug: str) -> None:
    assert [found for found, _ in list_problems(make_document(X_IN_QUERY, [make_rest_expose(bind={"x": value})]))] == [
        slug
    ]


def test_a_key_of_with_that_the_consumed_operation_lacks_is_refused() -> None:
    exposed = make_rest_expose(bind={"y": 1})
    assert list_problems(make_document(X_IN_QUERY, [exposed])) == [
        ("unknown-parameter", "'registry.op' has no parameter 'y'")
    ]


def test_a_key_of_with_in_another_spelling_is_taken_with_a_warning() -> None:
    consumed = {"inputParameters": [{"name": "ship_id", "in": "query"}]}
    data = make_document(consumed, [make_rest_expose(bind={"shipId": 7})])
    assert query_of(data, warns=("placeholder-spelling",)) == [("ship_id", Constant(freeze(7)))]


def test_two_keys_of_with_in_other_spellings_are_not_guessed_between() -> None:
    consumed = {"inputParameters": [{"name": "ship_id", "in": "query"}]}
    found = list_problems(make_document(consumed, [make_rest_expose(bind={"shipId": 7, "SHIP-ID": 8})]))
    assert [slug for slug, _ in found] == ["unknown-parameter", "unknown-parameter"]


def test_names_without_letters_are_not_taken_for_one_another() -> None:
    consumed = {"inputParameters": [{"name": "$", "in": "query"}]}
    assert [slug for slug, _ in list_problems(make_document(consumed, [make_rest_expose(bind={"@": 7})]))] == [
        "unknown-parameter"
    ]


def test_a_key_of_with_that_names_no_query_parameter_becomes_one_where_none_is_declared() -> None:
    assert query_of(make_document(exposes=[make_rest_expose(bind={"y": 1})])) == [("y", Constant(freeze(1)))]


def test_with_does_not_limit() -> None:
    consumed = {"inputParameters": [{"name": "x", "in": "query"}, {"name": "y", "in": "query"}]}
    exposed = make_rest_expose(inputs=[{"name": "y", "in": "query"}], bind={"x": 1})
    assert query_of(make_document(consumed, [exposed])) == [("x", Constant(freeze(1))), ("y", Argument("y"))]


def test_with_wins_over_the_parameters_own_value_and_that_over_the_caller() -> None:
    consumed = {"inputParameters": [{"name": "x", "in": "query", "value": "own"}]}
    assert query_of(make_document(consumed)) == [("x", Constant("own"))]
    assert query_of(make_document(consumed, [make_rest_expose(bind={"x": "bound"})])) == [("x", Constant("bound"))]


# -- what is declared -------------------------------------------------------------------------------------------------


def test_the_nearer_level_wins() -> None:
    data = make_document({"inputParameters": [{"name": "x", "in": "query", "value": "operation"}]})
    api = data["capability"]["consumes"][0]
    api["resources"][0]["inputParameters"] = [{"name": name, "in": "query", "value": "resource"} for name in ("x", "y")]
    api["inputParameters"] = [{"name": name, "in": "query", "value": "adapter"} for name in ("x", "y", "z")]
    assert query_of(data) == [("x", Constant("operation")), ("y", Constant("resource")), ("z", Constant("adapter"))]


def test_a_tools_input_is_required_unless_it_says_otherwise_and_a_routes_is_not() -> None:
    consumed = {"inputParameters": [{"name": name, "in": "query"} for name in "abc"]}
    inputs: list[dict[str, Any]] = [{"name": "a"}, {"name": "b", "required": False}, {"name": "c", "required": True}]
    tool = link_operation(make_document(consumed, [make_mcp_expose(inputs=inputs)]))
    assert [required for *_, required in inputs_of(tool)] == [True, False, True]
    route = link_operation(
        make_document(consumed, [make_rest_expose(inputs=[{**spec, "in": "query"} for spec in inputs])])
    )
    assert [required for *_, required in inputs_of(route)] == [False, False, True]


def test_an_input_that_reaches_nothing_is_a_warning_where_it_is_declared() -> None:
    inputs = [{"name": "lost", "in": "query"}]
    found = load_document(make_document(X_IN_QUERY, [make_rest_expose(inputs=inputs)]))
    (warning,) = found.diagnostics
    assert warning.rule.slug == "unused-input"
    assert warning.span is not None
    assert found.source is not None
    assert found.source.get_line(warning.span.line).strip() == '"name": "lost",'


def test_descriptions_hints_and_titles_reach_the_tool() -> None:
    data = make_document(
        exposes=[make_mcp_expose(label="L", description="D", hints={"readOnly": True, "openWorld": False})]
    )
    server = link_plan(data).servers[0]
    assert isinstance(server, McpServer)
    (tool,) = server.tools
    assert (tool.name, tool.title, tool.description) == ("tool", "L", "D")
    assert tool.hints == (("readOnlyHint", True), ("openWorldHint", False))


def test_the_consumed_operations_description_stands_in() -> None:
    assert link_operation(make_document({"description": "C"}, [make_mcp_expose()])).description == "C"


# -- credentials and variables ----------------------------------------------------------------------------------------


def credential(authentication: dict[str, Any], *, slugs: tuple[str, ...] = ()) -> Any:
    data = make_document(binds={"USER": "U", "PASS": "P"}, authentication=authentication)
    return link_plan(data, warns=slugs).upstreams[0].credential


def test_credentials() -> None:
    unused = ("unused-binding",)
    assert credential({"type": "basic", "username": "{{USER}}", "password": "{{env.PASS}}"}) == BasicCredential(
        Variable("env.USER"), Variable("env.PASS")
    )
    assert credential({"type": "bearer", "token": "t-{{USER}}"}, slugs=unused) == BearerCredential(
        Composed((Constant("t-"), Variable("env.USER")))
    )
    assert credential({"type": "apikey", "key": "X-Key", "value": "{{USER}}"}, slugs=unused) == ApiKeyCredential(
        ((Constant("X-Key"), Variable("env.USER")),), "header"
    )


def test_a_credential_takes_no_input_of_the_caller() -> None:
    data = make_document(
        exposes=[make_rest_expose(inputs=[{"name": "token", "in": "query"}])],
        authentication={"type": "bearer", "token": "{{token}}"},
    )
    assert ("unlisted-variable", "'token' is read from the environment, but no bind lists it") in list_problems(data)


def test_a_binding_lists_every_use() -> None:
    consumed = {"inputParameters": [{"name": name, "in": "header", "value": "{{env.KEY}}"} for name in ("X-A", "X-B")]}
    (binding,) = link_plan(make_document(consumed, binds={"KEY": "K"})).bindings
    assert (binding.name, binding.key, len(set(binding.uses))) == ("env.KEY", "K", 2)


def test_a_variable_used_in_a_part_that_is_refused_is_not_called_unused() -> None:
    data = make_document(binds={"KEY": "K"}, authentication={"type": "oauth2", "clientSecret": "{{KEY}}"})
    assert [slug for slug, _ in list_problems(data)] == ["empty-credential"]


def test_of_two_namespaces_with_one_variable_the_short_name_means_the_first() -> None:
    data = make_document({"inputParameters": [{"name": "X", "in": "header", "value": "{{KEY}}{{b.KEY}}"}]})
    data["binds"] = [{"namespace": "a", "keys": {"KEY": "A"}}, {"namespace": "b", "keys": {"KEY": "B"}}]
    assert get_request(link_operation(data)).headers == (
        NamedTerm("x", Composed((Variable("a.KEY"), Variable("b.KEY")))),
    )


# -- follow-up findings are suppressed ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "slug"),
    [
        ({"import": "registry"}, "unresolved-import"),
        ({"import": "other", "as": "registry"}, "unresolved-import"),
        ({"location": "./x.yml"}, "missing-key"),
        ({"import": None}, "missing-key"),
    ],
)
def test_calls_into_a_refused_import_are_not_reported(entry: dict[str, Any], slug: str) -> None:
    data = make_document()
    data["capability"]["consumes"] = [{"location": "./other.yml", **entry}]
    assert [slug for slug, _ in list_problems(data)] == [slug]


def test_calls_elsewhere_are_reported_beside_a_refused_import() -> None:
    data = make_document()
    data["capability"]["consumes"] = [{"location": "./other.yml", "import": "other"}]
    assert [slug for slug, _ in list_problems(data)] == ["unresolved-import", "unresolved-call"]


def test_calls_into_the_second_of_two_equal_namespaces_are_not_reported() -> None:
    data = make_document(exposes=[make_rest_expose(call="registry.second")])
    data["capability"]["consumes"].append(
        {"namespace": "registry", "baseUri": BASE, "resources": [{"path": "/", "operations": [{"name": "second"}]}]}
    )
    assert [slug for slug, _ in list_problems(data)] == ["duplicate-namespace"]


def test_an_unknown_value_does_not_make_the_inputs_unused() -> None:
    exposed = make_rest_expose(inputs=[{"name": "given", "in": "query"}], bind={"x": "{{gven}}"})
    assert [slug for slug, _ in list_problems(make_document(X_IN_QUERY, [exposed]))] == ["unbound-variable"]
