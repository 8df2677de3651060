"""The pages that explain the rules: their text, which the package contains, and their URLs."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.rules import Rule

_PACKAGE: Final = Path(__file__).parents[1]
_FOLDERS: Final = (_PACKAGE / "rule_pages", _PACKAGE.parents[1] / "docs" / "rules")
"""Where the pages stand in an installed package, and in a checkout."""
_REPOSITORY: Final = ("repository", "source", "source code")
"""What a package's metadata calls the URL of its repository, in lower case."""


def find_page(rule: Rule) -> Path:
    """Find the file of a rule's page, in the installed package or in the checkout."""
    pages = [folder / f"{rule.slug}.md" for folder in _FOLDERS]
    return next((page for page in pages if page.is_file()), pages[0])


def read_page(rule: Rule) -> str:
    """Read a rule's page, as Markdown.

    Raises:
        OSError: The package does not contain it.
    """
    return find_page(rule).read_text(encoding="utf-8")


def find_page_url(rule: Rule) -> str:
    """Return the URL of a rule's page: on the web if the package names its repository, otherwise of the file."""
    return find_online_page(rule, read_project_urls()) or find_page(rule).as_uri()


def find_online_page(rule: Rule, urls: Mapping[str, str]) -> str | None:
    """Return the URL of a rule's page on the repository's main branch, or None if no URL is that of a repository.

    Args:
        rule: The rule.
        urls: The project's, by their labels.
    """
    labelled = {label.casefold(): url for label, url in urls.items()}
    repository = next((labelled[label] for label in _REPOSITORY if label in labelled), None)
    return f"{repository.rstrip('/')}/blob/main/docs/rules/{rule.slug}.md" if repository is not None else None


def read_project_urls() -> dict[str, str]:
    """Read the URLs of the installed package, by their labels."""
    try:
        urls = metadata("naftiko-runtime").get_all("Project-URL") or []
    except PackageNotFoundError:  # run from a tree that is not installed
        return {}
    return dict(label_and_url.split(", ", 1) for label_and_url in urls)
