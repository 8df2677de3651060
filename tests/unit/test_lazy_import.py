from __future__ import annotations

import re

import pytest

from naftiko_runtime import lazy_import


def test_a_module_is_imported_when_it_is_used() -> None:
    colours = lazy_import.import_lazily("no_such_module_anywhere")
    with pytest.raises(ModuleNotFoundError):
        _ = colours.red
    assert lazy_import.import_lazily("difflib").get_close_matches("hous", ["house"]) == ["house"]


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    pattern = lazy_import.compile_lazily(r"(A+)", re.IGNORECASE)
    found = pattern.fullmatch("aA")
    assert found is not None
    assert (found[1], pattern.sub("-", "baab"), pattern.split("xay")) == ("aA", "b-b", ["x", "a", "y"])
    assert lazy_import.compile_lazily(rb"\x00").search(b"a\x00")


def test_one_that_does_not_compile_says_so_when_it_is_used() -> None:
    with pytest.raises(re.error):
        lazy_import.compile_lazily("(").search("")
