"""Faults between exposes, also of kinds that are not served yet: skills and control; and of the steps of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.document.exposes import McpExpose, OtherExpose, RestExpose
from naftiko_runtime.link.data import entries
from naftiko_runtime.link.steps import check_steps
from naftiko_runtime.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.link.calls import Calls
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.source import Steps

_SERVED: Final = ("rest", "mcp")
_UNSERVED: Final = ("skill", "control")
_ORIGIN: Final = ("sourceNamespace", "action")


def check_unserved(document: Document, calls: Calls, context: Context) -> None:
    """Report what is wrong between a document's exposes, and in what is refused anyhow.

    Args:
        document: The document.
        calls: What can be called in it.
        context: The linking run.
    """
    exposes = document.capability.exposes
    _check_namespaces(document, context)
    control = [expose for expose in exposes if expose.type == "control"]
    _check_control(control, context)
    _check_ports([e for e in exposes if all(e is not second for second in control[1:])], context)
    actions = _Actions(exposes)
    for expose in exposes:
        if expose.type == "skill":
            for skill, steps in entries(_key(expose, "skills"), expose.at("skills")):
                _check_skill(skill, steps, actions, context)
    check_steps(document, calls, context)


def _key(expose: Expose, key: str) -> Any:
    """What an expose of any type has at a key."""
    return (expose.__pydantic_extra__ or {}).get(key) if isinstance(expose, OtherExpose) else getattr(expose, key)


def _check_namespaces(document: Document, context: Context) -> None:
    seen: dict[str, Expose] = {}
    apis = [api for api in (*document.consumes, *document.capability.consumes) if isinstance(api, ConsumedHttp)]
    consumed = {api.namespace: api for api in reversed(apis)}
    for expose in document.capability.exposes:
        namespace, steps = _key(expose, "namespace"), expose.at("namespace")
        if not isinstance(namespace, str):
            continue
        if (first := seen.setdefault(namespace, expose)) is not expose:
            message = f"the namespace '{namespace}' is exposed twice"
            advice = f"rename one; the first stands on {context.line_of(first.at('namespace'), steps)}"
            context.complain(rules.DUPLICATE_NAMESPACE, message, steps, advice)
        elif (api := consumed.get(namespace)) is not None:
            line = context.line_of(api.at("namespace"), steps)
            message = f"'{namespace}' is also the namespace of a consumed API"
            context.complain(rules.SHARED_NAMESPACE, message, steps, f"rename one; the other stands on {line}")


def _check_control(control: Sequence[Expose], context: Context) -> None:
    for expose in control[1:]:
        steps = expose.at("type")
        advice = f"remove it; the first stands on {context.line_of(control[0].at('type'), steps)}"
        context.complain(rules.SECOND_CONTROL, "a capability has one control expose at most", steps, advice)


def _check_ports(exposes: Sequence[Expose], context: Context) -> None:
    """Report a skill or control expose on the port of another type; those that are served are told apart elsewhere."""
    for number, expose in enumerate(exposes):
        port = _key(expose, "port")
        if expose.type not in _UNSERVED or not isinstance(port, int) or not port:
            continue
        others = (o for n, o in enumerate(exposes) if o.type != expose.type and (n < number or o.type in _SERVED))
        first = next((other for other in others if _key(other, "port") == port), None)
        if first is not None:
            line = context.line_of(first.at("port"), expose.at("port"))
            message = f"the {expose.type} expose listens on port {port}, as the {first.type} expose does"
            advice = f"only exposes of one type can share a port; change one, the other is named on {line}"
            context.complain(rules.PORT, message, expose.at("port"), advice)


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
    tools = list(entries(skill.get("tools"), (*steps, "tools")))
    if "location" not in skill and any("instruction" in tool for tool, _ in tools):
        message = f"the skill '{skill.get('name')}' has an instruction, and no 'location' to find it in"
        advice = "add 'location: file:///…', the folder with SKILL.md"
        context.complain(rules.MISSING_KEY, message, (*steps, "location"), advice)
    for tool, place in tools:
        match tool:
            case {"from": _, "instruction": _}:
                message = f"the tool '{tool.get('name')}' has both 'from' and 'instruction'"
                context.complain(rules.INVALID_VALUE, message, (*place, "instruction"), "keep one of the two", key=True)
            case {"from": dict() as origin}:
                _check_origin(origin, (*place, "from"), actions, context)
            case {"from": _}:
                message, advice = "'from' takes a mapping", "write '{sourceNamespace: …, action: …}'"
                context.complain(rules.WRONG_TYPE, message, (*place, "from"), advice)
            case {"instruction": _}:
                pass
            case _:
                message = f"the tool '{tool.get('name')}' has neither 'from' nor 'instruction'"
                advice = "add 'from: {sourceNamespace: …, action: …}', or the file of an instruction"
                context.complain(rules.MISSING_KEY, message, (*place, "from"), advice)


def _check_origin(origin: dict[str, Any], steps: Steps, actions: _Actions, context: Context) -> None:
    for key in _ORIGIN:
        if key not in origin:
            context.complain(rules.MISSING_KEY, f"the key '{key}' is missing", (*steps, key), f"add '{key}: …'")
    if not all(key in origin for key in _ORIGIN) or not actions.whole:
        return
    namespace, action = (str(origin[key]) for key in _ORIGIN)
    known = actions.of.get(namespace)
    if known is None and context.may_be_completed(namespace, actions.of):
        return
    if known is None:
        advice = did_you_mean(namespace, actions.of, "exposed namespaces")
        message = f"no 'rest' or 'mcp' expose has the namespace '{namespace}'"
        context.complain(rules.UNKNOWN_ACTION, message, (*steps, "sourceNamespace"), advice)
    elif action not in known:
        message = f"'{namespace}' has no operation or tool '{action}'"
        advice = did_you_mean(action, known, "it has") or "give the operation a name there"
        context.complain(rules.UNKNOWN_ACTION, message, (*steps, "action"), advice)
