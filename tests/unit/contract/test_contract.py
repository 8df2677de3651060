"""The check of a caller's input, for REST and MCP."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.contract.compiled import CompiledContract, compile_contract
from naftiko_runtime.contract.input_schema import build_input_schema
from naftiko_runtime.errors import InputFault, Rejected
from naftiko_runtime.plan import Contract, Input, freeze
from naftiko_runtime.source import parse_exact_float

if TYPE_CHECKING:
    from naftiko_runtime.model.part import InputType


def check(*inputs: Input, open: bool = False) -> CompiledContract:  # noqa: A002 - a contract's own word
    return compile_contract(Contract(inputs, open))


def of(kind: InputType | None, *, default: Any = None, **more: Any) -> CompiledContract:
    return check(Input("x", "query", kind, default=freeze(default), **more))


def faults(contract: CompiledContract, given: dict[str, Any], *, tool: bool = False) -> list[tuple[str, str, str]]:
    with pytest.raises(Rejected) as raised:
        (contract.admit_arguments if tool else contract.admit_request)(given)
    return [(fault.name, fault.place, fault.detail) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (None, "1", "1"),
        ("string", "1", "1"),
        ("string", "", ""),
        ("integer", "-12", -12),
        ("integer", "9" * 40, int("9" * 40)),
        ("number", "3", 3),
        ("number", "-1.5", -1.5),
        ("number", "-1.5e3", parse_exact_float("-1.5e3")),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("integer", "30.0", 30),
        ("integer", "3e1", 30),
        ("integer", "-0.0", 0),
        ("integer", "1.5e1", 15),
        ("integer", "1e23", 10**23),
        ("array", "a", ["a"]),
        ("object", '{"a": [1]}', {"a": [1]}),
    ],
)
def test_text_is_read_by_its_type(kind: InputType | None, text: str, value: Any) -> None:
    for given in (text, [text]):
        admitted = of(kind).admit_request({"x": given})
        assert admitted == {"x": value}
        assert type(admitted["x"]) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            ("integer", text)
            for text in ("", "a", "1.5", "15e-1", "1.", " 1", "1 ", "+1", "0x1", "1_0", "٣", "9" * 401)
        ),
        *(("number", text) for text in ("", "nan", "inf", "1e999", "-1e999", ".5", "1.", "1,5", "0x1")),
        *(("boolean", text) for text in ("", "1", "yes", "True", "TRUE")),
        *(("object", text) for text in ("", "a", "[]", "null", "1", "{", '{"a":}')),
    ],
)
def test_text_that_is_no_such_value_is_refused(kind: InputType, text: str) -> None:
    ((name, place, detail),) = faults(of(kind), {"x": text})
    assert (name, place) == ("x", "query")
    assert detail.startswith("must be")


def test_a_repeated_parameter_is_a_list_only_where_one_is_declared() -> None:
    assert of("array").admit_request({"x": ["a,b", "c"]}) == {"x": ["a,b", "c"]}
    assert faults(of("integer"), {"x": ["1", "2"]}) == [("x", "query", "given more than once")]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("integer", value) for value in (1, 10**30)),
        *(("number", value) for value in (1, 1.5)),
        *(("string", value) for value in ("", "a")),
        *(("boolean", value) for value in (True, False)),
        *(("array", value) for value in ([], [1])),
        ("object", {}),
        ("object", {"a": 1}),
        (None, ""),
        (None, 1),
        (None, {}),
    ],
)
def test_an_argument_of_its_type_is_taken_as_it_is(kind: InputType | None, value: Any) -> None:
    values, extras = of(kind).admit_arguments({"x": value})
    assert values == {"x": value}
    assert extras == {}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("integer", odd) for odd in (1.5, "1.5", "", " 1", "one", "true", True, math.inf, math.nan)),
        *(("number", odd) for odd in ("", "1,5", "nan", "Infinity", True, math.inf, -math.inf, math.nan)),
        *(("string", odd) for odd in (1, True)),
        *(("boolean", odd) for odd in (0, 1, "", "1", "True", "yes")),
        *(("array", odd) for odd in ("a", 1, False)),
        *(("object", odd) for odd in ("{}", 1, False)),
        ("integer", []),
        ("number", {}),
        ("string", []),
        ("string", {}),
        ("array", {}),
        ("object", []),
    ],
)
def test_an_argument_of_another_type_is_refused(kind: InputType, value: Any) -> None:
    ((name, place, detail),) = faults(of(kind), {"x": value}, tool=True)
    assert (name, place) == ("x", "arguments")
    assert detail.startswith("must be")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "5", 5),
        ("integer", "-5.0", -5),
        ("number", "5", 5),
        ("number", "5.5", 5.5),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("string", "5", "5"),
        ("json", "5", "5"),
        (None, "true", "true"),
    ],
)
def test_an_argument_may_be_text_for_a_number_or_a_boolean(kind: InputType | None, text: str, value: Any) -> None:
    values, _ = of(kind).admit_arguments({"x": text})
    assert values == {"x": value}
    assert type(values["x"]) is type(value)


def test_a_json_body_is_not_read_as_text() -> None:
    contract = check(Input("x", "body", "integer"))
    assert faults(contract, {"x": "5"}) == [("x", "body", "must be a whole number; received '5'")]
    assert contract.admit_request({"x": "5"}, form=True) == {"x": 5}


def test_every_fault_is_reported_at_once() -> None:
    contract = check(
        Input("id", "path", "integer", required=True),
        Input("page", "query", "integer"),
        Input("key", "header", required=True),
        Input("fine", "query"),
    )
    assert [fault[:2] for fault in faults(contract, {"id": "x", "page": "y", "fine": "z"})] == [
        ("id", "path"),
        ("page", "query"),
        ("key", "header"),
    ]
    assert [fault[0] for fault in faults(contract, {"id": "x", "odd": 1}, tool=True)] == ["id", "key", "odd"]


def test_a_fault_repeats_the_value_except_a_secret() -> None:
    assert faults(of("integer"), {"x": "many"}) == [("x", "query", "must be a whole number; received 'many'")]
    expected = "must be an object as JSON; received a text of 6 characters"
    assert faults(of("object"), {"x": "s3cret"}) == [("x", "query", expected)]
    contract = check(Input("password", "query", "integer"))
    assert faults(contract, {"password": "s3cret"}) == [("password", "query", "must be a whole number; received ***")]


def test_what_is_absent() -> None:
    assert of("integer").admit_request({}) == {}
    assert of("integer", default=3).admit_request({}) == {"x": 3}
    assert of("integer", default=3, required=True).admit_request({}) == {"x": 3}
    assert of("integer", default=3).admit_request({"x": "4"}) == {"x": 4}
    assert faults(of("integer", required=True), {}) == [("x", "query", "required, but not given")]


def test_null_leaves_out_what_reaches_no_json() -> None:
    assert of("integer").admit_arguments({"x": None}) == ({}, {})
    assert of("integer", default=3).admit_arguments({"x": None}) == ({}, {})
    assert of("integer", default=3, required=True).admit_arguments({"x": None}) == ({"x": 3}, {})
    assert faults(of("integer", required=True), {"x": None}, tool=True) == [
        ("x", "arguments", "required, but not given")
    ]


@pytest.mark.parametrize("more", [{}, {"default": 3}, {"required": True}, {"required": True, "default": 3}])
def test_null_is_a_value_of_what_reaches_a_json_body(more: dict[str, Any]) -> None:
    contract = of("integer", nullable=True, **more)
    assert contract.admit_arguments({"x": None}) == ({"x": None}, {})
    default = freeze(more.get("default"))
    with_body = check(Input("x", "body", "integer", "required" in more, default, nullable=True))
    assert with_body.admit_request({"x": None}) == {"x": None}


@pytest.mark.parametrize(
    ("given", "value"),
    [(30.0, 30), (-0.0, 0), (1e23, 10**23), (9007199254740993.0, 9007199254740992), (10**30, 10**30)],
)
def test_a_whole_number_is_one_however_it_is_written(given: float, value: int) -> None:
    values, _ = of("integer").admit_arguments({"x": given})
    assert values == {"x": value}
    assert type(values["x"]) is int


def test_a_list_of_a_caller_is_not_split_again() -> None:
    assert of("array").admit_request({"x": ["a,b"]}) == {"x": ["a,b"]}
    assert of("array").admit_request({"x": "a,b"}) == {"x": ["a", "b"]}


@pytest.mark.parametrize("value", [False, 0, "", []])
def test_what_is_false_is_not_absent(value: Any) -> None:
    assert of(None, default="other", required=True).admit_arguments({"x": value}) == ({"x": value}, {})


def test_unknown_arguments_are_refused_by_name_or_accepted() -> None:
    closed = of("string")
    assert faults(closed, {"y": 1}, tool=True) == [("y", "arguments", "unknown; known: 'x'")]
    assert faults(check(), {"y": 1}, tool=True) == [("y", "arguments", "unknown; there are none")]
    assert check(Input("x", "query", "string"), open=True).admit_arguments({"x": "a", "y": 1}) == ({"x": "a"}, {"y": 1})


def test_body_values_are_json_already() -> None:
    contract = check(Input("x", "body", "integer"))
    assert contract.admit_request({"x": 1}) == {"x": 1}
    assert faults(contract, {"x": "1"}) == [("x", "body", "must be a whole number; received '1'")]


def test_the_schema() -> None:
    contract = Contract(
        (
            Input("id", "path", "integer", required=True, description="The number"),
            Input("tags", "query", "array"),
            Input("page", "query", "integer", required=True, default=freeze(1)),
            Input("any", "body"),
        )
    )
    assert build_input_schema(contract) == {
        "type": "object",
        "properties": {
            "id": {"type": "integer", "description": "The number"},
            "tags": {"type": "array", "items": {}},
            "page": {"type": "integer", "default": 1},
            "any": {},
        },
        "required": ["id"],
        "additionalProperties": False,
    }
    assert build_input_schema(Contract(open=True)) == {"type": "object", "properties": {}, "additionalProperties": True}


def test_a_rejection_is_one_sentence() -> None:
    error = Rejected(InputFault("x", "query", "must be a number"), InputFault("", "body", "must be JSON"))
    assert str(error) == "query 'x': must be a number; must be JSON"


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"l": [{"a": 1}]}, [1]), ({"l": []}, []), ({}, None), ({"l": "text"}, None), ({"l": None}, None)],
)
@pytest.mark.parametrize("path", ["$.l[?(@.a)].a", "$.l[0:9].a"])
def test_a_list_of_something_missing_in_the_body_is_an_absent_input(path: str, body: Any, expected: Any) -> None:
    contract = check(Input("x", "body", "array", required=True, path=path), open=True)
    if expected is None:
        assert faults(contract, body, tool=True) == [("x", "arguments", "required, but not given")]
    else:
        assert contract.admit_arguments(body)[0] == {"x": expected}
