"""References in documents: the accepted forms, and the rejected ones."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.plan import Argument, Composed, Constant, Variable
from support.linked import get_request, load_document
from support.referring_documents import TOKEN, X, with_value

USED = {"unused-input"}


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
