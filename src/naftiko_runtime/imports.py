"""Splices imports into a source: what stands in another file comes in with its places in that file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from naftiko_runtime import diagnostics as rules
from naftiko_runtime.diagnostics import DocumentError, did_you_mean
from naftiko_runtime.source import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.diagnostics import Findings
    from naftiko_runtime.source import Draft, Source, Steps

_SECTIONS: Final = ("consumes", "binds", "exposes", "aggregates")


@dataclass(frozen=True, slots=True)
class Importer:
    """One document's imports.

    Attributes:
        file: The importing document.
        findings: Gets every complaint.
        allowed: Folders, besides the document's own, that imports may read.
    """

    file: Path
    findings: Findings
    allowed: tuple[Path, ...] = ()
    _sources: dict[Path, Source | None] = field(default_factory=dict)

    def splice(self, source: Source) -> Source:
        """A source in which every import entry is replaced by what it names; a bad one is reported."""
        found = list(_entries(source.data))
        if not found:
            return source
        draft = source.draft()
        for section, holder, index in sorted(found, key=lambda entry: -entry[2]):
            self._entry(source, draft, section, holder, index)
        return draft.finished()

    def _entry(self, source: Source, draft: Draft, section: str, holder: Steps, index: int) -> None:
        steps = (*holder, index)
        entries = draft.at(holder)
        part = self._imported(source, steps, entries[index], section)
        if part is None:
            if section != "consumes":  # the entry stays there, so that calls into it are not reported as well
                draft.drop(entries, index)
            return
        other, mapping = part
        alias = entries[index].get("as")
        draft.mount(entries, index, mapping, other)
        if isinstance(alias, str):
            entries[index]["namespace"] = alias
        if section == "consumes":
            _bring_binds(draft, other)

    def _imported(
        self, source: Source, steps: Steps, entry: dict[str, Any], section: str
    ) -> tuple[Source, dict[str, Any]] | None:
        """The part that an entry names, and the file it stands in."""
        key = "location" if "location" in entry else "from"
        if not isinstance(location := entry.get(key), str) or not location:
            self.findings.add(rules.MISSING_KEY, "an import needs 'location', a file", source.span(steps), None, steps)
            return None
        try:
            path = self._path(location)
        except (OSError, ValueError, RuntimeError):  # a NUL, a loop of links
            self.findings.add(rules.IMPORT, "this is no path of a file", source.span((*steps, key)), None, steps)
            return None
        other = self._read(source, (*steps, key), path)
        if other is None:
            return None
        wanted = str(entry["import"])
        named = {str(part.get("namespace")): part for part in _parts(other.data, section)}
        if (mapping := named.get(wanted)) is not None:
            return other, mapping
        if any(str(part.get("as", part.get("import"))) == wanted for part in _imports(other.data, section)):
            chain = f"{self.file.name} → {path.name} → …"
            message = f"'{wanted}' is itself an import there: {chain}"
            advice = "import it from the file that defines it"
            self.findings.add(rules.IMPORT, message, source.span((*steps, "import")), advice, steps)
            return None
        known = did_you_mean(wanted, named, f"{path.name} has")
        message = f"{path.name} has no {section} namespace '{wanted}'"
        self.findings.add(rules.IMPORT, message, source.span((*steps, "import")), known, steps)
        return None

    def _path(self, location: str) -> Path:
        """Relative to the importing file; ``file:///./x`` and ``file://./x`` are relative too."""
        text = unquote(location.removeprefix("file://")) if location.startswith("file://") else location
        if text.startswith(("/./", "/../")):
            text = text[1:]
        return (self.file.parent / text).resolve()

    def _read(self, source: Source, steps: Steps, path: Path) -> Source | None:
        folders = (self.file.parent.resolve(), *(folder.resolve() for folder in self.allowed))
        if path == self.file.resolve():
            self.findings.add(
                rules.IMPORT, f"{path.name} imports itself", source.span(steps), "remove the import", steps
            )
            return None
        if not any(path.is_relative_to(folder) for folder in folders):
            message = "an import may not leave the document's folder"
            self.findings.add(rules.IMPORT, message, source.span(steps), "allow it with --allow-import DIR", steps)
            return None
        if path not in self._sources:
            self._sources[path] = self._load(source, steps, path)
        return self._sources[path]

    def _load(self, source: Source, steps: Steps, path: Path) -> Source | None:
        shown = _shown(path, Path(source.file).parent)
        try:
            return read(path, shown)
        except DocumentError as error:
            for found in error.diagnostics:
                span = found.span or source.span(steps)
                self.findings.add(found.rule, found.message, span, found.help, steps)
            return None


def _shown(path: Path, folder: Path) -> str:
    """The file's name as the importing one is named: relative to the same place."""
    try:
        return str(folder / path.relative_to(folder.resolve()))
    except ValueError:
        return str(path)


def _holders(data: Any, section: str) -> Iterator[tuple[Steps, list[Any]]]:
    for steps, holder in (((), data), (("capability",), data.get("capability") if isinstance(data, dict) else None)):
        if isinstance(holder, dict) and isinstance(entries := holder.get(section), list):
            yield (*steps, section), entries


def _entries(data: Any) -> Iterator[tuple[str, Steps, int]]:
    """Where imports stand: the section, the list's path, the index."""
    for section in _SECTIONS:
        for steps, entries in _holders(data, section):
            for index, entry in enumerate(entries):
                if isinstance(entry, dict) and "import" in entry:
                    yield section, steps, index


def _parts(data: Any, section: str) -> Iterator[dict[str, Any]]:
    for _, entries in _holders(data, section):
        yield from (part for part in entries if isinstance(part, dict) and "import" not in part)


def _imports(data: Any, section: str) -> Iterator[dict[str, Any]]:
    for _, entries in _holders(data, section):
        yield from (part for part in entries if isinstance(part, dict) and "import" in part)


def _bound(bind: dict[str, Any]) -> set[tuple[str, str]]:
    """The variables of a bind, each with its namespace; none of one that is no bind, which the models will say."""
    keys = bind.get("keys")
    return {(str(bind.get("namespace")), key) for key in keys} if isinstance(keys, dict) else set()


def _bring_binds(draft: Draft, other: Source) -> None:
    """Variables that an imported API uses come with it, unless the importing document binds them itself."""
    own = {name for bind in _parts(draft.data, "binds") for name in _bound(bind)}
    for bind in _parts(other.data, "binds"):
        names = _bound(bind)
        if names and not names & own and isinstance(draft.data.get("binds", []), list):
            draft.append(draft.data, "binds", bind, other)
