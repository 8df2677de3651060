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
    from collections.abc import Iterator, Mapping, Sequence

    from naftiko_runtime.document.base import Part
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.consumes import ConsumedResource
    from naftiko_runtime.document.exposes import McpTool, RestResource
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.rules import Rule
    from naftiko_runtime.source import Steps

_EXAMPLE: Final = pattern(r"(.+\.)?example\.(com|org|net|edu)")
_PLACEHOLDER: Final = pattern(
    r"(your|my)[-_]?(account|company|domain|instance|org|organi[sz]ation|subdomain|tenant|workspace)"
    r"|your[-_]?(api|app|backend|cluster|host|project|region|resource|server|service|shop|site|store)"
    r"|change[-_]?me|replace[-_]?me"
)
"""What stands between two dots of a host that is still to be filled in."""
_NAMED: Final = 5
"""How many things a message names."""


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
            advice = "leave the slash out, or callers have to write it, too"
            _check_slashes(expose.resources, advice, context)
    apis = (*document.consumes, *document.capability.consumes)
    own = [api for api in apis if isinstance(api, ConsumedHttp) and _is_own(api, context)]
    own = [api for api in own if api.at("namespace") not in context.unread]
    for api in own:
        _check_base_uri(api, context)
        _check_slashes(api.resources, "leave the slash out, unless the API asks for it", context)
        _check_queries(api.resources, context)
    if document.capability.exposes and not context.shared:
        _check_use(own, operations, context)


def _is_own(part: Part, context: Context) -> bool:
    return context.span(part.at()).file == context.source.file


def _tell(rule: Rule, what: str, found: Sequence[tuple[str, Steps]], advice: str, context: Context) -> None:
    """One finding for everything of a kind, by name and place, where the first of it stands."""
    found = [(name, steps) for name, steps in found if steps not in context.unread]
    if found:
        names = ", ".join(name for name, _ in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        context.complain(rule, f"{what}: {names}{more}", found[0][1], advice)


# -- descriptions -------------------------------------------------------------------------------------------------


def _check_description(document: Document, context: Context) -> None:
    if "info" in document.model_fields_set and not context.shared and not document.info.description.strip():
        message = "the capability has no description"
        advice = "say in 'info.description' what it is for: catalogues and agents find it by that"
        context.complain(rules.NO_DESCRIPTION, message, document.info.at("description"), advice)


def _check_descriptions(expose: McpExpose, operations: Mapping[str, Consumed], context: Context) -> None:
    server = [(f"the server '{expose.namespace}'", expose.at("namespace"))] if not expose.description else []
    tools = [(f"the tool '{t.name}'", t.at("name")) for t in expose.tools if not _is_described(t, operations)]
    advice = "a model chooses tools by their descriptions" if tools else "clients give it to the model as instructions"
    _tell(rules.NO_DESCRIPTION, "no description", [*server, *tools], advice, context)


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
        advice = f"write the API's own, or start with --base-uri {api.namespace}=URL"
        context.complain(rules.EXAMPLE_HOST, f"'{host}' is the host of no API", steps, advice)
    if base_uri.endswith("/"):
        advice = "leave it out: paths are joined to it by one slash anyway"
        context.complain(rules.TRAILING_SLASH, "the base URI ends with '/'", steps, advice)


def _check_slashes(resources: Sequence[ConsumedResource | RestResource], advice: str, context: Context) -> None:
    ending = [r for r in resources if len(r.path) > 1 and r.path.endswith("/")]
    _tell(rules.TRAILING_SLASH, "paths that end with '/'", _by_path(ending), advice, context)


def _check_queries(resources: Sequence[ConsumedResource], context: Context) -> None:
    asking = [resource for resource in resources if "?" in resource.path]
    advice = "declare it under inputParameters, with 'in: query' and a 'value'"
    _tell(rules.QUERY_IN_PATH, "paths with a query string", _by_path(asking), advice, context)


def _by_path(resources: Sequence[ConsumedResource | RestResource]) -> list[tuple[str, Steps]]:
    return [(f"'{resource.path}'", resource.at("path")) for resource in resources]


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
                (f"'{operation.name}'", operation.at("name"))
                for resource in api.resources
                for operation in resource.operations
                if ("call", f"{api.namespace}.{operation.name}") not in targets
            ]
            what = f"operations of '{api.namespace}' that nothing calls"
            _tell(rules.UNUSED_OPERATION, what, unused, "expose them, or remove them", context)


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
