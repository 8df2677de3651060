"""Texts that read alike."""

from __future__ import annotations

import pytest

from naftiko_runtime.lint.similar_texts import group_alike, normalize_description, normalize_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Finds a ship by its IMO number.", "Retrieve the ship, by IMO number"),
        ("Gets all ships", "This tool can be used to fetch ships."),
        ("Deletes a ship", "Remove the ship!"),
        ("Searches ships", "Query ships"),
        ("Ships", "SHIPS."),
    ],
)
def test_wording_makes_no_difference(one: str, other: str) -> None:
    assert normalize_description(one) == normalize_description(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Finds a ship", "Finds a port"),
        ("Finds a ship", "Finds ships"),
        ("Lists orders of a customer", "Lists customers of an order"),
        ("Creates a ship", "Updates a ship"),
        ("ship", "ships"),
    ],
)
def test_another_word_or_order_is_another_text(one: str, other: str) -> None:
    assert normalize_description(one) != normalize_description(other)


def test_names() -> None:
    assert normalize_name("getShip") == normalize_name("fetch_ship") == normalize_name("GET-ship")
    assert normalize_name("get-ship-1") != normalize_name("get-ship-2")
    assert normalize_name("getships") != normalize_name("getship")


def test_groups_keep_their_order_and_leave_out_the_empty() -> None:
    texts = [("a", "Finds a ship"), ("b", ""), ("c", "Find the ship"), ("d", "the"), ("e", "Finds a port")]
    assert group_alike(texts, normalize_description) == [("a", "c")]
