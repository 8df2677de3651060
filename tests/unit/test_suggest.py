"""What "did you mean" suggests, and what it does not."""

from __future__ import annotations

import pytest

from naftiko_runtime.suggest import find_closest, find_nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("registry.get-shp", "registry.get-ship"),
        ("list-ships", "registry.list-ships"),
        ("restt", "rest"),
        ("inputParams", "inputParameters"),
        ("baseUrl", "baseUri"),
        ("opperations", "operations"),
        ("list-customer", "list-customers"),
        ("getship", "get-ship"),
        ("SEGMENT_WRITE_KY", "SEGMENT_WRITE_KEY"),
        ("imo_number", "imoNumber"),
        ("yml", "yaml"),
        ("GETT", "GET"),
        ("Registry.Get-Ship", "registry.get-ship"),
    ],
)
def test_a_slip_is_recognised(word: str, meant: str) -> None:
    assert find_closest(word, [meant, "something-else", "xml"]) == meant


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("customer-list", "customer-create"),
        ("outputParameters", "inputParameters"),
        ("shopify-products.list-products", "shopify-products.delete-orders"),
        ("get-ship", "get-ship-by-id"),
        ("datadog-logs", "datadog-metrics"),
        ("api-v1", "api-v2"),
        ("description", "destination"),
    ],
)
def test_names_that_share_only_a_beginning_are_two_names(word: str, other: str) -> None:
    assert find_closest(word, [other]) is None
    assert find_nearest(word, [other]) is None


def test_another_letter_in_a_short_word_is_a_guess_and_no_slip() -> None:
    assert find_closest("wob", ["web"]) == "web"
    assert find_nearest("wob", ["web"]) is None
