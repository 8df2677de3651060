"""Names and descriptions of server cards."""

from __future__ import annotations

import pytest

from naftiko_runtime.exposes.mcp.server_card import make_card_name
from naftiko_runtime.shorten_text import shorten_text


@pytest.mark.parametrize(
    ("namespace", "url", "name"),
    [
        ("orders", None, "localhost/orders"),
        ("orders", "https://api.example.com/mcp", "com.example.api/orders"),
        ("a+b", "https://example.com:8443/mcp", "com.example/a-b"),
        ("orders", "http://10.1.2.3/mcp", "10.1.2.3/orders"),
        ("orders", "http://[::1]/mcp", "localhost/orders"),
        ("ü", None, "localhost/-"),
    ],
)
def test_names(namespace: str, url: str | None, name: str) -> None:
    assert make_card_name(namespace, url) == name


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Looks up\n  orders.", "Looks up orders."),
        ("", "-"),
        ("a" * 20, "a" * 20),
        ("a" * 21, "a" * 19 + "…"),
        ("one two three four five", "one two three four…"),
    ],
)
def test_texts_are_shortened(text: str, short: str) -> None:
    assert shorten_text(text, 20) == short
