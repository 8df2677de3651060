"""Checks all files that a command line names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from naftiko_runtime.cli.check_file import FileChecker
from naftiko_runtime.cli.configuration import Configurations
from naftiko_runtime.cli.find_input_files import discover_inputs
from naftiko_runtime.cli.recognize_capability import format_no_files
from naftiko_runtime.loading import load_source
from naftiko_runtime.source import SourceCache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from naftiko_runtime.cli.check_file import Known, Loading
    from naftiko_runtime.cli.find_input_files import InputFiles
    from naftiko_runtime.cli.rule_selection import Selection
    from naftiko_runtime.render import CheckedFile


class CheckRun(NamedTuple):
    """One check of all files.

    Attributes:
        files: The checked files.
        inputs: The files to check, and the folders that were searched.
        loaded: The loaded files.
    """

    files: tuple[CheckedFile, ...]
    inputs: InputFiles
    loaded: Known


class CheckOptions(NamedTuple):
    """The options of the command line: what to check, and how."""

    paths: Sequence[str]
    selection: Selection
    stdin_name: str
    gitignore: bool
    skip_others: bool
    allowed_imports: tuple[Path, ...]
    strict: bool

    def run(self, known: Known, sources: SourceCache | None = None, loading: Loading = load_source) -> CheckRun:
        """Check all files. Folders, configurations and unknown files are read again.

        Args:
            known: Files that need not be read again.
            sources: Reads files; by default none is read yet.
            loading: Loads the source of a file.

        Raises:
            click.UsageError: There is nothing to check.
            ConfigurationError: A configuration is invalid.
        """
        configurations = Configurations()
        inputs = discover_inputs(self.paths, configurations, gitignore=self.gitignore, stdin_name=self.stdin_name)
        checker = FileChecker(
            configurations,
            self.selection,
            self.allowed_imports,
            self.skip_others,
            known,
            sources=sources or SourceCache(),
            strict=self.strict,
            loading=loading,
        )
        files = tuple(checked for entry in inputs.files if (checked := checker.check(entry)) is not None)
        if not files and not self.skip_others:
            raise click.UsageError(format_no_files(self.paths))
        return CheckRun(files, inputs, checker.loaded)
