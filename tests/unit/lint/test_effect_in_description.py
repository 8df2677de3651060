"""Whether a description says what a call changes."""

from __future__ import annotations

import pytest

from naftiko_runtime.lint.effect_in_description import states_effect


@pytest.mark.parametrize(
    "text",
    [
        "Creates a ship.",
        "The order is cancelled.",
        "deleteship",
        "Bulk-update ships",
        "Sends a message",
        "Sets the flag",
        "Ship removal",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_verb_of_change_states_it(text: str, method: str) -> None:
    assert states_effect(text, frozenset({method}))


@pytest.mark.parametrize("text", ["The ship.", "Order entry", "Settings of a ship", "Address of a port"])
def test_a_noun_states_nothing(text: str) -> None:
    assert not states_effect(text, frozenset({"POST"}))


@pytest.mark.parametrize("text", ["Searches ships", "Square: list ships", "Computes a route"])
def test_only_post_may_read(text: str) -> None:
    assert states_effect(text, frozenset({"POST"}))
    assert not states_effect(text, frozenset({"DELETE"}))
    assert not states_effect(text, frozenset({"POST", "DELETE"}))
