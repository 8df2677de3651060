"""The documentation's examples are files that load, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from naftiko_runtime import Severity, load

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CAPABILITIES = sorted(path for path in ROOT.glob("capabilities/*.yaml") if ".sandbox." not in path.name)


@pytest.mark.parametrize("file", CAPABILITIES, ids=lambda path: path.name)
def test_the_capabilities_have_no_error(file: Path) -> None:
    loaded = load(file)
    assert loaded.plan is not None
    assert [d for d in loaded.diagnostics if d.severity is Severity.ERROR] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
