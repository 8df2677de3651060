"""Every dependency has its reason in docs/dependencies.md, and every reason its dependency."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
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


def test_what_our_code_imports_is_declared() -> None:
    """Even if another package installs it anyway."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    declared = {_normalize(_name(requirement)) for requirement in [*project["dependencies"], *extras]}
    distributions = packages_distributions()
    for package in _imported() - {"naftiko_runtime"} - sys.stdlib_module_names:
        assert declared.intersection(map(_normalize, distributions[package])), package


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _imported() -> set[str]:
    names = set()
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    return {name.partition(".")[0] for name in names}
