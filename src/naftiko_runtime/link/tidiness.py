"""Matters of hygiene, of severity *info*: told by ``naftiko validate`` alone, and each for all places at once."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.document.exposes import McpExpose, RestExpose
from naftiko_runtime.lazy_import import pattern
from naftiko_runtime.link.consumed import base_uri_fault
from naftiko_runtime.link.data import parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from naftiko_runtime.document.base import Part
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.consumes import ConsumedResource
    from naftiko_runtime.document.exposes import McpTool, RestResource
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.rules import Message
    from naftiko_runtime.source import Steps

_EXAMPLE: Final = pattern(r"(.+\.)?example\.(com|org|net|edu)")
_PLACEHOLDER: Final = pattern(
    r"(your|my)[-_]?(account|company|domain|instance|org|organi[sz]ation|subdomain|tenant|workspace)"
    r"|your[-_]?(api|app|backend|cluster|host|project|region|resource|server|service|shop|site|store)"
    r"|change[-_]?me|replace[-_]?me"
)
"""What stands between two dots of a host that is still to be filled in."""


def check_tidiness(document: Document, operations: Mapping[str, Consumed], context: Context) -> None:
    """Report what runs, and could be tidier; not of parts that stand in other files, which are told there.

    Args:
        document: The document.
        operations: What is consumed, by ``namespace.operation``.
        context: The linking run.
    """
    _check_description(document, context)
    for expose in document.capability.exposes:
        if isinstance(expose, McpExpose) and _is_own(expose, context):
            _check_descriptions(expose, operations, context)
        elif isinstance(expose, RestExpose) and _is_own(expose, context):
            _check_slashes(expose.resources, rules.TRAILING_SLASH_OF_ROUTES, context)
    apis = (*document.consumes, *document.capability.consumes)
    own = [api for api in apis if isinstance(api, ConsumedHttp) and _is_own(api, context)]
    own = [api for api in own if api.at("namespace") not in context.unread]
    for api in own:
        _check_base_uri(api, context)
        _check_slashes(api.resources, rules.TRAILING_SLASH_OF_API, context)
        _check_queries(api.resources, context)
    if document.capability.exposes and not context.shared:
        _check_use(own, operations, context)


def _is_own(part: Part, context: Context) -> bool:
    return context.span(part.at()).file == context.source.file


def _read(found: Iterable[tuple[str, Steps]], context: Context) -> list[tuple[str, Steps]]:
    """Of names and places, those that could be read."""
    return [(name, steps) for name, steps in found if steps not in context.unread]


def _names(found: Iterable[tuple[str, Steps]]) -> tuple[str, ...]:
    return tuple(name for name, _ in found)


# -- descriptions -------------------------------------------------------------------------------------------------


def _check_description(document: Document, context: Context) -> None:
    if "info" in document.model_fields_set and not context.shared and not document.info.description.strip():
        context.report(rules.NO_DESCRIPTION(), document.info.at("description"))


def _check_descriptions(expose: McpExpose, operations: Mapping[str, Consumed], context: Context) -> None:
    server = _read([(expose.namespace, expose.at("namespace"))] if not expose.description else [], context)
    tools = _read([(t.name, t.at("name")) for t in expose.tools if not _is_described(t, operations)], context)
    if server and tools:
        statement = rules.NO_DESCRIPTION_SERVER_AND_TOOLS(namespace=expose.namespace, tools=_names(tools))
    elif server:
        statement = rules.NO_DESCRIPTION_SERVER(namespace=expose.namespace)
    elif tools:
        statement = rules.NO_DESCRIPTION_TOOLS(tools=_names(tools))
    else:
        return
    context.report(statement, [*server, *tools][0][1])


def _is_described(tool: McpTool, operations: Mapping[str, Consumed]) -> bool:
    """Whether clients get a description: the tool's own, or that of what it calls or refers to."""
    consumed = operations.get(tool.call or "")
    return bool(tool.description or tool.ref or (consumed is not None and consumed.spec.description))


# -- addresses ----------------------------------------------------------------------------------------------------


def _check_base_uri(api: ConsumedHttp, context: Context) -> None:
    base_uri, steps = api.base_uri.strip(), api.at("baseUri")
    if base_uri_fault(base_uri):
        return
    host = urlsplit(base_uri).hostname or ""
    if _EXAMPLE.fullmatch(host) or any(map(_PLACEHOLDER.fullmatch, host.split("."))):
        context.report(rules.EXAMPLE_HOST(host=host, namespace=api.namespace), steps)
    if base_uri.endswith("/"):
        context.report(rules.TRAILING_SLASH(), steps)


def _check_slashes(resources: Sequence[ConsumedResource | RestResource], message: Message, context: Context) -> None:
    ending = _by_path([r for r in resources if len(r.path) > 1 and r.path.endswith("/")], context)
    if ending:
        context.report(message(paths=_names(ending)), ending[0][1])


def _check_queries(resources: Sequence[ConsumedResource], context: Context) -> None:
    asking = _by_path([resource for resource in resources if "?" in resource.path], context)
    if asking:
        context.report(rules.QUERY_IN_PATH(paths=_names(asking)), asking[0][1])


def _by_path(resources: Sequence[ConsumedResource | RestResource], context: Context) -> list[tuple[str, Steps]]:
    return _read([(resource.path, resource.at("path")) for resource in resources], context)


# -- use ----------------------------------------------------------------------------------------------------------


def _check_use(apis: Sequence[ConsumedHttp], operations: Mapping[str, Consumed], context: Context) -> None:
    """Report operations that nothing calls; not while some call leads nowhere, for it may be meant for one of them."""
    callers = (parts(context.source.data, section) for section in ("exposes", "aggregates"))
    targets = {target for caller, _ in chain.from_iterable(callers) for target in _targets(caller)}
    if any(key == "call" and text not in operations for key, text in targets):
        return
    for api in apis:
        if ("targetNamespace", api.namespace) not in targets:
            unused = [
                (operation.name, operation.at("name"))
                for resource in api.resources
                for operation in resource.operations
                if ("call", f"{api.namespace}.{operation.name}") not in targets
            ]
            if unused := _read(unused, context):
                statement = rules.UNUSED_OPERATION(namespace=api.namespace, operations=_names(unused))
                context.report(statement, unused[0][1])


def _targets(value: Any) -> Iterator[tuple[str, str]]:
    """Everything that is called or forwarded to, also by parts that are not served yet."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("call", "targetNamespace") and isinstance(inner, str):
                yield key, inner
            elif key != "with":
                yield from _targets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _targets(inner)
