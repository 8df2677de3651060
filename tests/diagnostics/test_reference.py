"""``docs/diagnostics.md`` has the texts of the rules. ``UPDATE_GOLDEN=1`` writes its tables."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path

from naftiko_runtime.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "diagnostics.md"
START = "<!-- The tables are written from rules/: UPDATE_GOLDEN=1 pytest tests/diagnostics -->\n"
HEADINGS = {
    "1": "The document",
    "2": "Names that refer to one another",
    "3": "Expressions",
    "4": "What is exposed and consumed",
    "5": "Credentials",
    "6": "Sandbox files and recommendations",
}


def tables() -> str:
    """One table for each hundred of codes."""
    rules = sorted(RULES.values(), key=lambda rule: rule.code)
    sections = []
    for hundred, group in groupby(rules, key=lambda rule: rule.code[2]):
        rows = [
            f"| {r.code} | [`{r.slug}`](rules/{r.slug}.md) | {r.severity} | {r.summary} | {r.remedy} |" for r in group
        ]
        head = ["| code | name | severity | what it means | what to do |", "| --- | --- | --- | --- | --- |"]
        sections.append("\n".join([f"## {HEADINGS[hundred]}", "", *head, *rows, ""]))
    return "\n".join(sections)


def test_the_page_is_in_step_with_the_rules() -> None:
    text = PAGE.read_text(encoding="utf-8")
    introduction, marker, _ = text.partition(START)
    expected = f"{introduction}{START}\n{tables()}"
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(expected, encoding="utf-8", newline="")
        text = expected
    assert marker
    assert text == expected


def test_every_rule_says_what_it_means_and_what_to_do_in_one_line() -> None:
    for rule in RULES.values():
        for sentence in (rule.summary, rule.remedy):
            assert sentence.endswith(".")
            assert not set(sentence) & set("|\n")
