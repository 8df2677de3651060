"""Secrets are masked in every encoding, and nothing else is masked."""

from __future__ import annotations

import base64
import json
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest

from naftiko_runtime.masking import Masker

if TYPE_CHECKING:
    from collections.abc import Callable

VALUE = 's3cr3t "+/&ü x'
MASKER = Masker([VALUE, "t0ken", "t0ken-longer", "abc"])
SPELLINGS: list[Callable[[str], str]] = [
    str,
    quote,
    quote_plus,
    lambda value: quote(value, safe="").lower(),
    lambda value: "".join(f"%{byte:02X}" for byte in value.encode()),
    lambda value: json.dumps(value)[1:-1],
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    lambda value: "".join(f"\\x{byte:02x}" for byte in value.encode()),
    lambda value: base64.b64encode(value.encode()).decode(),
    lambda value: base64.b64encode(value.encode()).decode().rstrip("="),
    lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    lambda value: quote(base64.b64encode(value.encode()).decode(), safe=""),
    escape,
    str.upper,
]


@pytest.mark.parametrize("spell", SPELLINGS)
def test_every_spelling_is_masked(spell: Callable[[str], str]) -> None:
    assert MASKER.mask(f"before?q={spell(VALUE)}&z=after") == "before?q=***&z=after"


def test_a_longer_secret_is_masked_as_a_whole() -> None:
    assert MASKER.mask("t0ken-longer, t0ken") == "***, ***"


@pytest.mark.parametrize("text", ["", "abc", "50% off & more \\ or + less", 'W/"1"', "t0%6xken"])
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert MASKER.mask(text) == text


def test_without_secrets_nothing_is_masked() -> None:
    assert Masker([]).mask("%61 t0ken") == "%61 t0ken"
