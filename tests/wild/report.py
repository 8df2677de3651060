"""Totals, tables and JSON."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wild.verdict import ELIGIBLE, KINDS, FileReport, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TOP = 40
_QUOTED = re.compile(r"'[^']*'|\b[A-Z]+ /\S*|\d+")


@dataclass
class Reason:
    """One reason for refusals.

    Attributes:
        rule: The diagnostic's slug.
        message: With every name left out.
        own: How many operations it concerns.
        collateral: How many are refused only because their file is.
        files: Where it occurs.
        example: A place.
    """

    rule: str
    message: str
    own: int = 0
    collateral: int = 0
    files: set[str] = field(default_factory=set)
    example: str = ""

    def add(self, verdict: Verdict) -> None:
        self.own += verdict.own
        self.collateral += not verdict.own
        self.files.add(verdict.file)
        self.example = self.example or f"{verdict.place}: {verdict.reason}"


@dataclass
class Totals:
    """Everything that was found in a folder."""

    files: list[FileReport]

    @property
    def verdicts(self) -> Iterable[Verdict]:
        return (verdict for report in self.files for verdict in report.verdicts)

    def of(self, *kinds: str) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.kind in kinds]

    def counts(self) -> dict[str, int]:
        counted = Counter(verdict.kind for verdict in self.verdicts)
        return {kind: counted[kind] for kind in KINDS}

    @property
    def crashes(self) -> list[str]:
        """Crashing operations, and files that crash without any."""
        return [_line(v) for v in self.of("crash")] + [f"{r.file}: {r.crash}" for r in self.files if r.crash]

    @property
    def served(self) -> float:
        """The share of what names an existing operation and a host; 1 when nothing does."""
        eligible = len(self.of(*ELIGIBLE))
        return len(self.of("served")) / eligible if eligible else 1.0

    def reasons(self) -> list[Reason]:
        """Why operations are refused, the most frequent reason first; those without a host are included."""
        found: dict[tuple[str, str], Reason] = {}
        for verdict in self.verdicts:
            if verdict.rule or verdict.kind == "refused":
                message = _QUOTED.sub("…", verdict.reason.splitlines()[0])
                found.setdefault((verdict.rule, message), Reason(verdict.rule, message)).add(verdict)
        return sorted(found.values(), key=lambda reason: -(reason.own + reason.collateral))

    def as_dict(self) -> dict[str, Any]:
        return {
            "counts": self.counts(),
            "served": round(self.served, 4),
            "reasons": [
                {**vars(reason), "files": len(reason.files)} for reason in self.reasons()
            ],
            "files": [
                {
                    "file": report.file,
                    "seconds": round(report.seconds, 3),
                    "counts": dict(Counter(v.kind for v in report.verdicts)),
                    "errors": report.errors,
                    "crash": report.crash,
                    "operations": [verdict.as_dict() for verdict in report.verdicts],
                }
                for report in self.files
            ],
        }

    def lines(self, *, verbose: bool) -> Iterator[str]:
        """The report as text."""
        yield from self._per_file(verbose=verbose)
        yield from self._faults()
        yield from self._refusals()
        yield from self._summary()

    def _per_file(self, *, verbose: bool) -> Iterator[str]:
        yield "  ".join([*(f"{kind:>12}" for kind in KINDS), "file"])
        for report in self.files:
            counted = Counter(verdict.kind for verdict in report.verdicts)
            yield "  ".join([*(f"{counted[kind] or '·':>12}" for kind in KINDS), report.file])
            if verbose:
                yield from (f"    {_line(verdict)}" for verdict in report.verdicts if verdict.kind != "served")

    def _faults(self) -> Iterator[str]:
        for kind, lines in (("wrong", map(_line, self.of("wrong"))), ("crash", iter(self.crashes))):
            for line in lines:
                yield f"\n{kind.upper()} {line}"

    def _refusals(self) -> Iterator[str]:
        yield "\nWhy operations are refused (concerning it · its file only · files)"
        for reason in self.reasons()[:_TOP]:
            yield f"{reason.own:>6} · {reason.collateral:>6} · {len(reason.files):>5}  {reason.rule}: {reason.message}"
            yield f"{'':>25}{reason.example}"

    def _summary(self) -> Iterator[str]:
        counts = self.counts()
        eligible = sum(counts[kind] for kind in ELIGIBLE)
        yield f"\n{len(self.files)} files, {sum(counts.values())} exposed operations"
        for kind in KINDS:
            yield f"{counts[kind]:>7}  {kind}"
        with_base = Counter(verdict.with_base_uri for verdict in self.of("no-host"))
        yield f"no-host, once given a base URI: {dict(with_base)}"
        unchecked = Counter(text for verdict in self.of("served") for text in verdict.unchecked)
        if unchecked:
            yield f"served, but not checked: {dict(unchecked)}"
        yield f"served {counts['served']} of {eligible} with an existing operation and a host: {self.served:.1%}"


def _line(verdict: Verdict) -> str:
    rule = f"[{verdict.rule}] " if verdict.rule else ""
    where = f"{verdict.file}:{verdict.line}: {verdict.expose}: {verdict.operation}"
    return f"{where}: {verdict.kind}: {rule}{verdict.reason}"
