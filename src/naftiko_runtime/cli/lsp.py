"""``naftiko lsp``: a language server for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from naftiko_runtime.cli.apply_ignore_comments import filter_ignored, parse_ignore_comments
from naftiko_runtime.cli.check_file import select_findings
from naftiko_runtime.cli.configuration import NONE, ConfigurationError, Configurations
from naftiko_runtime.cli.recognize_capability import is_capability, starts_as_capability
from naftiko_runtime.cli.rule_selection import Selection
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.missing_extra import advise_install

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from naftiko_runtime.cli.configuration import Configuration
    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.loading import Loaded

_VERSIONS: Final = frozenset({"naftiko", "ikanos"})


@click.command()
def lsp() -> None:
    """Serve an editor over standard input and output: findings, completion, definitions, quick fixes."""
    try:
        from naftiko_runtime.lsp.server import make_server
    except ImportError:
        raise click.ClickException(f"the language server needs the extra 'lsp'; {advise_install('lsp')}") from None
    make_server(_ConfiguredPolicy()).start_io()


class _ConfiguredPolicy:
    """Checks files as ``validate`` does, each time with the present configuration."""

    def is_concerned(self, text: str, data: Any) -> bool:
        """Return whether a text is a capability, or the beginning of one."""
        if isinstance(data, dict):
            return is_capability(data, importable=True) or not _VERSIONS.isdisjoint(data)
        return starts_as_capability(text)

    def overrides(self, file: Path) -> Overrides:
        """Return overrides with the folders that imports may read."""
        return Overrides(allowed_imports=_find_configuration(file)[0].allowed_imports, lint=True)

    def explain_fault(self, file: Path) -> str:
        """Return what is wrong with the configuration."""
        return _find_configuration(file)[1]

    def select_findings(self, loaded: Loaded, file: Path) -> Sequence[Diagnostic]:
        """Return the findings that the configuration and comments leave."""
        return select_findings(loaded, str(file), _find_configuration(file)[0], Selection()).diagnostics

    def is_silenced(self, text: str, diagnostic: Diagnostic) -> bool:
        """Return whether a comment in a text silences a finding."""
        file = diagnostic.span.file if diagnostic.span is not None else ""
        return diagnostic not in filter_ignored([diagnostic], {file: parse_ignore_comments(text, file)}, file)


def _find_configuration(file: Path) -> tuple[Configuration, str]:
    """Return the configuration for a file, and what is wrong with it; an invalid one has no effect."""
    try:
        return Configurations().find(file.parent), ""
    except ConfigurationError as error:
        return NONE, error.format_message()
