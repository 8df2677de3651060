"""Checks one file with its configuration, its comments and the command line."""

from __future__ import annotations

import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from naftiko_runtime import limits
from naftiko_runtime.cli.recognize_capability import is_capability, starts_as_capability
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import Loaded, load_source
from naftiko_runtime.render import CheckedFile
from naftiko_runtime.source import SourceError
from naftiko_runtime.source import parse_source as parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from naftiko_runtime.cli.configuration import Configuration, Configurations
    from naftiko_runtime.cli.find_input_files import InputFile
    from naftiko_runtime.cli.rule_selection import Selection
    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.source import Source, SourceCache

Known: TypeAlias = "Mapping[Path, Loaded | None]"
"""By file, what it became; none for what is no capability."""

Loading: TypeAlias = "Callable[[Source, Overrides, Path], Loaded]"
"""From what was read to what it became."""


_NOTHING: Known = MappingProxyType({})


class FileChecker:
    """Checks files; ``loaded`` has the files that were read so far.

    Args:
        configurations: The configurations of folders.
        selection: The rule options of the command line.
        allowed_imports: Folders, besides a document's own, that imports may read.
        skip_others: Whether a file that was named is left out, too, when a folder would leave it out.
        known: Files that need not be read again.
        sources: Reads the files, and those that they import.
        strict: Whether any deviation from the official schema is an error.
        loading: Loads the source of a file.
    """

    def __init__(
        self,
        configurations: Configurations,
        selection: Selection,
        allowed_imports: tuple[Path, ...] = (),
        skip_others: bool = False,
        known: Known = _NOTHING,
        *,
        sources: SourceCache,
        strict: bool = False,
        loading: Loading = load_source,
    ) -> None:
        self.configurations = configurations
        self.selection = selection
        self.allowed_imports = allowed_imports
        self.skip_others = skip_others
        self.known = known
        self.sources = sources
        self.strict = strict
        self.loading = loading
        self.loaded: dict[Path, Loaded | None] = {}

    def check(self, entry: InputFile) -> CheckedFile | None:
        """Check a file. Returns None for one that is no capability and was not named.

        Raises:
            ConfigurationError: Its configuration is invalid.
        """
        configuration = self.configurations.find(entry.path.parent)
        named = entry.named and not self.skip_others
        if not named and configuration.excludes(entry.path):
            return None
        known = entry.path in self.known
        loaded = self.known[entry.path] if known else self._load(entry, configuration, named=named)
        self.loaded[entry.path] = loaded
        return select_findings(loaded, str(entry.path), configuration, self.selection) if loaded is not None else None

    def _load(self, entry: InputFile, configuration: Configuration, *, named: bool) -> Loaded | None:
        try:
            source = _read_stdin(str(entry.path)) if entry.stdin else self.sources.read(entry.path)
        except SourceError as error:
            begun = error.source is None or starts_as_capability(error.source.text)
            return Loaded(None, error.diagnostics, error.source) if named or begun else None
        if not named and not is_capability(source.data, importable=True):
            return None
        allowed = (*self.allowed_imports, *configuration.allowed_imports)
        overrides = Overrides(allowed_imports=allowed, strict=self.strict, lint=True, reading=self.sources.read)
        return self.loading(source, overrides, entry.path)


def select_findings(loaded: Loaded, file: str, configuration: Configuration, selection: Selection) -> CheckedFile:
    """Return what is reported of a file.

    Args:
        loaded: The loaded file.
        file: The name of the file.
        configuration: Its configuration.
        selection: The rule options of the command line.
    """
    source = loaded.source
    fails_on = selection.get_failing_severity(configuration)
    if source is None:
        return CheckedFile(file, tuple(selection.filter_findings(loaded.diagnostics, configuration)), fails_on=fails_on)
    imported = {name: other.text for name in _list_imported(loaded, file) if (other := source.places.files.get(name))}
    left = _apply_ignore_comments(loaded.diagnostics, {file: source.text, **imported}, file)
    return CheckedFile(file, tuple(selection.filter_findings(left, configuration)), source.quote_line, fails_on)


def _apply_ignore_comments(found: tuple[Diagnostic, ...], texts: Mapping[str, str], file: str) -> Sequence[Diagnostic]:
    """Return the findings that no comment silences."""
    if not any("naftiko: ignore" in text for text in texts.values()):
        return found
    from naftiko_runtime.cli.apply_ignore_comments import filter_ignored, parse_ignore_comments

    return filter_ignored(found, {name: parse_ignore_comments(text, name) for name, text in texts.items()}, file)


def _list_imported(loaded: Loaded, file: str) -> set[str]:
    """List the imported files with findings."""
    return {d.span.file for d in loaded.diagnostics if d.span and d.span.file != file}


def _read_stdin(name: str) -> Source:
    return parsed(sys.stdin.buffer.read(limits.DOCUMENT_BYTES_MAX + 1), name)
