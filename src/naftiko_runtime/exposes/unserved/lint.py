"""Checks of exposes that are not served yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.exposes import SERVED_TYPES
from naftiko_runtime.lint.define_check import make_expose_check

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import Expose, OtherExpose
    from naftiko_runtime.lint.define_check import Subject


def check_port(expose: OtherExpose, subject: Subject) -> None:
    """Report the port of an expose that is not served. Linking compares the ports of served ones.

    A second expose of a type that may occur once has no port of its own.
    """
    context, port = subject.context, expose.get_value("port")
    if not isinstance(port, int) or not port:
        return

    def has_port(one: Expose) -> bool:
        return not context.findings.has(rules.SECOND_CONTROL, context.find_span(one.get_path("type")))

    exposes = subject.document.capability.exposes
    before = exposes[: exposes.index(expose)]
    others = (o for o in exposes if o.type != expose.type and (o in before or o.type in SERVED_TYPES))
    first = next((o for o in others if o.get_value("port") == port and has_port(o)), None)
    if first is not None and has_port(expose):
        statement = rules.PORT_OF_TYPES(type=expose.type, port=port, other=first.type)
        context.report(statement, expose.get_path("port"), related=context.find_span(first.get_path("port")))


PORT_CHECK: Final = make_expose_check(check_port, rules.PORT, occasion="always")
