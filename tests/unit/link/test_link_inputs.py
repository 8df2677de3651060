"""What callers give an exposed operation: inputs, placeholders, queries and bodies."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.plan import (
    Argument,
    Constant,
    JsonTree,
    NamedTerm,
    OpenBody,
    Variable,
    WholeBody,
    freeze,
)
from support.linked import (
    BASE,
    get_request,
    link_operation,
    list_problems,
    make_document,
    make_mcp_expose,
    make_rest_expose,
    make_tree,
)
from support.linked_calls import inputs_of

# -- inference --------------------------------------------------------------------------------------------------------


def test_what_only_the_consumed_side_declares_becomes_an_input() -> None:
    declared = [
        {"name": "page", "in": "query", "type": "integer", "required": True, "description": "P", "default": 1},
        {"name": "X-Key", "in": "header"},
        {"name": "who", "in": "cookie"},
    ]
    for exposed in (make_rest_expose(), make_mcp_expose()):
        found = link_operation(make_document({"inputParameters": declared}, [exposed]))
        assert inputs_of(found) == [("page", "query", True), ("X-Key", "header", False), ("who", "cookie", False)]
        page = found.contract.inputs[0]
        assert (page.type, page.description, page.default, page.inferred) == ("integer", "P", freeze(1), True)
        assert get_request(found).headers == (NamedTerm("x-key", Argument("X-Key")),)
        assert get_request(found).cookies == (NamedTerm("who", Argument("who")),)


@pytest.mark.parametrize("value", ["tools.x", "fleet.x", "{{tools.x}}"])
def test_a_reference_to_an_undeclared_input_declares_it(value: str) -> None:
    consumed = {"inputParameters": [{"name": "q", "in": "query", "type": "integer", "required": True}]}
    found = link_operation(make_document(consumed, [make_mcp_expose(bind={"q": value})]))
    assert inputs_of(found)[0][0] == "x"
    assert get_request(found).query == (NamedTerm("q", Argument("x")),)


def test_a_reference_takes_type_and_necessity_from_the_parameter_it_fills() -> None:
    consumed = {"inputParameters": [{"name": "q", "in": "query", "type": "integer", "required": True}]}
    found = link_operation(make_document(consumed, [make_mcp_expose(bind={"q": "tools.x"})]))
    assert [(spec.name, spec.type, spec.required) for spec in found.contract.inputs] == [("x", "integer", True)]


def test_a_name_in_a_body_template_that_nothing_explains_is_an_input() -> None:
    found = link_operation(
        make_document({"method": "POST", "body": '{"a": "{{name}}", "b": {{tools.size}}}'}, [make_mcp_expose()])
    )
    assert [name for name, *_ in inputs_of(found)] == ["name", "size"]


def test_a_bound_variable_in_a_body_is_no_input() -> None:
    consumed = {"method": "POST", "body": {"type": "json", "data": {"key": "{{KEY}}", "full": "{{env.KEY}}"}}}
    found = link_operation(make_document(consumed, [make_mcp_expose()], binds={"KEY": "K"}))
    assert found.contract.inputs == ()
    assert get_request(found).body == JsonTree(make_tree({"key": Variable("env.KEY"), "full": Variable("env.KEY")}))


def test_with_fills_a_name_in_a_body_template() -> None:
    consumed = {"method": "POST", "body": {"type": "json", "data": {"a": "{{tools.size}}", "b": "{{size}}"}}}
    found = link_operation(make_document(consumed, [make_mcp_expose(bind={"size": 7})]))
    assert get_request(found).body == JsonTree(make_tree({"a": Constant(freeze(7)), "b": Constant(freeze(7))}))


# -- placeholders -----------------------------------------------------------------------------------------------------


def test_undeclared_placeholders_are_required_text() -> None:
    for exposed in (make_rest_expose("/ships/{id}"), make_mcp_expose()):
        found = link_operation(make_document(path="/ships/{id}", exposes=[exposed]))
        (spec,) = found.contract.inputs
        assert (spec.name, spec.type, spec.required) == ("id", "string", True)
        assert get_request(found).path == (BASE, "/ships/", Argument("id"))


def test_a_placeholder_without_a_place_in_the_route_is_taken_from_the_query_with_a_warning() -> None:
    found = link_operation(make_document(path="/ships/{id}"), warns=("undeclared-placeholder",))
    assert inputs_of(found) == [("id", "query", True)]


@pytest.mark.parametrize("exposed", ["shipid", "ship-id", "SHIP_ID", "ship.id"])
def test_placeholders_meet_without_case_and_punctuation(exposed: str) -> None:
    data = make_document(path="/ships/{shipId}", exposes=[make_rest_expose(f"/s/{{{exposed}}}")])
    found = link_operation(data, warns=("placeholder-spelling",))
    assert get_request(found).path == (BASE, "/ships/", Argument(exposed))


def test_placeholders_that_are_alike_in_several_ways_are_not_guessed_between() -> None:
    data = make_document(path="/ships/{shipId}", exposes=[make_rest_expose("/s/{ship-id}/{ship_id}")])
    found = link_operation(data, warns=("undeclared-placeholder", "unused-input"))
    assert ("shipId", "query", True) in inputs_of(found)


def test_letters_beyond_ascii_count() -> None:
    data = make_document(path="/ships/{größe}", exposes=[make_rest_expose("/s/{gräße}")])
    assert get_request(link_operation(data, warns=("undeclared-placeholder",))).path[2] == Argument("größe")


def test_a_declared_path_parameter_types_its_placeholder() -> None:
    inputs = [{"name": "id", "in": "path", "type": "integer"}]
    found = link_operation(make_document(path="/ships/{id}", exposes=[make_rest_expose("/ships/{id}", inputs=inputs)]))
    assert [(spec.name, spec.place, spec.type, spec.required) for spec in found.contract.inputs] == [
        ("id", "path", "integer", True)
    ]


def test_a_path_parameter_without_a_place_is_refused_once() -> None:
    consumed = {"inputParameters": [{"name": "id", "in": "path"}]}
    data = make_document(consumed, [make_rest_expose("/ships/{id}", bind={"id": "rest.id"})])
    assert list_problems(data) == [("unplaced-path-parameter", "the path has no place for 'id'")]


def test_an_adapters_path_parameter_need_only_have_a_place_in_some_resource() -> None:
    data = make_document(
        path="/t/{tenant}", exposes=[make_mcp_expose()], inputParameters=[{"name": "tenant", "in": "path"}]
    )
    api = data["capability"]["consumes"][0]
    api["resources"].append({"path": "/all", "operations": [{"name": "all"}]})
    assert list_problems(data) == []
    api["resources"][0]["path"] = "/t"
    assert {slug for slug, _ in list_problems(data)} == {"unplaced-path-parameter"}


# -- open operations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "open_query", "open_body"),
    [("GET", True, False), ("POST", True, True), ("PUT", True, True), ("PATCH", True, True), ("DELETE", True, True)],
)
def test_a_route_without_parameters_is_open(method: str, open_query: bool, open_body: bool) -> None:
    request = get_request(link_operation(make_document({"method": method}, [make_rest_expose(method=method)])))
    assert (request.open_query, isinstance(request.body, OpenBody)) == (open_query, open_body)
    assert request.caller_headers


@pytest.mark.parametrize(
    ("method", "open_query", "open_body"),
    [
        ("GET", True, False),
        ("POST", False, True),
        ("PUT", False, True),
        ("PATCH", False, True),
        ("DELETE", True, False),
    ],
)
def test_a_tool_without_parameters_takes_any(method: str, open_query: bool, open_body: bool) -> None:
    found = link_operation(make_document({"method": method}, [make_mcp_expose()]))
    assert found.contract.open
    assert (get_request(found).open_query, isinstance(get_request(found).body, OpenBody)) == (open_query, open_body)


@pytest.mark.parametrize("level", ["operation", "resource", "adapter"])
def test_a_query_parameter_at_any_level_closes_the_query(level: str) -> None:
    declared = [{"name": "x", "in": "query"}]
    data = make_document({"inputParameters": declared} if level == "operation" else None)
    api = data["capability"]["consumes"][0]
    if level != "operation":
        (api["resources"][0] if level == "resource" else api)["inputParameters"] = declared
    request = get_request(link_operation(data))
    assert not request.open_query
    assert not request.caller_headers


def test_a_query_parameter_of_the_exposed_side_closes_the_query_too() -> None:
    found = link_operation(make_document(exposes=[make_rest_expose(inputs=[{"name": "x", "in": "query"}])]))
    assert not get_request(found).open_query
    assert get_request(found).query == (NamedTerm("x", Argument("x")),)


def test_a_declared_header_leaves_query_and_body_open() -> None:
    request = get_request(
        link_operation(make_document({"method": "POST", "inputParameters": [{"name": "X", "in": "header"}]}))
    )
    assert request.open_query
    assert isinstance(request.body, OpenBody)


def test_a_tools_inputs_become_query_or_body_by_method() -> None:
    inputs = [{"name": "a"}, {"name": "b"}]
    get = link_operation(make_document(exposes=[make_mcp_expose(inputs=inputs)]))
    assert get_request(get).query == (NamedTerm("a", Argument("a")), NamedTerm("b", Argument("b")))
    post = link_operation(make_document({"method": "POST", "body": {"type": "json"}}, [make_mcp_expose(inputs=inputs)]))
    assert get_request(post).body == JsonTree(make_tree({"a": Argument("a"), "b": Argument("b")}))
    assert not get.contract.open
    assert not post.contract.open


def test_one_input_called_body_is_the_whole_body() -> None:
    for consumed, exposed in (
        ({"method": "POST", "body": {"type": "json"}}, make_mcp_expose(inputs=[{"name": "body"}])),
        ({"method": "POST", "inputParameters": [{"name": "body", "in": "body"}]}, make_mcp_expose()),
    ):
        assert get_request(link_operation(make_document(consumed, [exposed]))).body == WholeBody(Argument("body"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("parameters", [None, [{"name": "id", "in": "query"}]])
@pytest.mark.parametrize(
    "expose",
    [make_rest_expose(method="POST", inputs=[{"name": "a", "in": "body"}]), make_mcp_expose(inputs=[{"name": "a"}])],
)
def test_an_operation_without_a_body_is_sent_none(method: str, parameters: Any, expose: Any) -> None:
    consumed = {"method": method, **({} if parameters is None else {"inputParameters": parameters})}
    linked = link_operation(make_document(consumed, [expose]), warns=("unused-input",))
    assert get_request(linked).body is None
    ((_, message),) = list_problems(make_document(consumed, [expose]))
    assert message == "the input 'a' reaches no parameter of 'registry.op', which has no body"


def test_body_parameters_make_an_object() -> None:
    consumed = {
        "method": "POST",
        "inputParameters": [{"name": "a", "in": "body"}, {"name": "b", "in": "body", "value": "c"}],
    }
    assert get_request(link_operation(make_document(consumed))).body == JsonTree(
        make_tree({"a": Argument("a"), "b": Constant("c")})
    )
