from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.diagnostic import Span
from naftiko_runtime.document.consumes import ConsumedOperation
from naftiko_runtime.link.consumed_operation import Consumed
from naftiko_runtime.link.exposed_inputs import OperationInputs
from naftiko_runtime.plan import Argument, Input, Upstream, freeze, thaw
from naftiko_runtime.template import split_path

UPSTREAM = Upstream("api", "https://api.example", None, Span("x.yml", 1, 1, 1, 1))


def consumed(path: str = "/ships", **keys: Any) -> Consumed:
    operation = ConsumedOperation.model_validate({"name": "get", **keys})
    return Consumed(UPSTREAM, operation, split_path(path), operation.input_parameters)


def inputs(target: Consumed, *declared: Input, **more: Any) -> OperationInputs:
    return OperationInputs({spec.name: spec for spec in declared}, target, **more)


def declare(name: str, **more: Any) -> Input:
    return Input(name=name, place="query", **more)


@pytest.mark.parametrize(
    ("name", "found"),
    [("ship-id", "ship-id"), ("shipId", "ship-id"), ("SHIP_ID", "ship-id"), ("ship", None), ("port_id", None)],
)
def test_a_name_is_found_whatever_its_case_and_punctuation_if_only_one_is_like_it(name: str, found: str | None) -> None:
    declared = inputs(consumed(), declare("ship-id"), declare("portId"), declare("PortID"))
    assert declared.find_name(name) == found


def test_a_declared_input_is_not_inferred() -> None:
    declared = inputs(consumed(), declare("shipId"))
    assert declared.require("ship_id") == Argument("shipId")
    assert list(declared.by_name) == ["shipId"]


def test_an_inferred_input_is_what_the_consumed_parameter_is() -> None:
    parameter = {"name": "X-Trace", "in": "header", "type": "integer", "default": 3, "description": "A trace."}
    inferred = inputs(consumed(inputParameters=[parameter]))
    assert inferred.require("trace", fills="X-Trace") == Argument("trace")
    spec = inferred.by_name["trace"]
    assert (spec.place, spec.type, thaw(spec.default), spec.required) == ("header", "integer", 3, False)
    assert spec.inferred
    assert spec.description == "A trace."


@pytest.mark.parametrize(
    ("target", "place", "required"),
    [
        (consumed("/ships/{id}"), "query", True),
        (consumed(), "query", False),
        (consumed(method="POST"), "body", False),
        (consumed(method="POST", inputParameters=[{"name": "page", "in": "query"}]), "query", False),
        (consumed(method="DELETE", body='{"id": {{id}}}'), "body", False),
        (consumed(method="POST", body={"type": "json"}), "body", False),
    ],
)
def test_an_undeclared_input_is_for_the_body_where_there_may_be_one(
    target: Consumed, place: str, required: bool
) -> None:
    inferred = inputs(target)
    inferred.require("id")
    assert (inferred.by_name["id"].place, inferred.by_name["id"].required) == (place, required)


def test_an_input_that_the_path_of_a_route_lacks_keeps_its_type_and_pattern() -> None:
    displaced = {"shipId": Input(name="shipId", place="path", type="string", pattern="^[0-9]+$")}
    inferred = inputs(consumed("/ships/{ship_id}"), displaced=displaced)
    assert inferred.is_displaced("ship_id")
    assert not inferred.is_displaced("ship")
    inferred.require("ship_id")
    assert (inferred.by_name["ship_id"].type, inferred.by_name["ship_id"].pattern) == ("string", "^[0-9]+$")


def test_a_default_is_for_optional_inputs_without_one_of_their_own() -> None:
    declared = inputs(consumed(), declare("a"), declare("b", default=freeze(1)), declare("c", required=True))
    for name in "abc":
        declared.set_default(name, 2)
    assert [thaw(spec.default) for spec in declared.by_name.values()] == [2, 1, None]
