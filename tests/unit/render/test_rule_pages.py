"""Every rule has a page. The rule finds its wrong example, and its right example has no findings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from naftiko_runtime.fix import fix_document
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.rules import RULES, Severity

PAGES = Path(__file__).parents[3] / "docs" / "rules"
WITHOUT_EXAMPLE = {"unreadable-file", "unknown-sandbox-operation", "unused-ignore"}
"""No capability file can show them."""
WHEN_FIXING = {"value-prefix", "root-path", "unlisted-placeholder"}
UNSERVED = {"second-control"}
"""Of parts that are refused anyhow."""
STRICT = {"non-standard", "strict-version"}
_BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def examples(slug: str) -> list[str]:
    return _BLOCK.findall((PAGES / f"{slug}.md").read_text(encoding="utf-8"))


def found(text: str, folder: Path, slug: str) -> dict[str, Severity]:
    """What is found in a document."""
    file = folder / "capability.yaml"
    file.write_text(text, encoding="utf-8")
    overrides = Overrides(strict=slug in STRICT, lint=True)
    severities = {d.rule.slug: d.severity for d in load(file, overrides).diagnostics}
    if slug in WHEN_FIXING and fix_document(text.encode(), file, overrides).raw != text.encode():
        severities[slug] = Severity.INFO
    return severities


def test_rules_and_pages_are_the_same() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(RULES)
    for slug, rule in RULES.items():
        assert (
            (PAGES / f"{slug}.md")
            .read_text(encoding="utf-8")
            .startswith(f"# {slug}\n\n`{rule.code}`, {rule.severity}. {rule.summary}\n")
        )


@pytest.mark.parametrize("slug", sorted(RULES.keys() - WITHOUT_EXAMPLE))
def test_the_examples_are_what_they_are_called(slug: str, tmp_path: Path) -> None:
    wrong, right = examples(slug)
    assert slug in found(wrong, tmp_path, slug)
    good = found(right, tmp_path, slug)
    if slug in UNSERVED:
        assert good.pop("not-served-yet") is Severity.ERROR
    assert slug not in good
    assert Severity.ERROR not in good.values() or slug == "strict-version", good


def test_the_others_say_why_they_have_none() -> None:
    assert all(examples(slug) == [] for slug in WITHOUT_EXAMPLE)
