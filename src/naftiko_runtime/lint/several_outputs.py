"""Checks for several outputs of a call, of which only one becomes the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.lint.define_check import make_check

if TYPE_CHECKING:
    from naftiko_runtime.lint.define_check import Subject


def check_several_outputs(subject: Subject) -> None:
    """Report several named outputs of a call: they look like an object with these fields."""
    for _, exposed in subject.iter_operations():
        outputs = exposed.output_parameters
        if exposed.call is not None and len(outputs) > 1 and all(output.name for output in outputs):
            subject.context.report(rules.SEVERAL_OUTPUTS(count=len(outputs)), outputs[1].get_path())


CHECKS: Final = (make_check(check_several_outputs, rules.SEVERAL_OUTPUTS),)
