"""Where the page of a rule is on the web, if the package says where its repository is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Final

from naftiko_runtime.render.report import page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.diagnostics import Rule

_REPOSITORY: Final = ("repository", "source", "source code")
"""What a package's metadata calls the URL of its repository, in lower case."""


def page_online(rule: Rule, urls: Mapping[str, str]) -> str | None:
    """The URL of a rule's page, on the repository's main branch; none when no URL is that of a repository.

    Args:
        rule: The rule.
        urls: The project's, by their labels.
    """
    labelled = {label.casefold(): url for label, url in urls.items()}
    repository = next((labelled[label] for label in _REPOSITORY if label in labelled), None)
    return f"{repository.rstrip('/')}/blob/main/{page(rule)}" if repository is not None else None


def project_urls() -> dict[str, str]:
    """What the installed package says of its places on the web."""
    try:
        told = metadata("naftiko-runtime").get_all("Project-URL") or []
    except PackageNotFoundError:  # run from a tree that is not installed
        return {}
    return dict(label_and_url.split(", ", 1) for label_and_url in told)
