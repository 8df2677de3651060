"""Checks of a linked document: one list, in which each check has its rules beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.lint.check_type import Check, Subject, check
from naftiko_runtime.lint.expose_conflicts import check_exposes
from naftiko_runtime.lint.impossible_values import check_values
from naftiko_runtime.lint.security import check_security
from naftiko_runtime.lint.steps import check_steps
from naftiko_runtime.lint.style import check_style
from naftiko_runtime.lint.tools import check_tools
from naftiko_runtime.lint.unused_operations import check_unused_operations
from naftiko_runtime.lint.variables import check_unlisted, check_unused

if TYPE_CHECKING:
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.link import Linked

CHECKS: Final[tuple[Check, ...]] = (
    check(
        check_exposes,
        *(rules.DUPLICATE_NAMESPACE, rules.SHARED_NAMESPACE, rules.SECOND_CONTROL, rules.PORT),
        *(rules.MISSING_KEY, rules.INVALID_VALUE, rules.WRONG_TYPE, rules.UNKNOWN_ACTION),
        always=True,
    ),
    check(
        check_steps,
        *(rules.DUPLICATE_NAME, rules.INVALID_VALUE, rules.MISSING_KEY, rules.UNKNOWN_STEP, rules.UNRESOLVED_CALL),
        always=True,
    ),
    check(
        check_values,
        *(rules.INVALID_VALUE, rules.PATH, rules.SECRET_AS_NAME, rules.MAPPING_WITHOUT_CALL, rules.UNMAPPED_PROPERTY),
        always=True,
    ),
    check(check_security, rules.ACTIVE_CONTENT, rules.HARD_CODED, rules.INSECURE),
    check(check_tools, rules.TOOL_NAME, rules.CONTRADICTION),
    check(check_style, rules.NO_DESCRIPTION, rules.EXAMPLE_HOST, rules.TRAILING_SLASH, rules.QUERY_IN_PATH),
    check(check_unused_operations, rules.UNUSED_OPERATION),
    check(check_unlisted, rules.UNLISTED_VARIABLE, always=True),
    check(check_unused, rules.UNUSED_BINDING, always=True),
)
"""Every check, in the order in which they run: those that note uses of variables before those that ask for them."""


def run_checks(document: Document, linked: Linked, *, advise: bool) -> None:
    """Run the checks of a linked document.

    Args:
        document: The document.
        linked: What it was linked to; its findings get those of the checks.
        advise: Whether to run the checks that only advise as well, as `naftiko validate` and editors do.
    """
    subject = Subject(document, linked.operations, linked.context)
    for each in CHECKS:
        if advise or each.always:
            each.run(subject)
