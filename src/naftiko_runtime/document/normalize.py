"""Normalizes a source: rewrites every published spelling to the canonical one.

No later stage knows versions, or spellings outside the specification.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.authentication.kinds import KINDS
from naftiko_runtime.document.foreign_documents import recognize
from naftiko_runtime.document.normalize_outputs import OutputNormalizer, is_map_of_mappings, is_readable
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.rules import helps
from naftiko_runtime.source import format_as_written
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.source.mutable_copy import Draft
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Edit, Findings
    from naftiko_runtime.rules import Statement
    from naftiko_runtime.source import KeyPath, Source

VERSIONS: Final = ("0.5", "1.0.0-alpha1", "1.0.0-alpha2")
"""Versions whose spelling is the canonical one."""

LATER_VERSIONS: Final = ("1.0.0-alpha3", *(f"1.0.0-beta{n}" for n in range(1, 6)))
"""Versions that write lists of named things as maps, and ``display`` for ``label``; their key is ``ikanos``."""
_WITH_DISPLAY: Final = LATER_VERSIONS[1:]
"""Versions without the key ``label``."""

_FIRST: Final = "0.5"
VERSION_FORM: Final = r"\d+(\.\d+){1,2}(-(alpha|beta|rc)\d*)?"
"""What a version looks like that may be a later one."""
_VERSION: Final = compile_lazily(VERSION_FORM)


def normalize(source: Source, findings: Findings) -> Source | None:
    """Return the same document in the canonical spelling. None if it is not a capability document.

    Deviations that have a clear meaning are warnings. Every value keeps its place.
    """
    if not isinstance(source.data, dict):
        findings.report(rules.WRONG_TYPE_DOCUMENT(), source.find_span(()))
        return None
    if (other := recognize(source.data)) is not None:
        kind, advice = other
        place = source.find_span((next(iter(source.data)),), key=True)
        findings.report(rules.OTHER_DOCUMENT(kind=kind()), place, None if advice is None else advice())
        return None
    return _Normalizer(source, findings, _read_version(source, findings)).normalize()


def _read_version(source: Source, findings: Findings) -> str | None:
    """Return the document's version. None if it is missing or unknown; an unknown version is reported."""
    key = "naftiko" if "naftiko" in source.data else "ikanos"
    version = source.data.get(key)
    if version is None or isinstance(version, dict | list):
        return None  # reported as missing, or as no text, like any other key
    text = format_as_written(version) if isinstance(version, float) else str(version)
    span, known = source.find_span((key,)), (*VERSIONS, *LATER_VERSIONS)
    if text in known:
        return text
    if _VERSION.fullmatch(text):
        findings.report(rules.NEWER_VERSION(version=text, known=known[-1]), span)
        return known[-1]
    findings.report(rules.VERSION(version=text[:40]), span, suggest(text[:40], known, helps.KNOWN_VERSIONS))
    return None


class _Normalizer:
    """Rewrites the spellings of real-world files. It leaves alone what it does not know: the models check that."""

    def __init__(self, source: Source, findings: Findings, version: str | None) -> None:
        self._version = version
        self._later = version in LATER_VERSIONS
        written = source.data.get("naftiko", source.data.get("ikanos"))
        self._lacks_label = version in _WITH_DISPLAY and version == str(written)  # others are only read as that version
        self._source = source
        self._draft = Draft(source)
        self._findings = findings
        self._outputs = OutputNormalizer(self._draft, partial(self._report, key=True))

    def normalize(self) -> Source:
        """Return the document in the canonical spelling."""
        data = self._draft.data
        self._check_root_key(data)
        if "ikanos" in data and "naftiko" not in data:
            self._draft.rename_key(data, "ikanos", "naftiko")
        if "capability" not in data and "exposes" in data:
            if not self._later:
                self._report(("exposes",), rules.NON_STANDARD_KEY_ROOT(), key=True)
            self._draft.nest_keys(("exposes", "aggregates"), "capability")
        if isinstance(info := data.get("info"), dict):
            self._rename_display(info, ("info",))
            self._rename_key(info, "title", "label", ("info",))
        capability = data.get("capability")
        self._normalize_sections(data, ())
        if isinstance(capability, dict):
            self._normalize_sections(capability, ("capability",))
        return self._draft.build()

    def _normalize_sections(self, holder: dict[str, Any], key_path: KeyPath) -> None:
        """Normalize the sections of the root or of the capability."""
        self._convert_external_refs(holder, key_path)
        for section in ("consumes", "binds", "exposes", "aggregates"):
            for _, entry in _list_mappings(holder.get(section)):
                self._normalize_import(entry)
        for index, api in _list_mappings(holder.get("consumes")):
            self._normalize_api(api, (*key_path, "consumes", index))
        for index, expose in _list_mappings(holder.get("exposes")):
            self._normalize_expose(expose, (*key_path, "exposes", index))
        for index, aggregate in _list_mappings(holder.get("aggregates")):
            self._normalize_aggregate(aggregate, (*key_path, "aggregates", index))

    def _check_root_key(self, data: dict[str, Any]) -> None:
        """Report a version under the root key of other versions."""
        written, meant = ("naftiko", "ikanos") if "naftiko" in data else ("ikanos", "naftiko")
        of_meant = LATER_VERSIONS if meant == "ikanos" else VERSIONS
        if self._version in of_meant and self._version == str(data.get(written)):
            statement = rules.NON_STANDARD_KEY_VERSION(version=self._version, written=written, meant=meant)
            fix = replace_text(self._source, (written,), written, meant, key=True)
            self._report((written,), statement, key=True, fix=fix)

    def _normalize_import(self, entry: dict[str, Any]) -> None:
        """Later versions write ``from`` for ``location``. Every version accepts both."""
        if "from" in entry and "import" in entry and "location" not in entry:
            self._draft.rename_key(entry, "from", "location")

    def _convert_external_refs(self, holder: dict[str, Any], key_path: KeyPath) -> None:
        """Version 0.5 writes ``externalRefs`` for ``binds``: a name, and a file's URI or the environment."""
        if "externalRefs" not in holder or "binds" in holder:
            return
        if self._version != _FIRST:
            statement = rules.NON_STANDARD_KEY(written="externalRefs", meant="binds")
            self._report((*key_path, "externalRefs"), statement, key=True)
        if isinstance(holder["externalRefs"], dict) and is_map_of_mappings(holder["externalRefs"]):
            self._draft.convert_to_list(holder, "externalRefs")
        self._draft.rename_key(holder, "externalRefs", "binds")
        for _, entry in _list_mappings(holder["binds"]):
            self._convert_external_ref(entry)

    def _convert_external_ref(self, entry: dict[str, Any]) -> None:
        for old, new in (("name", "namespace"), ("uri", "location")):
            if old in entry and new not in entry:
                self._draft.rename_key(entry, old, new)
        location, keys = entry.get("location"), entry.get("keys")
        if isinstance(location, str) and "://" not in location:
            path = location if location.startswith("/") else f"./{location.removeprefix('./')}"
            self._draft.set_key(entry, "location", f"file://{path}", like="location")
        if isinstance(keys, list) and all(isinstance(key, str) for key in keys):
            self._draft.set_key(entry, "keys", {key: key for key in keys}, like="keys")
        for key in ("type", "resolution"):
            if key in entry:
                self._draft.remove_key(entry, key)

    def _normalize_api(self, api: dict[str, Any], key_path: KeyPath) -> None:
        self._rename_key(api, "auth", "authentication", key_path)
        if isinstance(authentication := api.get("authentication"), dict):
            self._normalize_authentication(authentication, (*key_path, "authentication"))
        self._convert_maps(api, key_path, "inputParameters", "resources")
        for number, resource in _list_mappings(api.get("resources")):
            place = (*key_path, "resources", number)
            self._convert_maps(resource, place, "inputParameters", "operations")
            for index, operation in _list_mappings(resource.get("operations")):
                self._convert_maps(operation, (*place, "operations", index), "inputParameters", "outputParameters")
                self._normalize_operation(operation, (*place, "operations", index))

    def _normalize_expose(self, expose: dict[str, Any], key_path: KeyPath) -> None:
        if self._version == _FIRST and expose.get("type") == "api":  # what later versions call 'rest'
            self._draft.set_key(expose, "type", "rest", like="type")
        self._rename_key(expose, "auth", "authentication", key_path)
        self._convert_maps(expose, key_path, "inputParameters", "tools", "resources", "prompts", "skills")
        for number, skill in _list_mappings(expose.get("skills")):
            self._normalize_skill(skill, (*key_path, "skills", number))
        for index, tool in _list_mappings(expose.get("tools")):
            if "name" not in tool and isinstance(ref := tool.get("ref"), str):  # it has the name of what it refers to
                self._draft.set_key(tool, "name", ref.rpartition(".")[2], like="ref")
            self._normalize_exposed_operation(tool, (*key_path, "tools", index))
        for number, resource in _list_mappings(expose.get("resources")):
            place = (*key_path, "resources", number)
            if expose.get("type") == "mcp":
                self._normalize_exposed_operation(resource, place)
                continue
            self._convert_maps(resource, place, "inputParameters", "operations")
            for index, operation in _list_mappings(resource.get("operations")):
                self._normalize_exposed_operation(operation, (*place, "operations", index), rest=True)
        for index, prompt in _list_mappings(expose.get("prompts")):
            self._normalize_prompt(prompt, (*key_path, "prompts", index))

    def _normalize_prompt(self, prompt: dict[str, Any], key_path: KeyPath) -> None:
        self._convert_maps(prompt, key_path, "arguments")
        for number, argument in _list_mappings(prompt.get("arguments")):
            self._rename_display(argument, (*key_path, "arguments", number))
        self._rename_key(prompt, "messages", "template", key_path)

    def _normalize_aggregate(self, aggregate: dict[str, Any], key_path: KeyPath) -> None:
        """Later versions write ``flows`` for ``functions``. Every version accepts both."""
        self._rename_later_key(aggregate, "flows", "functions", key_path)
        self._convert_maps(aggregate, key_path, "functions")
        for index, function in _list_mappings(aggregate.get("functions")):
            self._normalize_exposed_operation(function, (*key_path, "functions", index))

    def _normalize_exposed_operation(self, operation: dict[str, Any], key_path: KeyPath, *, rest: bool = False) -> None:
        """Normalize an operation, a tool or a function."""
        self._convert_maps(operation, key_path, "inputParameters", "steps")
        for index, mapping in _list_mappings(operation.get("mappings")):
            self._rename_later_key(mapping, "target", "targetName", (*key_path, "mappings", index))
        self._normalize_outputs(operation, key_path, rest=rest)

    def _normalize_outputs(self, operation: dict[str, Any], key_path: KeyPath, *, rest: bool) -> None:
        """Normalize outputs. Values that the specification allows but that mean nothing are not served."""
        written = operation.get("outputParameters")
        free = "ref" in operation or (rest and self._later and not isinstance(written, list))
        self._outputs.normalize(operation, key_path, maps=self._later)
        outputs = operation.get("outputParameters")
        if outputs is None or (isinstance(outputs, list) and all(map(is_readable, outputs))):
            return
        if free:
            place = (*key_path, "outputParameters")
            span = self._draft.build().find_span(place, key=True)
            self._findings.report(rules.NOT_SERVED_OUTPUTS(), span, part=place)
            self._draft.remove_key(operation, "outputParameters")

    def _normalize_skill(self, skill: dict[str, Any], key_path: KeyPath) -> None:
        self._convert_maps(skill, key_path, "tools")
        for index, tool in _list_mappings(skill.get("tools")):
            self._rename_display(tool, (*key_path, "tools", index))
            if isinstance(origin := tool.get("from"), dict):
                place = (*key_path, "tools", index, "from")
                self._rename_key(origin, "namespace", "sourceNamespace", place)
                self._rename_key(origin, "name", "action", place)

    def _convert_maps(self, holder: dict[str, Any], key_path: KeyPath, *keys: str) -> None:
        """Convert maps by name to lists, and ``display`` to ``label``: the spelling of later versions."""
        self._rename_display(holder, key_path)
        for key in keys:
            named = holder.get(key)
            if not isinstance(named, dict) or not is_map_of_mappings(named):
                continue
            if not self._later:
                self._report((*key_path, key), rules.NON_STANDARD_KEY_MAP(key=key), key=True)
            self._draft.convert_to_list(holder, key)

    def _rename_display(self, holder: dict[str, Any], key_path: KeyPath) -> None:
        if self._lacks_label and "label" in holder and "display" not in holder:
            fix = replace_text(self._draft.build(), (*key_path, "label"), "label", "display", key=True)
            statement = rules.NON_STANDARD_KEY(written="label", meant="display")
            self._report((*key_path, "label"), statement, key=True, fix=fix)
        if self._later and "display" in holder and "label" not in holder:
            self._draft.rename_key(holder, "display", "label")
        elif "label" not in holder:
            self._rename_key(holder, "display", "label", key_path)

    def _normalize_authentication(self, authentication: dict[str, Any], key_path: KeyPath) -> None:
        for kind in KINDS:
            if authentication.get("type") == kind.name:
                for old, new in kind.list_spellings(authentication):
                    self._rename_key(authentication, old, new, key_path)

    def _normalize_operation(self, operation: dict[str, Any], key_path: KeyPath) -> None:
        body = operation.get("body")
        if isinstance(body, dict) and body.get("type") == "form":
            place = (*key_path, "body", "type")
            fix = replace_text(self._draft.build(), place, "form", "formUrlEncoded")
            self._report(place, rules.NON_STANDARD_KEY(written="form", meant="formUrlEncoded"), fix=fix)
            self._draft.set_key(body, "type", "formUrlEncoded", like="type")

    def _rename_later_key(self, mapping: dict[str, Any], later: str, canonical: str, key_path: KeyPath) -> None:
        """Rename a key that later versions have another name for."""
        if self._later and later in mapping and canonical not in mapping:
            self._draft.rename_key(mapping, later, canonical)
        else:
            self._rename_key(mapping, later, canonical, key_path)

    def _rename_key(self, mapping: dict[str, Any], old: str, new: str, key_path: KeyPath) -> None:
        if old in mapping and new not in mapping:
            fix = replace_text(self._draft.build(), (*key_path, old), old, new, key=True)
            self._report((*key_path, old), rules.NON_STANDARD_KEY(written=old, meant=new), key=True, fix=fix)
            self._draft.rename_key(mapping, old, new)

    def _report(
        self, key_path: KeyPath, statement: Statement, *, key: bool = False, fix: tuple[Edit, ...] = ()
    ) -> None:
        place = self._draft.build().find_span(key_path, key=key)  # as reshaped so far
        self._findings.report(statement, place, fix=fix)


def _list_mappings(entries: Any) -> list[tuple[int, dict[str, Any]]]:
    """Return the mappings of a list with their indices. Empty if there is no list."""
    if not isinstance(entries, list):
        return []
    return [(index, entry) for index, entry in enumerate(entries) if isinstance(entry, dict)]
