"""Totals, tables and JSON."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wild.verdict import ELIGIBLE, KINDS, FileReport, Refusal, Verdict

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
        alone: How many of those nothing else concerns.
        collateral: How many are refused only because their file is.
        files: Where it occurs.
        example: A place.
    """

    rule: str
    message: str
    own: int = 0
    alone: int = 0
    collateral: int = 0
    files: set[str] = field(default_factory=set)
    example: str = ""

    def add(self, verdict: Verdict, refusal: Refusal, *, alone: bool) -> None:
        self.own += verdict.own
        self.alone += verdict.own and alone
        self.collateral += not verdict.own
        self.files.add(verdict.file)
        self.example = self.example or f"{refusal.place}: {refusal.message}"


def _kinds(verdict: Verdict) -> dict[tuple[str, str], Refusal]:
    """An operation's refusals, one for each rule and wording."""
    return {(r.rule, _QUOTED.sub("…", r.message)): r for r in reversed(verdict.refusals)}


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
    def exit_status(self) -> int:
        """1 when anything is wrong or crashed."""
        return 1 if self.of("wrong") or self.crashes else 0

    @property
    def served(self) -> float:
        """The share of callable operations that is served; 1 when there are none."""
        eligible = len(self.of(*ELIGIBLE))
        return len(self.of("served")) / eligible if eligible else 1.0

    def reasons(self) -> list[Reason]:
        """Why operations are refused, the most frequent reason first; those without a host are included."""
        found: dict[tuple[str, str], Reason] = {}
        for verdict in self.verdicts:
            kinds = _kinds(verdict)
            for kind, refusal in kinds.items():
                found.setdefault(kind, Reason(*kind)).add(verdict, refusal, alone=len(kinds) == 1)
        return sorted(found.values(), key=lambda reason: (-reason.own, -reason.collateral))

    def as_dict(self) -> dict[str, Any]:
        return {
            "counts": self.counts(),
            "served": round(self.served, 4),
            "reasons": [{**vars(reason), "files": len(reason.files)} for reason in self.reasons()],
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
        if not (reasons := self.reasons()):
            return
        yield "\nWhy operations are refused: it concerns them, alone; only their file; in how many files"
        for reason in reasons[:_TOP]:
            numbers = f"{reason.own:>6} {reason.alone:>6} {reason.collateral:>6} {len(reason.files):>5}"
            yield f"{numbers}  {reason.rule}: {reason.message}"
            yield f"{'':>28}{reason.example}"

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
        yield f"served {counts['served']} of {eligible} callable operations: {self.served:.1%}"


def _line(verdict: Verdict) -> str:
    where = f"{verdict.file}:{verdict.line}: {verdict.expose}: {verdict.operation}"
    return f"{where}: {verdict.kind}: {verdict.reason}"
