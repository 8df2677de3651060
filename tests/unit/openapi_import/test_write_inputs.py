"""Descriptions are whole sentences of a bounded length."""

from __future__ import annotations

from naftiko_runtime.openapi_import.write_inputs import describe_operation, shorten_text


def test_long_texts_end_at_a_sentence_or_a_word() -> None:
    assert shorten_text("One  line.\n\nAnother.", 40) == "One line."
    assert shorten_text("First one. Second one. Third one.", 24) == "First one. Second one."
    assert shorten_text("words without an end of a sentence", 16) == "words without…"


def test_an_operation_has_a_description_of_sentences() -> None:
    assert describe_operation("List ships", "List ships by name.", "list-ships") == "List ships by name."
    assert describe_operation("List ships", "Slow!", "list-ships") == "List ships. Slow!"
    assert describe_operation("", "", "list-ships") == "List ships."
