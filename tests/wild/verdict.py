"""The verdict on one exposed operation."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["served", "refused", "wrong", "crash", "no-host", "no-operation", "not-callable", "mock", "unjudged"]

ELIGIBLE: tuple[Kind, ...] = ("served", "refused", "wrong", "crash")
"""What is callable: it names an existing operation, a host, and a place in the path for each path parameter."""

KINDS: tuple[Kind, ...] = (*ELIGIBLE, "no-host", "no-operation", "not-callable", "mock", "unjudged")


@dataclass(frozen=True)
class Refusal:
    """An error of the product that concerns an operation."""

    rule: str
    message: str
    place: str

    def __str__(self) -> str:
        return f"[{self.rule}] {self.message}"


@dataclass
class Verdict:
    """What became of one operation.

    Attributes:
        file: Relative to the folder.
        line: Of the exposed operation.
        expose: ``rest`` or ``mcp``, and the namespace.
        operation: ``GET /path``, or the tool's name.
        kind: The verdict.
        reason: In words.
        refusals: Every error that concerns it, the nearest first; when none does, the first one of its file.
        own: Whether they concern this operation, or only its file.
        with_base_uri: For a document without a host: what became of the call when the operator gave one.
        unchecked: What arrived and could not be judged.
    """

    file: str
    line: int
    expose: str
    operation: str
    kind: Kind = "unjudged"
    reason: str = ""
    refusals: list[Refusal] = field(default_factory=list)
    own: bool = True
    with_base_uri: str = ""
    unchecked: list[str] = field(default_factory=list)

    def settle(self, kind: Kind, reason: str = "") -> None:
        self.kind, self.reason = kind, reason

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class FileReport:
    """All verdicts on one file, and what cannot be said of an operation."""

    file: str
    verdicts: list[Verdict] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    crash: str = ""
    seconds: float = 0.0
