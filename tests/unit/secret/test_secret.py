"""Secrets: all missing ones are listed, and no value is shown."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.errors import BindError
from naftiko_runtime.secret import Secret, make_placeholders, resolve
from support.linked import link_plan, make_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.plan import Plan

VALUE = "s3cr3t-value"
TOKEN = {"type": "bearer", "token": "{{TOKEN}}"}


def bound(**binds: str) -> Plan:
    used = {"name": "X-A", "in": "header", "value": "{{env.SECOND}}"}
    warns = ("unused-binding",) if "THIRD" in binds else ()
    return link_plan(make_document({"inputParameters": [used]}, binds=binds, authentication=TOKEN), warns=warns)


BOTH = {"TOKEN": "SHIP_TOKEN", "SECOND": "SHIP_SECOND"}


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r:>40}".format, "%s".__mod__, "{0:x}".format])
def test_a_secret_is_never_shown(show: Callable[[Any], str]) -> None:
    assert VALUE not in show(Secret(VALUE))


def test_a_secret_in_something_else_is_not_shown_either() -> None:
    assert VALUE not in repr({"token": [Secret(VALUE)]})


def test_a_secret_gives_its_value_only_by_name() -> None:
    assert Secret(VALUE).reveal() == VALUE
    assert not hasattr(Secret(VALUE), "__dict__")


@pytest.mark.parametrize("leak", [pickle.dumps, copy.deepcopy, json.dumps])
def test_a_secret_is_not_serialised(leak: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError) as raised:
        leak(Secret(VALUE))
    assert VALUE not in str(raised.value)


def test_every_bound_variable_has_its_value_under_its_full_name() -> None:
    found = resolve(bound(**BOTH), {"SHIP_TOKEN": VALUE, "SHIP_SECOND": "b", "TOKEN": "not this"})
    assert {name: secret.reveal() for name, secret in found.items()} == {"env.TOKEN": VALUE, "env.SECOND": "b"}


@pytest.mark.parametrize("environment", [{}, {"SHIP_TOKEN": ""}, {"TOKEN": "a", "SECOND": "b"}])
def test_all_missing_variables_are_listed_with_their_places(environment: dict[str, str]) -> None:
    with pytest.raises(BindError) as raised:
        resolve(bound(**BOTH), environment)
    first, second = map(str, raised.value.problems)
    assert "'TOKEN' needs the environment variable 'SHIP_TOKEN'" in first
    assert "'SECOND' needs the environment variable 'SHIP_SECOND'" in second
    assert first.startswith("x.yml:")
    assert "used at x.yml:" in first


def test_a_misspelt_variable_gets_the_listed_one_as_suggestion() -> None:
    used = {"name": "X-A", "in": "header", "value": "{{BOOK_KEY}}"}
    document = make_document({"inputParameters": [used]}, binds={"BOOKS_KEY": "BOOKS_KEY"})
    plan = link_plan(document, warns=("unlisted-variable",))
    with pytest.raises(BindError) as raised:
        resolve(plan, {"BOOKS_KEY": VALUE})
    (problem,) = raised.value.problems
    assert problem.help is not None
    assert problem.help.startswith("did you mean 'BOOKS_KEY'? Otherwise set BOOK_KEY, ")


def test_present_values_are_not_listed_as_missing() -> None:
    with pytest.raises(BindError) as raised:
        resolve(bound(**BOTH), {"SHIP_TOKEN": VALUE})
    assert len(raised.value.problems) == 1
    assert VALUE not in str(raised.value)


def test_an_unused_variable_may_be_missing() -> None:
    third = bound(**BOTH, THIRD="SHIP_THIRD")
    environment = {"SHIP_TOKEN": "a", "SHIP_SECOND": "b"}
    assert set(resolve(third, environment)) == {"env.TOKEN", "env.SECOND"}
    assert "env.THIRD" in resolve(third, {**environment, "SHIP_THIRD": "c"})


def test_the_sandbox_has_stand_ins() -> None:
    found = make_placeholders(bound(**BOTH))
    assert {name: secret.reveal() for name, secret in found.items()} == {
        "env.TOKEN": "<SHIP_TOKEN>",
        "env.SECOND": "<SHIP_SECOND>",
    }


def test_a_plan_holds_names_and_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIP_TOKEN", VALUE)
    assert VALUE not in repr(bound(**BOTH))
