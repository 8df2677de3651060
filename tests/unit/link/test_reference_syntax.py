"""References in documents: the accepted forms, and the rejected ones."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.authentication.bearer import BearerCredential
from naftiko_runtime.mapping.compile import compile_shapes
from naftiko_runtime.plan import Argument, Composed, Constant, JsonTree, TermObject, Variable
from support.linked import get_request, link_operation, list_problems, load_document, make_document, make_rest_expose

INPUTS = [{"name": "x", "in": "query"}, {"name": "ship-id", "in": "query"}, {"name": "a.b", "in": "query"}]
CONSUMED = {
    "inputParameters": [
        {"name": "p", "in": "query"},
        {"name": "X-Token", "in": "header", "value": "{{TOKEN}}{{vault.SECRET}}"},
    ]
}
BINDS = [
    {"namespace": "env", "keys": {"TOKEN": "T"}},
    {"namespace": "vault", "keys": {"SECRET": "s"}, "location": "file:///./x.json"},
]
USED = {"unused-input"}
X, TOKEN = Argument("x"), Variable("env.TOKEN")


def with_value(value: Any, inputs: list[Any] | None = INPUTS) -> dict[str, Any]:
    """A document whose operation gives the parameter ``p`` a value."""
    data = make_document(CONSUMED, [make_rest_expose(inputs=inputs, bind={"p": value})])
    other = {"type": "mcp", "namespace": "fleet", "port": 9090, "tools": [{"name": "t", "call": "registry.op"}]}
    data["capability"]["exposes"].append(other)
    data["binds"] = BINDS
    return data


def term(data: Any) -> tuple[Any, set[str]]:
    """What fills ``p``, and the rules that are found beside."""
    found = load_document(data)
    assert found.plan is not None, found.diagnostics
    query = {entry.name: entry.term for entry in get_request(found.plan.servers[0].operations[0]).query}
    return query["p"], {d.rule.slug for d in found.diagnostics} - USED


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("$this.ships.x", X),
        ("ships.x", X),
        ("rest.x", X),
        ("tools.x", X),
        ("mcp.x", X),
        ("x", X),
        ("a.b", Argument("a.b")),
        ("$this.ships.a.b", Argument("a.b")),
        ("$this.ships.shipId", Argument("ship-id")),
        ("{{x}}", X),
        ("{{$this.ships.x}}", X),
        ("{{ships.x}}", X),
        ("{{TOKEN}}", TOKEN),
        ("{{env.TOKEN}}", TOKEN),
        ("{{vault.SECRET}}", Variable("vault.SECRET")),
        ("{{rest.x}}-{{TOKEN}}", Composed((X, Constant("-"), TOKEN))),
    ],
)
def test_documented_forms_under_with_have_no_warning(value: str, expected: Any) -> None:
    assert term(with_value(value)) == (expected, set())


@pytest.mark.parametrize(
    ("value", "expected", "meant"),
    [
        ("$input.x", X, "$this.ships.x"),
        ("$inputs.x", X, "$this.ships.x"),
        ("$inputParameters.x", X, "$this.ships.x"),
        ("inputParameters.x", X, "$this.ships.x"),
        ("input.x", X, "$this.ships.x"),
        ("params.x", X, "$this.ships.x"),
        ("${x}", X, "$this.ships.x"),
        ("${ x }", X, "$this.ships.x"),
        ("${shipId}", Argument("ship-id"), "$this.ships.shipId"),
        ("${rest.x}", X, "$this.ships.x"),
        ("${this.ships.x}", X, "$this.ships.x"),
        ("${input.x}", X, "$this.ships.x"),
        ("$rest.x", X, "$this.ships.x"),
        ("$ships.x", X, "$this.ships.x"),
        ("$this.x", X, "$this.ships.x"),
        ("$this.inputParameters.x", X, "$this.ships.x"),
        ("this.ships.x", X, "$this.ships.x"),
        ("$x", X, "$this.ships.x"),
        ("{x}", X, "$this.ships.x"),
        ("env.TOKEN", TOKEN, "{{env.TOKEN}}"),
        ("$env.TOKEN", TOKEN, "{{env.TOKEN}}"),
        ("${env.TOKEN}", TOKEN, "{{env.TOKEN}}"),
        ("vault.SECRET", Variable("vault.SECRET"), "{{vault.SECRET}}"),
        ("env.OTHER", Variable("env.OTHER"), "{{env.OTHER}}"),
        ("a-${x}-b", Composed((Constant("a-"), X, Constant("-b"))), "{{x}}"),
        ("{{inputParameters.x}}", X, "x"),
        ("{{$input.x}}", X, "x"),
        ("{{input.x}}", X, "x"),
    ],
)
def test_other_forms_under_with_are_given_their_meaning_with_a_warning(value: str, expected: Any, meant: str) -> None:
    data = with_value(value)
    found, slugs = term(data)
    assert found == expected
    assert slugs - {"unlisted-variable"} == {"undocumented-reference"}
    (finding,) = [d for d in load_document(data).diagnostics if d.rule.slug == "undocumented-reference"]
    assert finding.help == f"write '{meant}'"


@pytest.mark.parametrize("value", ["$this.ships.y", "$input.y", "${y}", "inputParameters.y", "rest.y"])
def test_an_unlisted_input_is_added(value: str) -> None:
    assert term(with_value(value, inputs=None))[0] == Argument("y")
    assert "unlisted-input" in term(with_value(value))[1]


@pytest.mark.parametrize(
    "form", ["$this.ships.{}", "$input.{}", "${{{}}}", "inputParameters.{}", "rest.{}", "ships.{}"]
)
def test_a_slip_of_a_listed_input_is_an_error_and_no_other_input(form: str) -> None:
    value = form.format("shipp-id")
    (finding,) = load_document(with_value(value)).diagnostics
    assert (finding.rule.slug, finding.message) == ("unknown-reference", f"'{value}' refers to nothing")
    assert finding.help == "did you mean '$this.ships.ship-id'?"


def test_what_the_called_operation_takes_is_no_slip() -> None:
    data = with_value("$this.ships.shipp-id")
    consumed = data["capability"]["consumes"][0]["resources"][0]["operations"][0]
    consumed["inputParameters"].append({"name": "shipp-id", "in": "query"})
    assert term(data) == (Argument("shipp-id"), {"unlisted-input"})


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("$this.shps.x", "$this.ships.x"),
        ("$this.fleet.x", "$this.ships.x"),
        ("$this.ships.", "write '$this.ships.x'"),
        ("$this", "write '$this.ships.x'"),
        ("fleet.x", "$this.ships.x"),
        ("registry.x", "$this.ships.x"),
        ("registry.op.x", "$this.ships.x"),
        ("${fleet.x}", "$this.ships.x"),
        ("$y", "write '$this.ships.x'"),
        ("$5", "write '$this.ships.x'"),
        ("$", "write '$this.ships.x'"),
        ("$.x", "$this.ships.x"),
        ("$.step.x", "$this.ships.x"),
        ("$TOKEN", "{{TOKEN}}"),
        ("restt.x", "'rest'"),
        ("ship.x", "'ships'"),
        ("{{registry.x}}", "{{x}}"),
    ],
)
def test_a_reference_that_names_nothing_is_an_error_with_advice(value: str, advice: str) -> None:
    (finding,) = [d for d in load_document(with_value(value)).diagnostics if d.severity == "error"]
    assert finding.rule.slug == "unknown-reference"
    assert advice in (finding.help or "")


@pytest.mark.parametrize(
    ("value", "slug"),
    [
        ("${TOKEN}", "invalid-template"),
        ("${UNKNOWN_TOKEN}", "invalid-template"),
        ("a${TOKEN}", "invalid-template"),
        ("${{ env.TOKEN }}", "invalid-template"),
        ("${{ secrets.TOKEN }}", "invalid-template"),
        ("{{x", "invalid-template"),
        ("{{x}", "invalid-template"),
        ("{{ }}", "invalid-template"),
        ("{{nobody}}", "unbound-variable"),
        ("{{y.x}}", "unbound-variable"),
        ("{{vault.OTHER}}", "unbound-variable"),
        ("vault.OTHER", "unbound-variable"),
    ],
)
def test_what_else_names_nothing_is_an_error(value: str, slug: str) -> None:
    assert [d.rule.slug for d in load_document(with_value(value)).diagnostics if d.severity == "error"] == [slug]


@pytest.mark.parametrize(
    "value",
    [
        "api.example.com",
        "gpt-4.1",
        "v1.2",
        "registry.example.com",
        "fleet.example.org",
        "env.prod.example.com",
        "text/plain; charset=utf-8",
        "x.y",
        "input.json",
        "5$",
        "{y}",
        "US$ 5",
        "user.created",
        "*",
        "",
    ],
)
def test_other_text_under_with_is_a_constant(value: str) -> None:
    assert term(with_value(value)) == (Constant(value), set())


# -- values, bodies, outputs, credentials ---------------------------------------------------------------------------


def header(value: str) -> dict[str, Any]:
    """A document whose consumed operation has a header with a value."""
    data = with_value(1)
    operations = data["capability"]["consumes"][0]["resources"][0]["operations"]
    operations[0] = {"name": "op", "inputParameters": [*CONSUMED["inputParameters"], header_of(value)]}
    return data


def header_of(value: str) -> dict[str, Any]:
    return {"name": "X-Given", "in": "header", "value": value}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{x}}", X),
        ("{{tools.x}}", X),
        ("$this.ships.x", X),
        ("$input.x", X),
        ("inputParameters.x", X),
        ("rest.x", X),
        ("${x}", X),
        ("Bearer ${x}", Composed((Constant("Bearer "), X))),
        ("env.TOKEN", TOKEN),
        ("vault.SECRET", Variable("vault.SECRET")),
        ("{{OTHER}}", Variable("env.OTHER")),
        ("{{other}}", Variable("env.other")),
        ("{{env.other}}", Variable("env.other")),
        ("registry.v1", Constant("registry.v1")),
        ("application.x", Constant("application.x")),
        ("$count", Constant("$count")),
        ("$5", Constant("$5")),
        ("a${unknown}", Constant("a${unknown}")),
    ],
)
def test_a_value_of_a_consumed_parameter(value: str, expected: Any) -> None:
    data = header(value)
    data["capability"]["exposes"].pop()
    found = load_document(data)
    assert found.plan is not None, found.diagnostics
    headers = {h.name: h.term for h in get_request(found.plan.servers[0].operations[0]).headers}
    assert headers["x-given"] == expected


@pytest.mark.parametrize(
    ("value", "slug"),
    [
        ("${y}", "unknown-reference"),
        ("$this.other.x", "unknown-reference"),
        ("$.x", "unknown-reference"),
        ("$TOKEN", "unknown-reference"),
        ("${TOKEN}", "invalid-template"),
        ("a${TOKEN}", "invalid-template"),
        ("{{shp-id}}", "unbound-variable"),
        ("{{other.X}}", "unbound-variable"),
    ],
)
def test_values_of_consumed_parameters_that_are_refused(value: str, slug: str) -> None:
    data = header(value)
    data["capability"]["exposes"].pop()
    assert [d.rule.slug for d in load_document(data).diagnostics if d.severity == "error"] == [slug]


def body(data: Any, inputs: list[Any] | None = None) -> dict[str, Any]:
    whole = make_document(
        {"method": "POST", "body": {"type": "json", "data": {"f": data, "t": "{{TOKEN}}"}}},
        [make_rest_expose(method="POST", inputs=inputs)],
    )
    whole["binds"] = BINDS[:1]
    return whole


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{x}}", X),
        ("{{tools.x}}", X),
        ("{{$this.ships.x}}", X),
        ("$this.ships.x", X),
        ("$input.x", X),
        ("${x}", X),
        ("{{TOKEN}}", TOKEN),
        ("{{env.TOKEN}}", TOKEN),
        ("{{OTHER_TOKEN}}", Variable("env.OTHER_TOKEN")),
        ("{{env.OTHER}}", Variable("env.OTHER")),
        ("env.TOKEN", TOKEN),
        ("$price", Constant("$price")),
        ("$user.name", Constant("$user.name")),
        ("tools.used", Constant("tools.used")),
        ("user.created", Constant("user.created")),
        ("in ${braces}", Constant("in ${braces}")),
    ],
)
def test_a_leaf_of_a_body(value: str, expected: Any) -> None:
    found = load_document(body(value))
    assert found.plan is not None, found.diagnostics
    request = get_request(found.plan.servers[0].operations[0])
    assert isinstance(request.body, JsonTree)
    assert isinstance(request.body.root, TermObject)
    assert dict(request.body.root.fields)["f"] == expected


@pytest.mark.parametrize(
    ("value", "slug"),
    [
        ("${TOKEN}", "invalid-template"),
        ("$this.other.x", "unknown-reference"),
        ("{{other.x}}", "unbound-variable"),
        ("{{registry.x}}", "unknown-reference"),
    ],
)
def test_leaves_of_bodies_that_are_refused(value: str, slug: str) -> None:
    assert [d.rule.slug for d in load_document(body(value)).diagnostics if d.severity == "error"] == [slug]


def secret(token: str) -> tuple[Any, set[str]]:
    data = make_document(authentication={"type": "bearer", "token": token})
    data["binds"] = BINDS
    found = load_document(data)
    credential = None if found.plan is None else found.plan.upstreams[0].credential
    unused = {"unused-binding"}
    return credential.token if isinstance(credential, BearerCredential) else None, {
        d.rule.slug for d in found.diagnostics
    } - unused


@pytest.mark.parametrize(
    ("token", "expected", "slugs"),
    [
        ("{{TOKEN}}", TOKEN, set()),
        ("{{OTHER}}", Variable("env.OTHER"), {"unlisted-variable"}),
        ("{{other}}", Variable("env.other"), {"unlisted-variable"}),
        ("{{env.OTHER}}", Variable("env.OTHER"), {"unlisted-variable"}),
        ("{{TOKNE}}", Variable("env.TOKNE"), {"unlisted-variable"}),
        ("env.TOKEN", TOKEN, {"undocumented-reference"}),
        ("$env.TOKEN", TOKEN, {"undocumented-reference"}),
        ("vault.SECRET", Variable("vault.SECRET"), {"undocumented-reference"}),
        ("$2b$10$abc", Constant("$2b$10$abc"), set()),
        ("a.b", Constant("a.b"), set()),
        ("${TOKEN}", None, {"invalid-template"}),
        ("${OTHER}", None, {"invalid-template"}),
        ("$TOKEN", None, {"invalid-template"}),
        ("Bearer ${OTHER}", None, {"invalid-template"}),
        ("${{ secrets.TOKEN }}", None, {"invalid-template"}),
        ("tools.token", None, {"unknown-reference"}),
        ("{{vault.OTHER}}", None, {"unbound-variable"}),
        ("{{other.KEY}}", None, {"unbound-variable"}),
        ("{{tools.token}}", None, {"unbound-variable"}),
    ],
)
def test_a_credential_takes_variables_alone(token: str, expected: Any, slugs: set[str]) -> None:
    assert secret(token) == (expected, slugs)


# -- outputs, paths, fixed inputs -----------------------------------------------------------------------------------


def mock(value: str, kind: str = "string") -> dict[str, Any]:
    outputs = [{"name": "a", "type": kind, "value": value}]
    resource = {"path": "/m/{x}", "operations": [{"outputParameters": outputs}]}
    return make_document(exposes=[{"type": "rest", "namespace": "ships", "port": 8080, "resources": [resource]}])


@pytest.mark.parametrize("value", ["$this.ships.x", "${x}", "$input.x", "{{inputParameters.x}}", "tools.x"])
def test_an_output_takes_other_forms_with_a_warning(value: str) -> None:
    for kind in ("string", "number"):
        shown = link_operation(mock(value, kind), warns=("undocumented-reference",)).execution
        assert compile_shapes(shown.shapes).has_blanks


@pytest.mark.parametrize("value", ["$5", "$price", "api.example.com", "user.created", "a ${b}"])
def test_an_output_may_be_any_other_text(value: str) -> None:
    mapping = compile_shapes(link_operation(mock(value)).execution.shapes)
    assert not mapping.has_blanks
    assert mapping.make({}) == {"a": value}


@pytest.mark.parametrize(
    ("value", "slug"),
    [
        ("$.x", "unknown-reference"),
        ("$this.other.x", "unknown-reference"),
        ("{{nobody}}", "unbound-variable"),
        ("{{KEY}}", "secret-in-answer"),
        ("env.KEY", "secret-in-answer"),
    ],
)
def test_outputs_that_are_refused(value: str, slug: str) -> None:
    assert slug in [found for found, _ in list_problems(mock(value))]


@pytest.mark.parametrize(
    ("path", "warns"),
    [
        ("/s/{imo}", ()),
        ("/s/{{imo}}", ()),
        ("/s/{{tools.imo}}", ()),
        ("/s/{rest.imo}", ()),
        ("/s/{{$this.ships.imo}}", ()),
        ("/s/${imo}", ("undocumented-reference",)),
    ],
)
def test_a_placeholder_of_a_path_names_the_caller_s_input(path: str, warns: tuple[str, ...]) -> None:
    linked = link_operation(make_document(path=path, exposes=[make_rest_expose(route="/r/{imo}")]), warns=warns)
    assert get_request(linked).path[1:] == ("/s/", Argument("imo"))


@pytest.mark.parametrize("value", ["tools.x", "$this.ships.x", "rest.x", "inputParameters.x"])
def test_a_fixed_input_is_no_other_input_s(value: str) -> None:
    exposed = make_rest_expose(inputs=[{"name": "a", "in": "query", "value": value}])
    data = make_document({"inputParameters": [{"name": "a", "in": "query"}]}, [exposed])
    assert list_problems(data) == [
        ("unknown-reference", f"'{value}' is an input of the caller; only variables are allowed here")
    ]
