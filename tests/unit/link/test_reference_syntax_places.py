"""References in places other than `with`: consumed parameters, bodies, credentials, outputs and paths."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.authentication.bearer import BearerCredential
from naftiko_runtime.mapping.compile import compile_shapes
from naftiko_runtime.plan import Argument, Composed, Constant, JsonTree, TermObject, Variable
from support.linked import get_request, link_operation, list_problems, load_document, make_document, make_rest_expose
from support.referring_documents import BINDS, CONSUMED, TOKEN, X, with_value

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
