"""Puts what imports name where they stand, and brings along what it needs from its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.document.imports.files import Chain, Files, Found
from naftiko_runtime.document.imports.sections import (
    SECTIONS,
    bound,
    entries,
    imports,
    mentions,
    named,
    needs,
    parts,
    words,
)
from naftiko_runtime.rules import helps
from naftiko_runtime.source import SourceError, read
from naftiko_runtime.suggest import closest

if TYPE_CHECKING:
    from pathlib import Path

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source import Reading, Source, Steps

_KEPT_WHEN_REFUSED = ("consumes", "exposes")
"""Where an entry that could not be replaced stays, so that what refers to it is not reported as well."""


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
    reading: Reading = read

    def splice(self, source: Source) -> Source:
        """A source in which every import entry is replaced by what it names; a bad one is reported.

        Args:
            source: The document in the canonical spelling.
        """
        if not any(True for section in SECTIONS for _ in imports(source.data, section)):
            return source
        return _Splicing(source, Files(self.file, source, self.allowed, self.reading), self.findings).finished()


class _Splicing:
    def __init__(self, source: Source, files: Files, findings: Findings) -> None:
        self._source = source
        self._draft = source.draft()
        self._files = files
        self._findings = findings
        self._own = {section: {named(entry) for _, entry in entries(source.data, section)} for section in SECTIONS}
        self._own_variables: set[tuple[str, str]] = set()
        self._brought: set[tuple[Path, str, str]] = set()
        self._known: set[tuple[object, ...]] = set()
        """The variables that were brought: two of one name are one only when they come from one place."""

    def finished(self) -> Source:
        """The source with everything in its place; what is brought along comes last, so that no index moves."""
        found = {steps: self._entry(section, steps) for section in SECTIONS for steps in self._imports(section)}
        for section in SECTIONS:
            for steps in reversed(self._imports(section)):
                self._replace(section, steps, found[steps])
        binds = parts(self._draft.data, "binds")
        self._own_variables = {(named(bind), variable) for _, bind in binds for variable in bound(bind)}
        for section in ("exposes", "aggregates", "consumes"):
            for steps in self._imports(section):
                if (part := found[steps]) is not None:
                    self._bring(part, steps)
        return self._draft.finished()

    def _imports(self, section: str) -> list[Steps]:
        return [steps for steps, _ in imports(self._source.data, section)]

    def _replace(self, section: str, steps: Steps, found: Found | None) -> None:
        listed, index = self._draft.at(steps[:-1]), int(steps[-1])
        if found is not None:
            entry = listed[index]
            self._named(self._draft.mount(listed, index, found.source, found.steps), entry, section)
        elif section not in _KEPT_WHEN_REFUSED:
            self._draft.drop(listed, index)

    def _named(self, part: dict[str, Any], entry: dict[str, Any], section: str) -> None:
        """Give an imported part the name it has here."""
        if "as" in entry:
            self._draft.lend(part, "namespace", entry, "as")
            if section == "exposes":  # its values go on naming it as its own file does
                self._draft.lend(part, "import", entry, "import")

    # -- what an entry names --------------------------------------------------------------------------------------

    def _entry(self, section: str, steps: Steps) -> Found | None:
        """The part that an entry names; a bad entry is reported."""
        entry = self._source.at(steps)
        if not isinstance(location := entry.get("location"), str) or not location:
            if location == "":
                self._report(rules.IMPORT_WITHOUT_FILE(), (*steps, "location"), steps)
            else:
                self._report(rules.MISSING_KEY_LOCATION(key="location"), steps, steps)
            return None
        wanted = str(entry["import"])
        try:
            path = self._files.path(location, self._files.folder)
            if path == self._files.document:
                self._report(rules.IMPORT_OF_ITSELF(file=path.name), (*steps, "location"), steps)
                return None
            found = self._files.find(path, section, wanted)
        except SourceError as error:
            self._refused(error, steps)
            return None
        if isinstance(found, Found):
            self._note(found)
            return found
        if isinstance(found, Chain):
            self._report_chain(found, wanted, None, steps)
            return None
        of_section = [named(part) for _, part in parts(self._files.read(path).data, section)]
        missing = rules.IMPORT(file=path.name, section=section, namespace=wanted)
        close = closest(wanted, sorted(set(of_section)))
        advice = helps.DID_YOU_MEAN(suggestion=close) if close else None
        if close is None and of_section:
            advice = helps.FILE_HAS(file=path.name, known=tuple(sorted(set(of_section))))
        self._report(missing, (*steps, "import"), steps, advice)
        return None

    def _refused(self, error: SourceError, steps: Steps) -> None:
        """Tell what is wrong with the file of an entry: there, or at the location when it has no place."""
        for found in error.diagnostics:
            span = found.span or self._source.span((*steps, "location"))
            self._findings.report(found.statement, span, found.advice, part=steps, related=found.related)
        if error.source is not None:
            self._draft.consult(error.source)

    def _note(self, found: Found) -> None:
        for note in self._files.notes(found):
            self._findings.report(note.statement, note.span, note.advice, related=note.related)
        self._draft.consult(found.source)

    def _report_chain(self, chain: Chain, name: str, needing: Found | None, steps: Steps) -> None:
        """Report an import of what its file has by an import only, perhaps because another part needs it."""
        trail = tuple(map(self._files.shown, (self._files.document, *chain.files)))
        if needing is None:
            statement = (rules.IMPORT_CIRCLE if chain.circle else rules.IMPORT_CHAIN)(name=name, trail=trail)
        else:
            statement = (rules.IMPORT_CIRCLE_NEEDED if chain.circle else rules.IMPORT_CHAIN_NEEDED)(
                name=name, part=named(needing.part), trail=trail
            )
        advice = None
        if chain.end is not None and chain.circle:
            advice = helps.REMOVE_IMPORT(namespace=named(chain.end.part))
        elif chain.end is not None:
            advice = helps.IMPORT_FROM(namespace=named(chain.end.part), file=self._files.shown(chain.end.path))
        self._report(statement, (*steps, "import"), steps, advice)

    def _report(self, statement: Statement, place: Steps, steps: Steps, advice: Advice | None = None) -> None:
        self._findings.report(statement, self._source.span(place), advice, part=steps)

    # -- what it needs --------------------------------------------------------------------------------------------

    def _bring(self, found: Found, steps: Steps) -> None:
        """Let what an imported part refers to in its own file come along, unless this document has its own."""
        for section, name in needs(found.part) if "consumes" not in found.steps else ():
            if name not in self._own[section] and (found.path, section, name) not in self._brought:
                self._brought.add((found.path, section, name))
                if (other := self._found(found, section, name, steps)) is not None:
                    self._add(section, name, other, steps)
                    self._bring(other, steps)
        said = words(found.part)
        for at, _ in entries(found.source.data, "binds"):
            self._bring_variables(found, said, Found(found.path, found.source, at), steps)

    def _found(self, found: Found, section: str, name: str, steps: Steps) -> Found | None:
        """What the file of a part has under a name; nothing when it has nothing: the linker says who misses it.

        An import there is one too many, and reported; what it leads to is taken all the same, so that no more is said.
        """
        other = self._files.find(found.path, section, name)
        if isinstance(other, Chain):
            self._report_chain(other, name, found, steps)
            return other.end
        if other is not None:
            self._note(other)
        return other

    def _add(self, section: str, name: str, found: Found, steps: Steps) -> dict[str, Any] | None:
        """Add a part to this document, under the name by which it is asked for."""
        holder = self._draft.data
        if section == "aggregates":  # the specification has them at the root only where there is no capability
            holder = holder.get("capability", holder)
        if not isinstance(holder, dict) or not isinstance(holder.get(section, []), list):
            return None
        marks = self._source.places.of(self._source.at(steps[:-1]))[steps[-1]]
        part = self._draft.append(holder, section, found.source, found.steps, marks)
        if named(part) != name:  # it was imported there, under this name
            part["namespace"] = name
        return part

    def _bring_variables(self, found: Found, said: frozenset[str], bind: Found, steps: Steps) -> None:
        """Bring those variables of a bind that a part mentions and this document does not bind itself."""
        name = named(bind.part)
        if "import" in bind.part:
            chain = self._files.find(bind.path, "binds", name)
            if not isinstance(chain, Chain):
                return
            used = self._used(said, name, chain.end) if chain.end is not None else [name]
            if any(mentions(said, variable) for variable in used):
                self._report_chain(chain, name, found, steps)
            if chain.end is None:
                return
            bind = chain.end
        keys, location = bound(bind.part), bind.part.get("location")
        folder = None if location is None else bind.path.parent
        used = self._used(said, name, bind)
        if location is None and name not in self._own["binds"] and mentions(said, name):
            used.append("")  # the environment itself, which also has what the keys do not list
        origins = {v: (name, v, str(keys.get(v)), str(location), folder) for v in used}
        new = {v: origin for v, origin in origins.items() if origin not in self._known}
        if new and (part := self._add("binds", name, bind, steps)) is not None:
            self._known.update(new.values())
            for variable in keys.keys() - new:
                del part["keys"][variable]

    def _used(self, said: frozenset[str], name: str, bind: Found) -> list[str]:
        """The variables of a bind that a part mentions and this document does not bind itself."""
        known = (v for v in bound(bind.part) if (name, v) not in self._own_variables)
        return [variable for variable in known if mentions(said, variable)]
