"""Every dependency has its reason in docs/dependencies.md, and every reason its dependency."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def _declared() -> dict[str, set[str]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    lists = {
        "dependencies": project["project"]["dependencies"],
        **project["dependency-groups"],
        "build-system": project["build-system"]["requires"],
    }
    return {title: {_name(requirement) for requirement in found} for title, found in lists.items()}


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match is not None
    return match[0]


def _reasoned() -> dict[str, set[str]]:
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {section.partition("\n")[0]: _first_column(section) for section in sections}


def _first_column(section: str) -> set[str]:
    cells = re.findall(r"^\|([^|]*)\|", section, flags=re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_declared_and_reasoned_are_the_same() -> None:
    assert _reasoned() == _declared()
