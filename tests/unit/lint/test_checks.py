"""The list of checks says of each which rules it reports: no more, and no less."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from naftiko_runtime import lint, load
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.lint.check_type import Check

if TYPE_CHECKING:
    import pytest

    from naftiko_runtime.lint.check_type import Subject

GOLDEN = Path(__file__).parents[2] / "diagnostics"


def test_every_check_reports_the_rules_that_it_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: dict[int, set[str]] = defaultdict(set)

    def recording(number: int, check: Check) -> Check:
        def run(subject: Subject) -> None:
            before = len(subject.context.findings.list_sorted(None))
            known = set(subject.context.findings.list_sorted(None))
            check.run(subject)
            after = subject.context.findings.list_sorted(None)
            assert len(after) >= before
            reported[number] |= {finding.rule.slug for finding in after if finding not in known}

        return Check(run, check.rules, check.always)

    monkeypatch.setattr(lint, "CHECKS", tuple(recording(n, check) for n, check in enumerate(lint.CHECKS)))
    for file in sorted(GOLDEN.glob("*.yml")):
        load(file, Overrides(lint=True))
    assert [reported[n] for n in range(len(lint.CHECKS))] == [set(check.rules) for check in lint.CHECKS]
