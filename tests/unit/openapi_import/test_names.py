"""Names of inputs and variables are valid, and names of tools differ."""

from __future__ import annotations

import pytest

from naftiko_runtime.openapi_import.names import UniqueNames, name_input, name_variable


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a_b-c", "a_b-c"),
        ("filter[a.b]", "filter_a_b"),
        ("created>=", "created_gt_eq"),
        ("2fa", "n2fa"),
        ("$", "value"),
        ("ü", "value"),
        ("a" * 70, "a" * 64),
    ],
)
def test_an_input_has_a_safe_name(name: str, safe: str) -> None:
    assert name_input(name) == safe


def test_names_differ_in_more_than_case_and_punctuation() -> None:
    names = UniqueNames()
    assert [names.add(name) for name in ("get-ship", "getShip", "get_ship", "other")] == [
        "get-ship",
        "getShip-2",
        "get_ship-3",
        "other",
    ]
    assert names.is_known("GETSHIP")
    assert names.add("x" * 64) == "x" * 64
    assert names.add("x" * 64) == "x" * 62 + "-2"


def test_a_variable_has_a_name_that_begins_with_a_letter() -> None:
    assert [name_variable(*texts) for texts in (("apiKey",), ("2fa", "token"), ("é",))] == [
        "API_KEY",
        "API_2_FA_TOKEN",
        "API",
    ]
