"""Checks of a linked document. Each module has a list: each check with the rules that it reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.lint import (
    indefinite_paths,
    input_constraints,
    malformed_values,
    namespaces,
    outdated_spellings,
    security,
    several_outputs,
    steps_in_outputs,
    style,
    unused_functions,
    unused_operations,
    variables,
)
from naftiko_runtime.lint.define_check import Check, Subject

if TYPE_CHECKING:
    from naftiko_runtime.link.linked_document import Linked
    from naftiko_runtime.lint.define_check import FindCheckedKind

CHECKS: Final[tuple[Check, ...]] = (
    *namespaces.CHECKS,
    *malformed_values.CHECKS,
    *input_constraints.CHECKS,
    *indefinite_paths.CHECKS,
    *several_outputs.CHECKS,
    *steps_in_outputs.CHECKS,
    *security.CHECKS,
    *style.CHECKS,
    *outdated_spellings.CHECKS,
    *unused_operations.CHECKS,
    *unused_functions.CHECKS,
    *variables.CHECKS,
)
"""The checks of whole documents, in the order in which they run: those that note uses of variables before those that
ask for them. Each kind of expose has its own beside these."""


def run_checks(linked: Linked, get_kind: FindCheckedKind, *, advise: bool, rewrite: bool = False) -> None:
    """Run the checks of a linked document.

    Args:
        linked: What it was linked to; its findings get those of the checks.
        get_kind: The table of kinds of exposes.
        advise: Whether to run the checks that only advise as well, as `naftiko validate` and editors do.
        rewrite: Whether to run the checks of spellings as well, as `--fix` and `--diff` do.
    """
    document = linked.document
    subject = Subject(document, linked.operations, linked.context, get_kind, linked.origins, linked.parts)
    wanted = {"always": True, "validate": advise, "fix": rewrite}
    for expose in document.capability.exposes:
        for one in get_kind(expose).CHECKS:
            if wanted[one.occasion]:
                one.run(expose, subject)
    for each in CHECKS:
        if wanted[each.occasion]:
            each.run(subject)
