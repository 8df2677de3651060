"""Checks one text of a document; open documents replace their files."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from msgspec.structs import replace

from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.document.normalize import normalize
from naftiko_runtime.loading import Loaded, load_source
from naftiko_runtime.lsp.definition import find_import
from naftiko_runtime.lsp.name_index import Outline, index_names
from naftiko_runtime.source import SourceError, parse_source, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.diagnostic import Diagnostic, Span
    from naftiko_runtime.link.operator_overrides import Overrides
    from naftiko_runtime.source import ReadSource, Source

Stamp: TypeAlias = "str | tuple[int, int, int]"
"""The text of an open document, or what changes with a file: its time, size and number."""


class CheckPolicy(Protocol):
    """The settings with which the command line checks a file."""

    def is_concerned(self, text: str, data: Any) -> bool:
        """Return whether a text is meant to be a capability; its data is None if it is not YAML."""

    def overrides(self, file: Path) -> Overrides:
        """Return how a document is read."""

    def explain_fault(self, file: Path) -> str:
        """Return what is wrong with the configuration for a file; empty if nothing is."""

    def select_findings(self, loaded: Loaded, file: Path) -> Sequence[Diagnostic]:
        """Return the findings that configurations and comments leave."""

    def is_silenced(self, text: str, diagnostic: Diagnostic) -> bool:
        """Return whether a comment in a text silences a finding."""


class CheckResult(NamedTuple):
    """The results for one text of a document.

    Attributes:
        text: The text.
        revision: The revision of the document and its imports that was checked.
        diagnostics: Its findings.
        names: The names of the last readable text.
        source: The source with its imports. None if it is not YAML.
        imports: The places that import the other files with findings, by file.
        fault: What is wrong with the configuration, which then has no effect.
        reads: The files that it imports or tries to import.
    """

    text: str
    revision: int
    diagnostics: tuple[Diagnostic, ...] = ()
    names: Outline = Outline()
    source: Source | None = None
    imports: Mapping[str, Span] = MappingProxyType({})
    fault: str = ""
    reads: frozenset[Path] = frozenset()


class Library:
    """The imported files; each is read again only if it, or its open document, changed."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, str], tuple[Stamp | None, Source | SourceError]] = {}

    def make_reader(self, texts: Mapping[Path, str], reads: set[Path]) -> ReadSource:
        """Return a function that reads the imports of one check.

        Args:
            texts: The texts of the open documents, by their real paths.
            reads: Collects every requested file.
        """

        def read_one(path: Path, name: str) -> Source:
            reads.add(path)
            text = texts.get(path)
            stamp = _read_stamp(path) if text is None else text
            known = self._known.get((path, name))
            if known is None or known[0] is None or known[0] != stamp:
                known = self._known[path, name] = (stamp, _read(path, name, text))
            if isinstance(known[1], SourceError):
                raise SourceError(known[1].diagnostics, known[1].source)
            return known[1]

        return read_one


def _read(path: Path, name: str, text: str | None) -> Source | SourceError:
    try:
        return read_source(path, name) if text is None else parse_source(encode_text(text), name)
    except SourceError as error:
        return error


def encode_text(text: str) -> bytes:
    """Encode a text as in its file."""
    return text.encode("utf-8", "replace")


def _read_stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def check(
    file: Path, text: str, revision: int, names: Outline, policy: CheckPolicy, reading: ReadSource
) -> CheckResult:
    """Check a text of a document.

    Args:
        file: The document's file.
        text: The text.
        revision: The revision of the text.
        names: The names of its last readable text.
        policy: How it is checked.
        reading: Reads its imports.
    """
    overrides = replace(policy.overrides(file), reading=reading)
    unknown = CheckResult(text, revision, names=names, fault=policy.explain_fault(file))
    try:
        source = parse_source(encode_text(text), str(file))
    except SourceError as error:
        if not policy.is_concerned(text, None):
            return unknown
        return unknown._replace(
            diagnostics=tuple(policy.select_findings(Loaded(None, error.diagnostics, error.source), file))
        )
    if not policy.is_concerned(text, source.data):
        return unknown
    loaded = load_source(source, overrides, file)
    normalized = loaded.source or source
    findings = tuple(policy.select_findings(loaded, file))
    imports = _find_imports(source, file, overrides, findings)
    return unknown._replace(diagnostics=findings, names=index_names(normalized), source=normalized, imports=imports)


def _find_imports(source: Source, file: Path, overrides: Overrides, findings: Iterable[Diagnostic]) -> dict[str, Span]:
    """Find where a document imports the files that have findings."""
    others = {found.span.file for found in findings if found.span is not None} - {source.file}
    normalized = normalize(source, Findings()) if others else None
    if normalized is None:
        return {}
    places = ((name, find_import(normalized, file, overrides, Path(name).resolve())) for name in others)
    return {name: normalized.find_span(key_path) for name, key_path in places if key_path is not None}
