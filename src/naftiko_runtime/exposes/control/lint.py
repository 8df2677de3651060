"""Checks of control exposes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.exposes.unserved.lint import PORT_CHECK
from naftiko_runtime.lint.define_check import make_expose_check

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import OtherExpose
    from naftiko_runtime.lint.define_check import Subject


def check_single(expose: OtherExpose, subject: Subject) -> None:
    """Report a second control expose."""
    context = subject.context
    first = next(one for one in subject.document.capability.exposes if one.type == expose.type)
    if first is not expose:
        context.report(
            rules.SECOND_CONTROL(), expose.get_path("type"), related=context.find_span(first.get_path("type"))
        )


CHECKS: Final = (make_expose_check(check_single, rules.SECOND_CONTROL, occasion="always"), PORT_CHECK)
