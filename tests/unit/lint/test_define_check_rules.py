"""The lists of checks name exactly the rules that each check reports."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from naftiko_runtime import lint, loading
from naftiko_runtime.exposes.kinds import get_expose_kind
from naftiko_runtime.fix import fix_document, rounds
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load

if TYPE_CHECKING:
    import pytest

    from naftiko_runtime.document.exposes import Expose

TESTS = Path(__file__).parents[2]
LINT = Overrides(lint=True)


class Recorder:
    def __init__(self) -> None:
        self.reported: dict[object, set[str]] = defaultdict(set)
        self.listed: dict[object, set[str]] = {}

    def watch(self, one: Any) -> Any:
        """The same check, of which every finding is noted."""
        self.listed[one.run] = set(one.rules)

        def run(*arguments: Any) -> None:
            findings = arguments[-1].context.findings
            known = set(findings.list_sorted(None))
            one.run(*arguments)
            self.reported[one.run] |= {
                finding.rule.slug for finding in findings.list_sorted(None) if finding not in known
            }

        return replace(one, run=run)

    def watch_kind(self, expose: Expose) -> Any:
        """The expose's kind, of which every check is watched."""
        kind = get_expose_kind(expose)
        return SimpleNamespace(
            inherit=kind.inherit,
            link=kind.link,
            list_operations=kind.list_operations,
            CHECKS=tuple(map(self.watch, kind.CHECKS)),
        )


def test_every_check_reports_the_rules_that_it_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr(lint, "CHECKS", tuple(map(recorder.watch, lint.CHECKS)))
    for module in (loading, rounds):
        monkeypatch.setattr(module, "get_expose_kind", recorder.watch_kind)
    for file in sorted((TESTS / "diagnostics").glob("*.yml")):
        load(file, LINT)
    for file in sorted((TESTS / "fix").glob("*.yml")):
        fix_document(file.read_bytes(), file, LINT)
    assert recorder.reported == recorder.listed
