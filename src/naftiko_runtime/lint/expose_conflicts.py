"""Conflicts between exposes, also of kinds that are not served yet: skills and control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.document.exposes import McpExpose, OtherExpose, RestExpose
from naftiko_runtime.document.walk import iter_entries
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.check_type import Subject
    from naftiko_runtime.source import Steps

_SERVED: Final = ("rest", "mcp")
_UNSERVED: Final = ("skill", "control")
_ORIGIN: Final = ("sourceNamespace", "action")


def check_exposes(subject: Subject) -> None:
    """Report conflicts between exposes, also of kinds that are not served yet, and mistakes in skills."""
    document, context = subject.document, subject.context
    exposes = document.capability.exposes
    _check_namespaces(document, context)
    control = [expose for expose in exposes if expose.type == "control"]
    _check_control(control, context)
    _check_ports([e for e in exposes if all(e is not second for second in control[1:])], context)
    actions = _Actions(exposes)
    for expose in exposes:
        if expose.type == "skill":
            for skill, steps in iter_entries(_key(expose, "skills"), expose.path_to("skills")):
                _check_skill(skill, steps, actions, context)


def _key(expose: Expose, key: str) -> Any:
    """What an expose of any type has at a key."""
    return (expose.__pydantic_extra__ or {}).get(key) if isinstance(expose, OtherExpose) else getattr(expose, key)


def _check_namespaces(document: Document, context: Context) -> None:
    seen: dict[str, Expose] = {}
    apis = [api for api in (*document.consumes, *document.capability.consumes) if isinstance(api, ConsumedHttp)]
    consumed = {api.namespace: api for api in reversed(apis)}
    for expose in document.capability.exposes:
        namespace, steps = _key(expose, "namespace"), expose.path_to("namespace")
        if not isinstance(namespace, str):
            continue
        if (first := seen.setdefault(namespace, expose)) is not expose:
            related = context.span(first.path_to("namespace"))
            context.report(rules.DUPLICATE_NAMESPACE_EXPOSED(namespace=namespace), steps, related=related)
        elif (api := consumed.get(namespace)) is not None:
            related = context.span(api.path_to("namespace"))
            context.report(rules.SHARED_NAMESPACE(namespace=namespace), steps, related=related)


def _check_control(control: Sequence[Expose], context: Context) -> None:
    for expose in control[1:]:
        context.report(rules.SECOND_CONTROL(), expose.path_to("type"), related=context.span(control[0].path_to("type")))


def _check_ports(exposes: Sequence[Expose], context: Context) -> None:
    """Report a skill or control expose on the port of another type; those that are served are told apart elsewhere."""
    for number, expose in enumerate(exposes):
        port = _key(expose, "port")
        if expose.type not in _UNSERVED or not isinstance(port, int) or not port:
            continue
        others = (o for n, o in enumerate(exposes) if o.type != expose.type and (n < number or o.type in _SERVED))
        first = next((other for other in others if _key(other, "port") == port), None)
        if first is not None:
            statement = rules.PORT_OF_TYPES(type=expose.type, port=port, other=first.type)
            context.report(statement, expose.path_to("port"), related=context.span(first.path_to("port")))


class _Actions:
    """What skills can take their tools from."""

    def __init__(self, exposes: Sequence[Expose]) -> None:
        self.of: dict[str, list[str]] = {}
        self.whole = all(expose.import_ is None for expose in exposes if isinstance(expose, OtherExpose))
        """Whether all exposes are known: no import failed."""
        for expose in exposes:
            match expose:
                case RestExpose():
                    operations = (operation for resource in expose.resources for operation in resource.operations)
                    self.of[expose.namespace] = [operation.name for operation in operations if operation.name]
                case McpExpose():
                    self.of[expose.namespace] = [tool.name for tool in expose.tools]
                case _:
                    pass


def _check_skill(skill: dict[str, Any], steps: Steps, actions: _Actions, context: Context) -> None:
    tools = list(iter_entries(skill.get("tools"), (*steps, "tools")))
    if "location" not in skill and any("instruction" in tool for tool, _ in tools):
        context.report(rules.MISSING_KEY_SKILL_LOCATION(name=str(skill.get("name"))), (*steps, "location"))
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


def _check_origin(origin: dict[str, Any], steps: Steps, actions: _Actions, context: Context) -> None:
    for key in _ORIGIN:
        if key not in origin:
            context.report(rules.MISSING_KEY(key=key), (*steps, key))
    if not all(key in origin for key in _ORIGIN) or not actions.whole:
        return
    namespace, action = (str(origin[key]) for key in _ORIGIN)
    known = actions.of.get(namespace)
    if known is None and context.may_be_completed(namespace, actions.of):
        return
    if known is None:
        advice = suggest(namespace, actions.of, helps.EXPOSED_NAMESPACES)
        context.report(rules.UNKNOWN_ACTION_NAMESPACE(namespace=namespace), (*steps, "sourceNamespace"), advice)
    elif action not in known:
        advice = suggest(action, known, helps.IT_HAS) or helps.NAME_OPERATION()
        context.report(rules.UNKNOWN_ACTION(namespace=namespace, action=action), (*steps, "action"), advice)
