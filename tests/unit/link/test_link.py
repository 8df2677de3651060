"""Linking of exposed operations to consumed ones: from documents to plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.authentication.api_key import ApiKeyCredential
from naftiko_runtime.authentication.basic import BasicCredential
from naftiko_runtime.authentication.bearer import BearerCredential
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.plan import (
    Argument,
    Composed,
    Constant,
    JsonTree,
    McpServer,
    NamedTerm,
    OpenBody,
    RestServer,
    Variable,
    WholeBody,
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
    make_tree,
)

if TYPE_CHECKING:
    from naftiko_runtime.plan import Operation, Request

X_IN_QUERY = {"inputParameters": [{"name": "x", "in": "query"}]}


def query_of(data: Any, *, warns: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    return [(field.name, field.term) for field in get_request(link_operation(data, warns=warns)).query]


def inputs_of(found: Operation) -> list[tuple[str, str, bool]]:
    return [(spec.name, spec.place, spec.required) for spec in found.contract.inputs]


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


def test_a_binding_knows_every_use() -> None:
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


# -- ports and overrides ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addresses", "clash"),
    [
        ((None, None), True),
        (("127.0.0.1", "127.0.0.1"), True),
        (("127.0.0.1", None), True),
        (("127.0.0.1", "::"), True),
        (("127.0.0.1", "127.0.0.2"), False),
    ],
)
def test_a_port_belongs_to_one_expose(addresses: tuple[str | None, str | None], clash: bool) -> None:
    exposes = [make_rest_expose(port=8080), make_mcp_expose(port=8080)]
    for expose, address in zip(exposes, addresses, strict=True):
        if address is not None:
            expose["address"] = address
    assert [slug for slug, _ in list_problems(make_document(exposes=exposes))] == (["port-clash"] if clash else [])


def test_free_ports_do_not_clash() -> None:
    assert list_problems(make_document(exposes=[make_rest_expose(port=0), make_mcp_expose(port=0)])) == []


def ports(overrides: Overrides) -> list[tuple[str, int]]:
    return [
        (s.address, s.port)
        for s in link_plan(
            make_document(exposes=[make_rest_expose(port=8080), make_mcp_expose(port=8080)]), overrides
        ).servers
    ]


def test_overrides_move_servers() -> None:
    assert ports(Overrides(ports={"ships": 9})) == [("0.0.0.0", 9), ("0.0.0.0", 8080)]
    assert ports(Overrides(ports={"ships": 0}, port_offset=10)) == [("0.0.0.0", 0), ("0.0.0.0", 8090)]
    assert ports(Overrides(ports={"fleet": 1}, host="127.0.0.1")) == [("127.0.0.1", 8080), ("127.0.0.1", 1)]


@pytest.mark.parametrize("offset", [60_000, -9_000])
def test_an_offset_that_leaves_no_port(offset: int) -> None:
    found = list_problems(make_document(), Overrides(port_offset=offset))
    assert found == [("port-clash", f"with the offset the port would be {8080 + offset}")]


@pytest.mark.parametrize("base", ["", "https://{region}.example", "https://good.example"])
def test_a_base_uri_of_the_operator_wins(base: str) -> None:
    found = link_plan(make_document(baseUri=base), Overrides(base_uris={"registry": "http://127.0.0.1:9/x"}))
    assert found.upstreams[0].base_uri == "http://127.0.0.1:9/x"


@pytest.mark.parametrize(
    "base",
    [
        *(
            "",
            " ",
            "/",
            "a.example",
            "//a.example",
            "ftp://a",
            "https://",
            "https://:80",
            "https://a:0",
            "https://a:99999",
        ),
        *(
            "https://[",
            "https://[::1",
            "https://{h}",
            "https://a b",
            "https://a\nb",
            "https://xn--\u00e4.example",
            "https://a\u2024b.example",
            "https://a.example/\u00e4",
        ),
        *(
            "https://u@a",
            "https://u:p@a",
            "https://a?x",
            "https://a#x",
            "file:///etc/passwd",
            "https://a\\b",
            "http://a|b",
        ),
    ],
)
def test_unusable_base_uris(base: str) -> None:
    assert [slug for slug, _ in list_problems(make_document(baseUri=base))] == ["invalid-base-uri"]


@pytest.mark.parametrize(
    ("base", "sent"),
    [
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
        ("https://BÜCHER.example:8443", "https://xn--bcher-kva.example:8443"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("https://例え.テスト/a", "https://xn--r8jz45g.xn--zckzah/a"),
    ],
)
def test_a_host_with_other_letters_is_sent_in_ascii(base: str, sent: str) -> None:
    (upstream,) = link_plan(make_document(baseUri=base)).upstreams
    assert upstream.base_uri == sent


@pytest.mark.parametrize(
    "base", ["http://a", "https://a:8443/x/", "HTTPS://A", "http://[::1]:9", " https://a ", "http://127.1"]
)
def test_usable_base_uris(base: str) -> None:
    assert list_problems(make_document(baseUri=base)) == []


# -- routes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["ships", "", "/a?b", "/a#b", "/a b", "/{", "/{}", "/{a}{b}", "/a/{x}/{x}"])
def test_routes_that_cannot_be_served(route: str) -> None:
    slugs = {slug for slug, _ in list_problems(make_document(exposes=[make_rest_expose(route)]))}
    assert slugs & {"invalid-path", "duplicate-name"}


@pytest.mark.parametrize("route", ["/", "/x:y", "/E('{id}')", "/{a}.{b}", "/{a-b}/{a.b}", "/größe/船"])
def test_routes_that_can(route: str) -> None:
    assert {slug for slug, _ in list_problems(make_document(exposes=[make_rest_expose(route)]))} <= {"unused-input"}


def test_a_request_says_where_it_goes() -> None:
    request: Request = get_request(link_operation(make_document({"method": "PUT"}, [make_rest_expose(method="POST")])))
    assert (request.operation, request.method, request.upstream.base_uri) == ("registry.op", "PUT", BASE)
