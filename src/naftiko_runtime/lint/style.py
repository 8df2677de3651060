"""Descriptions, hosts and paths that work and could be better. One finding stands for all of its kind in a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.document.exposes import McpExpose, RestExpose
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.base_uri_check import check_base_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.consumes import ConsumedResource
    from naftiko_runtime.document.exposes import McpTool, RestResource
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.check_type import Subject
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.rules import Message
    from naftiko_runtime.source import Steps

_EXAMPLE: Final = compile_lazily(r"(.+\.)?example\.(com|org|net|edu)")
_PLACEHOLDER: Final = compile_lazily(
    r"(your|my)[-_]?(account|company|domain|instance|org|organi[sz]ation|subdomain|tenant|workspace)"
    r"|your[-_]?(api|app|backend|cluster|host|project|region|resource|server|service|shop|site|store)"
    r"|change[-_]?me|replace[-_]?me"
)
"""What stands between two dots of a host that is still to be filled in."""


def check_style(subject: Subject) -> None:
    """Report missing descriptions, example hosts, slashes at the end and queries in paths; not of imported parts."""
    document, context = subject.document, subject.context
    _check_description(document, context)
    for expose in document.capability.exposes:
        if isinstance(expose, McpExpose) and is_own(expose, context):
            _check_descriptions(expose, subject.operations, context)
        elif isinstance(expose, RestExpose) and is_own(expose, context):
            _check_slashes(expose.resources, rules.TRAILING_SLASH_OF_ROUTES, context)
    for api in own_apis(document, context):
        _check_base_uri(api, context)
        _check_slashes(api.resources, rules.TRAILING_SLASH_OF_API, context)
        _check_queries(api.resources, context)


def own_apis(document: Document, context: Context) -> list[ConsumedHttp]:
    """The consumed APIs that are in this file and have a readable namespace."""
    apis = (*document.consumes, *document.capability.consumes)
    own = [api for api in apis if isinstance(api, ConsumedHttp) and is_own(api, context)]
    return [api for api in own if api.path_to("namespace") not in context.unread]


def is_own(part: Part, context: Context) -> bool:
    """Whether a part is in this file, not imported."""
    return context.span(part.path_to()).file == context.source.file


def readable(found: Iterable[tuple[str, Steps]], context: Context) -> list[tuple[str, Steps]]:
    """Of names and places, those that could be read."""
    return [(name, steps) for name, steps in found if steps not in context.unread]


def names_of(found: Iterable[tuple[str, Steps]]) -> tuple[str, ...]:
    """The names of names and places."""
    return tuple(name for name, _ in found)


# -- descriptions -------------------------------------------------------------------------------------------------


def _check_description(document: Document, context: Context) -> None:
    if "info" in document.model_fields_set and not context.shared and not document.info.description.strip():
        context.report(rules.NO_DESCRIPTION(), document.info.path_to("description"))


def _check_descriptions(expose: McpExpose, operations: Mapping[str, Consumed], context: Context) -> None:
    server = readable([(expose.namespace, expose.path_to("namespace"))] if not expose.description else [], context)
    tools = readable([(t.name, t.path_to("name")) for t in expose.tools if not _is_described(t, operations)], context)
    if server and tools:
        statement = rules.NO_DESCRIPTION_SERVER_AND_TOOLS(namespace=expose.namespace, tools=names_of(tools))
    elif server:
        statement = rules.NO_DESCRIPTION_SERVER(namespace=expose.namespace)
    elif tools:
        statement = rules.NO_DESCRIPTION_TOOLS(tools=names_of(tools))
    else:
        return
    context.report(statement, [*server, *tools][0][1])


def _is_described(tool: McpTool, operations: Mapping[str, Consumed]) -> bool:
    """Whether clients get a description: the tool's own, or that of what it calls or refers to."""
    consumed = operations.get(tool.call or "")
    return bool(tool.description or tool.ref or (consumed is not None and consumed.spec.description))


# -- addresses ----------------------------------------------------------------------------------------------------


def _check_base_uri(api: ConsumedHttp, context: Context) -> None:
    base_uri, steps = api.base_uri.strip(), api.path_to("baseUri")
    if check_base_uri(base_uri):
        return
    host = urlsplit(base_uri).hostname or ""
    if _EXAMPLE.fullmatch(host) or any(map(_PLACEHOLDER.fullmatch, host.split("."))):
        context.report(rules.EXAMPLE_HOST(host=host, namespace=api.namespace), steps)
    if base_uri.endswith("/"):
        context.report(rules.TRAILING_SLASH(), steps)


def _check_slashes(resources: Sequence[ConsumedResource | RestResource], message: Message, context: Context) -> None:
    ending = _by_path([r for r in resources if len(r.path) > 1 and r.path.endswith("/")], context)
    if ending:
        context.report(message(paths=names_of(ending)), ending[0][1])


def _check_queries(resources: Sequence[ConsumedResource], context: Context) -> None:
    asking = _by_path([resource for resource in resources if "?" in resource.path], context)
    if asking:
        context.report(rules.QUERY_IN_PATH(paths=names_of(asking)), asking[0][1])


def _by_path(resources: Sequence[ConsumedResource | RestResource], context: Context) -> list[tuple[str, Steps]]:
    return readable([(resource.path, resource.path_to("path")) for resource in resources], context)
