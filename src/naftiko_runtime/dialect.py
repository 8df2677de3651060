"""Every published spelling to the canonical one.

Nothing behind this step knows of versions or of spellings outside the specification.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import diagnostics as rules
from naftiko_runtime.diagnostics import did_you_mean
from naftiko_runtime.source import written

if TYPE_CHECKING:
    from naftiko_runtime.diagnostics import Findings
    from naftiko_runtime.source import Source, Steps

VERSIONS: Final = ("0.5", "1.0.0-alpha1", "1.0.0-alpha2")
"""Versions whose documents are served as they are."""

LATER_VERSIONS: Final = ("1.0.0-alpha3", *(f"1.0.0-beta{n}" for n in range(1, 6)))
"""Versions with other spellings, published under the key ``ikanos``."""

_VERSION: Final = re.compile(r"\d+(\.\d+){1,2}(-(alpha|beta|rc)\d*)?")


def canonical(source: Source, findings: Findings) -> Source | None:
    """The same document in the canonical spelling; nothing when it is not a capability document at all.

    Departures that are given a meaning are warnings; every value keeps its place.
    """
    if not isinstance(source.data, dict):
        advice = "start with 'naftiko: 1.0.0-alpha2', 'info:' and 'capability:'"
        findings.add(rules.WRONG_TYPE, "a capability document is a mapping", source.span(()), advice)
        return None
    return _Speaker(source, findings).canonical() if _version_is_read(source, findings) else None


def _version_is_read(source: Source, findings: Findings) -> bool:
    """Check the version; false when it has other spellings, so that reading on would find faults that are none."""
    if "ikanos" in source.data and "naftiko" not in source.data:
        message = "documents under the key 'ikanos' (1.0.0-alpha3 and later) are not served yet"
        span = source.span(("ikanos",), key=True)
        findings.add(rules.NOT_SERVED, message, span, f"use 'naftiko: {VERSIONS[-1]}' and its spelling")
        return False
    version = source.data.get("naftiko")
    if version is None or isinstance(version, dict | list):
        return True  # reported as missing, or as no text, like any other key
    return _version(source, written(version) if isinstance(version, float) else str(version), findings)


def _version(source: Source, text: str, findings: Findings) -> bool:
    span = source.span(("naftiko",))
    if text in VERSIONS:
        return True
    if text in LATER_VERSIONS:
        message = f"specification version {text} is not served yet"
        findings.add(rules.NOT_SERVED, message, span, f"use '{VERSIONS[-1]}' and its spelling")
        return False
    if _VERSION.fullmatch(text):
        message = f"specification version {text} is unknown here; read as {VERSIONS[-1]}"
        findings.add(rules.NEWER_VERSION, message, span, f"write '{VERSIONS[-1]}' if the file is meant for it")
        return True
    advice = did_you_mean(text[:40], VERSIONS, "known versions")
    findings.add(rules.VERSION, f"'{text[:40]}' is no version of the specification", span, advice)
    return True


class _Speaker:
    """Rewrites what the wild writes otherwise. It touches only what it recognises; the models judge the rest."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self._source = source
        self._draft = source.draft()
        self._findings = findings

    def canonical(self) -> Source:
        """The document in the canonical spelling."""
        data = self._draft.data
        if isinstance(info := data.get("info"), dict) and "label" not in info:
            self._renamed(info, "title", "label", ("info",))
        capability = data.get("capability")
        holders = [((), data), (("capability",), capability if isinstance(capability, dict) else {})]
        for steps, holder in holders:
            for index, api in _mappings(holder.get("consumes")):
                self._api(api, (*steps, "consumes", index))
            for index, expose in _mappings(holder.get("exposes")):
                self._renamed(expose, "auth", "authentication", (*steps, "exposes", index))
        return self._draft.finished()

    def _api(self, api: dict[str, Any], steps: Steps) -> None:
        self._renamed(api, "auth", "authentication", steps)
        if isinstance(authentication := api.get("authentication"), dict):
            self._api_key(authentication, (*steps, "authentication"))
            self._oauth2(authentication, (*steps, "authentication"))
        for number, resource in _mappings(api.get("resources")):
            for index, operation in _mappings(resource.get("operations")):
                self._operation(operation, (*steps, "resources", number, "operations", index))

    def _oauth2(self, authentication: dict[str, Any], steps: Steps) -> None:
        for other in ("tokenUrl", "tokenUri"):
            if authentication.get("type") == "oauth2":
                self._renamed(authentication, other, "tokenEndpoint", steps)

    def _api_key(self, authentication: dict[str, Any], steps: Steps) -> None:
        """``in`` and ``name`` for ``placement`` and ``key``; with ``name``, ``key`` may be the value."""
        if authentication.get("type") != "apikey":
            return
        self._renamed(authentication, "in", "placement", steps)
        if "name" in authentication and "key" in authentication and "value" not in authentication:
            self._renamed(authentication, "key", "value", steps)
        self._renamed(authentication, "name", "key", steps)

    def _operation(self, operation: dict[str, Any], steps: Steps) -> None:
        body = operation.get("body")
        if isinstance(body, dict) and body.get("type") == "form":
            self._note((*steps, "body", "type"), "'form' is read as 'formUrlEncoded'", "write 'formUrlEncoded'")
            self._draft.put(body, "type", "formUrlEncoded", like="type")

    def _renamed(self, mapping: dict[str, Any], old: str, new: str, steps: Steps) -> None:
        if old in mapping and new not in mapping:
            self._note((*steps, old), f"'{old}' is read as '{new}'", f"write '{new}'", key=True)
            self._draft.rename(mapping, old, new)

    def _note(self, steps: Steps, message: str, advice: str, *, key: bool = False) -> None:
        self._findings.add(rules.NON_STANDARD_KEY, message, self._source.span(steps, key=key), advice)


def _mappings(entries: Any) -> list[tuple[int, dict[str, Any]]]:
    """The mappings of a list with their indices; nothing when there is no list."""
    if not isinstance(entries, list):
        return []
    return [(index, entry) for index, entry in enumerate(entries) if isinstance(entry, dict)]
