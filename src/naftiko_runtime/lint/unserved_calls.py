"""Calls in MCP resources, which are not served yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.walk import iter_entries, iter_parts
from naftiko_runtime.link.call_targets import Calls
from naftiko_runtime.lint.define_check import make_check

if TYPE_CHECKING:
    from naftiko_runtime.lint.define_check import Subject


def check_unserved_calls(subject: Subject) -> None:
    """Report calls of MCP resources that name no consumed operation."""
    context = subject.context
    calls = Calls(subject.document, subject.operations, context)
    for expose, place in iter_parts(context.source.data, "exposes"):
        resources = iter_entries(expose.get("resources"), (*place, "resources")) if expose.get("type") == "mcp" else ()
        for resource, at in resources:
            for step, where in iter_entries(resource.get("steps"), (*at, "steps")):
                if isinstance(call := step.get("call"), str):
                    calls.resolve(call, (*where, "call"))


CHECKS: Final = (make_check(check_unserved_calls, rules.UNRESOLVED_CALL, occasion="always"),)
