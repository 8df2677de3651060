"""Which values an input may have: as another implementation of JSON Schema says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator as OtherValidator
from jsonschema_rs import Draft202012Validator

from naftiko_runtime.contract.compiled import CompiledContract, compile_contract
from naftiko_runtime.contract.input_schema import build_input_schema
from naftiko_runtime.contract.text_formats import EXAMPLES, make_format_check
from naftiko_runtime.errors import Rejected
from naftiko_runtime.file_value import File
from naftiko_runtime.plan import Constraints, Contract, Input, Items, freeze

if TYPE_CHECKING:
    from naftiko_runtime.model.part import InputType

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([0.0, 1.0, 0.5, -0.5, 2.5]),
    st.text("abä😀", max_size=4),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)
NUMBERS = st.none() | st.integers(-3, 3) | st.sampled_from([0.5, -1.5])
LENGTHS = st.none() | st.integers(0, 3)
FORMATS = st.sampled_from([None, "date", "email", "no-such-format"])
TYPES: st.SearchStrategy[InputType | None] = st.sampled_from(
    [None, "string", "integer", "number", "boolean", "array", "object", "json"]
)


def make_constraints(items: st.SearchStrategy[Items | None]) -> st.SearchStrategy[Constraints]:
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "enum": st.lists(VALUES.map(freeze), max_size=3).map(tuple),
        "minimum": NUMBERS.map(freeze),
        "maximum": NUMBERS.map(freeze),
        "min_length": LENGTHS,
        "max_length": LENGTHS,
        "format": FORMATS,
        "items": items,
    }
    return st.fixed_dictionaries({}, optional=keywords).map(lambda given: Constraints(**given))


ITEMS = st.tuples(TYPES, make_constraints(st.none())).map(lambda made: Items(made[0], constraints=made[1]))
CONSTRAINTS = make_constraints(st.none() | ITEMS)


def compile_input(kind: InputType | None, constraints: Constraints, name: str = "x") -> CompiledContract:
    return compile_contract(Contract((Input(name, "body", kind, constraints=constraints),)))


def admits(kind: InputType | None, constraints: Constraints, value: Any) -> bool:
    try:
        compile_input(kind, constraints).admit_request({"x": value})
    except Rejected:
        return False
    return True


def fault(kind: InputType | None, value: Any, name: str = "x", **keywords: Any) -> str:
    with pytest.raises(Rejected) as raised:
        compile_input(kind, Constraints(**keywords), name).admit_request({name: value})
    (only,) = raised.value.faults
    assert only.name == name
    return only.detail


@given(TYPES, CONSTRAINTS, VALUES)
@example("integer", Constraints(enum=(freeze(1),)), 1.0)
@example(None, Constraints(enum=(freeze(1),)), True)
@example("json", Constraints(enum=(freeze({"a": [1, True]}),)), {"a": [1.0, 1]})
@example("string", Constraints(max_length=1), "😀")
@example("array", Constraints(items=Items("integer", constraints=Constraints(minimum=freeze(1)))), [1, 2.0, 0])
def test_what_the_schema_allows_is_accepted_and_not_changed(
    kind: InputType | None, constraints: Constraints, value: Any
) -> None:
    assume(value is not None)  # null omits an input
    schema = build_input_schema(Contract((Input("x", "body", kind, constraints=constraints),)))["properties"]["x"]
    allowed = admits(kind, constraints, value)
    assert allowed == Draft202012Validator(schema, validate_formats=True).is_valid(value), schema
    if allowed:
        assert compile_input(kind, constraints).admit_request({"x": value}) == {"x": value}
    if constraints.format is None and (constraints.items is None or constraints.items.constraints == Constraints()):
        assert allowed == OtherValidator(schema).is_valid(value), schema


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_format_has_its_example(name: str) -> None:
    assert make_format_check(name)(EXAMPLES[name])
    assert not make_format_check(name)("\ud800")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2026-02-30"),
        ("date", "2026-1-31"),
        ("date", "31.01.2026"),
        ("date-time", "2026-01-31 12:30"),
        ("date-time", "2026-01-31T12:30:00"),
        ("time", "25:00:00Z"),
        ("duration", "1 day"),
        ("email", "captain"),
        ("email", "captain@"),
        ("idn-email", "captain"),
        ("hostname", "a_b!"),
        ("idn-hostname", "〮"),
        ("ipv4", "192.0.2.256"),
        ("ipv4", "192.0.2.01"),
        ("ipv6", "2001:db8::g"),
        ("uri", "/ships"),
        ("uri", "no scheme"),
        ("uri-reference", "\\\\ships"),
        ("iri", "ships"),
        ("iri-reference", "\\\\ships"),
        ("uri-template", "/ships/{imo"),
        ("uuid", "123e4567"),
        ("json-pointer", "ships"),
        ("relative-json-pointer", "/ships"),
    ],
)
def test_a_text_of_another_format_is_refused(name: str, text: str) -> None:
    assert not make_format_check(name)(text)
    assert fault("string", text, format=name) == (
        f"must have the format '{name}', such as {EXAMPLES[name]}; received '{text}'"
    )


def test_a_format_that_is_not_checked_allows_every_text() -> None:
    assert admits("string", Constraints(format="imo-number"), "anything")
    assert admits("integer", Constraints(format="int64"), 2**70)


def test_an_error_says_what_was_received_and_what_is_allowed() -> None:
    kinds = tuple(map(freeze, ("cargo", "tanker")))
    assert fault("string", "xyz", enum=kinds) == "must be one of 'cargo', 'tanker'; received 'xyz'"
    assert fault("string", "tanke", enum=kinds).endswith("received 'tanke', did you mean 'tanker'?")
    many = tuple(f"F{number:03}" for number in range(150))
    assert fault("string", "xyz", enum=many).endswith("'F019' and 130 others; received 'xyz'")
    assert fault("array", [1], enum=((),)) == "must be one of '[]'; received [1]"
    assert fault("integer", 101, maximum=freeze(100)) == "must be at most 100; received 101"
    assert fault("string", "abc", max_length=2) == "must have 2 or fewer characters; received 'abc', which has 3"
    nested = Items("array", constraints=Constraints(items=Items("string", constraints=Constraints(min_length=1))))
    assert fault("array", [["a"], ["b", ""]], items=nested).startswith("item 2 item 2 must have 1 or more characters")


def test_an_error_shows_no_secret_and_no_long_value() -> None:
    for name, keywords in (("x", {"format": "password"}), ("api-key", {}), ("Password", {})):
        detail = fault("string", "hunter2", name, min_length=9, **keywords)
        assert detail == "must have 9 or more characters; received ***, which has 7"
    token = "ghp_" + "a1B2" * 9
    assert token[:12] not in fault("string", token, max_length=3)
    assert len(fault("string", "x" * 100_000, max_length=3)) < 200


def test_a_file_is_measured_as_its_text() -> None:
    assert admits("string", Constraints(max_length=3), File(b"abc", "a.txt", "text/plain"))
    assert fault("string", File(b"abcd", "a.txt", None), max_length=3).startswith("must have 3 or fewer characters")
    assert fault("string", File(b"\xff", "a.txt", None), max_length=3)
    assert fault("string", File(b"\xff", "a.txt", None), enum=("a",)) == "must be one of 'a'; received a file"
    assert fault("string", File(b"secret", "a.txt", None), enum=("a",)) == "must be one of 'a'; received a file"
    assert admits("string", Constraints(enum=("abc",)), File(b"abc", "a.txt", None, "abc"))
