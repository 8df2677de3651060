"""Every published spelling to the canonical one.

Nothing behind this step knows of versions or of spellings outside the specification.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from naftiko_runtime import diagnostics as rules
from naftiko_runtime.diagnostics import did_you_mean
from naftiko_runtime.source import written

if TYPE_CHECKING:
    from naftiko_runtime.diagnostics import Findings
    from naftiko_runtime.source import Source

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
    return _info_title(source, findings) if _version_is_read(source, findings) else None


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


def _info_title(source: Source, findings: Findings) -> Source:
    info = source.data.get("info")
    if not isinstance(info, dict) or "title" not in info or "label" in info:
        return source
    span = source.span(("info", "title"), key=True)
    findings.add(rules.NON_STANDARD_KEY, "'title' is read as 'label'", span, "write 'label'")
    return source.rename(("info",), "title", "label")
