"""Replaces import entries by the parts that they name, and adds what these parts refer to in their own file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.document.imports.files import FoundPart, ImportChain, ImportedFiles
from naftiko_runtime.document.imports.own_and_imported_parts import (
    SECTIONS,
    collect_words,
    find_references,
    get_name,
    get_variables,
    iter_entries,
    iter_imports,
    iter_own_parts,
    mentions,
)
from naftiko_runtime.rules import helps
from naftiko_runtime.source import SourceError, read_source
from naftiko_runtime.source.mutable_copy import Draft
from naftiko_runtime.suggest import find_closest

if TYPE_CHECKING:
    from pathlib import Path

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source import KeyPath, ReadSource, Source

_KEPT_WHEN_REFUSED = ("consumes", "exposes", "aggregates")
"""Sections in which an entry stays if it cannot be replaced, so that references to it are not reported too."""


class Importer(Struct, frozen=True):
    """One document's imports.

    Attributes:
        file: The importing document.
        findings: Gets every complaint.
        allowed: Folders, besides the document's own, that imports may read.
        reading: How files are read.
    """

    file: Path
    findings: Findings
    allowed: tuple[Path, ...] = ()
    reading: ReadSource = read_source

    def splice(self, source: Source) -> Source:
        """Return a source with every import entry replaced by the part that it names. Report invalid entries.

        Args:
            source: The document in the canonical spelling.
        """
        if not any(True for section in SECTIONS for _ in iter_imports(source.data, section)):
            return source
        return _Splicer(source, ImportedFiles(self.file, source, self.allowed, self.reading), self.findings).splice()


class _Splicer:
    def __init__(self, source: Source, files: ImportedFiles, findings: Findings) -> None:
        self._source = source
        self._draft = Draft(source)
        self._files = files
        self._findings = findings
        self._own = {
            section: {get_name(entry) for _, entry in iter_entries(source.data, section)} for section in SECTIONS
        }
        self._own_variables: set[tuple[str, str]] = set()
        self._brought: set[tuple[Path, str, str]] = set()
        self._known: set[tuple[object, ...]] = set()
        """The variables that were added. Two of one name are the same only if they have the same origin."""

    def splice(self) -> Source:
        """Splice all imports. Added parts come last, so that no index changes."""
        found = {
            key_path: self._find_imported(section, key_path)
            for section in SECTIONS
            for key_path in self._list_imports(section)
        }
        for section in SECTIONS:
            for key_path in reversed(self._list_imports(section)):
                self._replace(section, key_path, found[key_path])
        binds = iter_own_parts(self._draft.data, "binds")
        self._own_variables = {(get_name(bind), variable) for _, bind in binds for variable in get_variables(bind)}
        for section in ("exposes", "aggregates", "consumes"):
            for key_path in self._list_imports(section):
                if (part := found[key_path]) is not None:
                    self._add_referenced_parts(part, key_path)
        return self._draft.build()

    def _list_imports(self, section: str) -> list[KeyPath]:
        return [key_path for key_path, _ in iter_imports(self._source.data, section)]

    def _replace(self, section: str, key_path: KeyPath, found: FoundPart | None) -> None:
        listed, index = self._draft.get(key_path[:-1]), int(key_path[-1])
        if found is not None:
            entry = listed[index]
            self._rename_part(self._draft.mount(listed, index, found.source, found.key_path), entry, section)
        elif section not in _KEPT_WHEN_REFUSED:
            self._draft.remove_entry(listed, index)

    def _rename_part(self, part: dict[str, Any], entry: dict[str, Any], section: str) -> None:
        """Give an imported part the name it has here."""
        if "as" in entry:
            self._draft.copy_key(part, "namespace", entry, "as")
            if section in ("exposes", "aggregates"):  # its values go on naming it as its own file does
                self._draft.copy_key(part, "import", entry, "import")

    # -- imported parts -------------------------------------------------------------------------------------------

    def _find_imported(self, section: str, key_path: KeyPath) -> FoundPart | None:
        """Return the part that an entry names; a bad entry is reported."""
        entry = self._source.get(key_path)
        if not isinstance(location := entry.get("location"), str) or not location:
            if location == "":
                self._report(rules.IMPORT_WITHOUT_FILE(), (*key_path, "location"), key_path)
            else:
                self._report(rules.MISSING_KEY_LOCATION(key="location"), key_path, key_path)
            return None
        wanted = str(entry["import"])
        try:
            path = self._files.resolve(location, self._files.folder)
            if path == self._files.document:
                self._report(rules.IMPORT_OF_ITSELF(file=path.name), (*key_path, "location"), key_path)
                return None
            found = self._files.find_part(path, section, wanted)
        except SourceError as error:
            self._report_source_error(error, key_path)
            return None
        if isinstance(found, FoundPart):
            self._report_notes(found)
            return found
        if isinstance(found, ImportChain):
            self._report_chain(found, wanted, None, key_path)
            return None
        of_section = [get_name(part) for _, part in iter_own_parts(self._files.read(path).data, section)]
        missing = rules.IMPORT(file=path.name, section=section, namespace=wanted)
        close = find_closest(wanted, sorted(set(of_section)))
        advice = helps.DID_YOU_MEAN(suggestion=close) if close else None
        if close is None and of_section:
            advice = helps.FILE_HAS(file=path.name, known=tuple(sorted(set(of_section))))
        self._report(missing, (*key_path, "import"), key_path, advice)
        return None

    def _report_source_error(self, error: SourceError, key_path: KeyPath) -> None:
        """Report the findings of an entry's file: at their own spans, or at the location if they have none."""
        for found in error.diagnostics:
            span = found.span or self._source.find_span((*key_path, "location"))
            self._findings.report(found.statement, span, found.advice, part=key_path, related=found.related)
        if error.source is not None:
            self._draft.add_file(error.source)

    def _report_notes(self, found: FoundPart) -> None:
        for note in self._files.find_notes(found):
            self._findings.report(note.statement, note.span, note.advice, related=note.related)
        self._draft.add_file(found.source)

    def _report_chain(self, chain: ImportChain, name: str, needing: FoundPart | None, key_path: KeyPath) -> None:
        """Report an import of a part that its file only imports, perhaps because another part needs it."""
        trail = tuple(map(self._files.format_path, (self._files.document, *chain.files)))
        if needing is None:
            statement = (rules.IMPORT_CIRCLE if chain.circle else rules.IMPORT_CHAIN)(name=name, trail=trail)
        else:
            statement = (rules.IMPORT_CIRCLE_NEEDED if chain.circle else rules.IMPORT_CHAIN_NEEDED)(
                name=name, part=get_name(needing.part), trail=trail
            )
        advice = None
        if chain.end is not None and chain.circle:
            advice = helps.REMOVE_IMPORT(namespace=get_name(chain.end.part))
        elif chain.end is not None:
            advice = helps.IMPORT_FROM(namespace=get_name(chain.end.part), file=self._files.format_path(chain.end.path))
        self._report(statement, (*key_path, "import"), key_path, advice)

    def _report(self, statement: Statement, place: KeyPath, key_path: KeyPath, advice: Advice | None = None) -> None:
        self._findings.report(statement, self._source.find_span(place), advice, part=key_path)

    # -- referenced parts -----------------------------------------------------------------------------------------

    def _add_referenced_parts(self, found: FoundPart, key_path: KeyPath) -> None:
        """Add what an imported part refers to in its own file, unless this document has its own."""
        for section, name in find_references(found.part) if "consumes" not in found.key_path else ():
            if name not in self._own[section] and (found.path, section, name) not in self._brought:
                self._brought.add((found.path, section, name))
                if (other := self._find_referenced_part(found, section, name, key_path)) is not None:
                    self._add_part(section, name, other, key_path)
                    self._add_referenced_parts(other, key_path)
        words = collect_words(found.part)
        for at, _ in iter_entries(found.source.data, "binds"):
            self._add_variables(found, words, FoundPart(found.path, found.source, at), key_path)

    def _find_referenced_part(self, found: FoundPart, section: str, name: str, key_path: KeyPath) -> FoundPart | None:
        """Return what the file of a part has under a name. None if it has nothing: the linker reports the reference.

        An import there is reported. Its target is still added, so that there are no follow-up findings.
        """
        other = self._files.find_part(found.path, section, name)
        if isinstance(other, ImportChain):
            self._report_chain(other, name, found, key_path)
            return other.end
        if other is not None:
            self._report_notes(other)
        return other

    def _add_part(self, section: str, name: str, found: FoundPart, key_path: KeyPath) -> dict[str, Any] | None:
        """Add a part to this document, under the name of the reference."""
        holder = self._draft.data
        if section == "aggregates":  # the specification has them at the root only where there is no capability
            holder = holder.get("capability", holder)
        if not isinstance(holder, dict) or not isinstance(holder.get(section, []), list):
            return None
        marks = self._source.places.get_entries(self._source.get(key_path[:-1]))[key_path[-1]]
        part = self._draft.append(holder, section, found.source, found.key_path, marks)
        if get_name(part) != name:  # it was imported there, under this name
            part["namespace"] = name
        return part

    def _add_variables(self, found: FoundPart, words: frozenset[str], bind: FoundPart, key_path: KeyPath) -> None:
        """Add the variables of a bind that a part mentions and that this document does not bind itself."""
        name = get_name(bind.part)
        if "import" in bind.part:
            chain = self._files.find_part(bind.path, "binds", name)
            if not isinstance(chain, ImportChain):
                return
            used = self._find_used_variables(words, name, chain.end) if chain.end is not None else [name]
            if any(mentions(words, variable) for variable in used):
                self._report_chain(chain, name, found, key_path)
            if chain.end is None:
                return
            bind = chain.end
        keys, location = get_variables(bind.part), bind.part.get("location")
        folder = None if location is None else bind.path.parent
        used = self._find_used_variables(words, name, bind)
        if location is None and name not in self._own["binds"] and mentions(words, name):
            used.append("")  # the environment itself, which also has what the keys do not list
        origins = {v: (name, v, str(keys.get(v)), str(location), folder) for v in used}
        new = {v: origin for v, origin in origins.items() if origin not in self._known}
        if new and (part := self._add_part("binds", name, bind, key_path)) is not None:
            self._known.update(new.values())
            for variable in keys.keys() - new:
                del part["keys"][variable]

    def _find_used_variables(self, words: frozenset[str], name: str, bind: FoundPart) -> list[str]:
        """Return the variables of a bind that a part mentions and this document does not bind itself."""
        known = (v for v in get_variables(bind.part) if (name, v) not in self._own_variables)
        return [variable for variable in known if mentions(words, variable)]
