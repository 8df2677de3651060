"""Checks skills and the sources of their tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.document.walk import iter_entries
from naftiko_runtime.exposes.unserved.lint import PORT_CHECK
from naftiko_runtime.lint.define_check import make_expose_check
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import OtherExpose
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.source import KeyPath

_ORIGIN: Final = ("sourceNamespace", "action")


def check_skills(expose: OtherExpose, subject: Subject) -> None:
    """Report mistakes in skills."""
    actions = _Actions(subject)
    for skill, key_path in iter_entries(expose.get_value("skills"), expose.get_path("skills")):
        _check_skill(skill, key_path, actions, subject.context)


class _Actions:
    """The operations that skills can use as tools.

    Attributes:
        of: The names of the operations of each expose by its namespace.
        whole: Whether all exposes are known, because no import failed.
    """

    def __init__(self, subject: Subject) -> None:
        exposes = subject.document.capability.exposes
        self.whole = all(expose.names or expose.import_ is None for expose in exposes)
        self.of = {
            expose.names[0]: [operation.name for operation in subject.list_operations(expose) if operation.name]
            for expose in exposes
            if expose.names
        }


def _check_skill(skill: dict[str, Any], key_path: KeyPath, actions: _Actions, context: Context) -> None:
    tools = list(iter_entries(skill.get("tools"), (*key_path, "tools")))
    if "location" not in skill and any("instruction" in tool for tool, _ in tools):
        context.report(rules.MISSING_KEY_SKILL_LOCATION(name=str(skill.get("name"))), (*key_path, "location"))
    for tool, place in tools:
        match tool:
            case {"from": _, "instruction": _}:
                statement = rules.INVALID_VALUE_SKILL_TOOL(name=str(tool.get("name")))
                context.report(statement, (*place, "instruction"), key=True)
            case {"from": dict() as origin}:
                _check_origin(origin, (*place, "from"), actions, context)
            case {"from": _}:
                context.report(rules.WRONG_TYPE_SKILL_ORIGIN(), (*place, "from"))
            case {"instruction": _}:
                pass
            case _:
                context.report(rules.MISSING_KEY_SKILL_TOOL(name=str(tool.get("name"))), (*place, "from"))


def _check_origin(origin: dict[str, Any], key_path: KeyPath, actions: _Actions, context: Context) -> None:
    for key in _ORIGIN:
        if key not in origin:
            context.report(rules.MISSING_KEY(key=key), (*key_path, key))
    if not all(key in origin for key in _ORIGIN) or not actions.whole:
        return
    namespace, action = (str(origin[key]) for key in _ORIGIN)
    known = actions.of.get(namespace)
    if known is None and context.may_be_completed(namespace, actions.of):
        return
    if known is None:
        advice = suggest(namespace, actions.of, helps.EXPOSED_NAMESPACES)
        context.report(rules.UNKNOWN_ACTION_NAMESPACE(namespace=namespace), (*key_path, "sourceNamespace"), advice)
    elif action not in known:
        advice = suggest(action, known, helps.IT_HAS) or helps.NAME_OPERATION()
        context.report(rules.UNKNOWN_ACTION(namespace=namespace, action=action), (*key_path, "action"), advice)


CHECKS: Final = (
    make_expose_check(
        check_skills,
        *(rules.MISSING_KEY, rules.INVALID_VALUE, rules.WRONG_TYPE, rules.UNKNOWN_ACTION),
        occasion="always",
    ),
    PORT_CHECK,
)
