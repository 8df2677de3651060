"""Links a document to a plan: resolves every name and checks every expression, or reports a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.document.capability import SharedDocument
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.link.caller_secrets import check_caller_variables, check_one_issuer
from naftiko_runtime.link.check_shared_ports import check_ports
from naftiko_runtime.link.consumed_apis import link_consumed_apis
from naftiko_runtime.link.context import Context, Namespaces
from naftiko_runtime.link.exposes import link_exposes
from naftiko_runtime.link.function_references import Functions, list_aggregates
from naftiko_runtime.link.linked_document import Linked
from naftiko_runtime.link.variables import Variables
from naftiko_runtime.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.document.parse import Parsed
    from naftiko_runtime.link.expose_kind_protocol import FindLinkedKind
    from naftiko_runtime.link.operator_overrides import Overrides
    from naftiko_runtime.plan import AnyPart, Server
    from naftiko_runtime.source import KeyPath, Source


def link(parsed: Parsed, source: Source, findings: Findings, overrides: Overrides, get_kind: FindLinkedKind) -> Linked:
    """Link a document. Its plan may run only if the findings have no error.

    A document that is only there to be imported has a plan without servers.

    Args:
        parsed: The document, and what could not be read of it.
        source: What it was parsed from, for places.
        findings: Gets every complaint.
        overrides: What the operator gave instead of the document's addresses.
        get_kind: The table of kinds of exposes.
    """
    written = parsed.document
    variables = Variables(complete=not _has_broken_binds(findings))
    variables.declare(written, source, findings)
    unrunnable = parsed.fragment or (not written.capability.exposes and _can_be_imported(written))
    shared = (overrides.lint and unrunnable) or isinstance(written, SharedDocument)
    spaces = _collect_namespaces(written)
    context = Context(source, findings, variables, overrides.allowed_imports, shared, parsed.unread, spaces)
    functions = Functions(written, context)
    document = _inherit_functions(written, functions, get_kind)
    operations, upstreams = link_consumed_apis(document, overrides.base_uris, context)
    linked, parts = link_exposes(document, operations, upstreams, context, functions, get_kind)
    exposes = tuple((expose, None if server is None else overrides.move_server(server)) for expose, server in linked)
    servers = tuple(server for _, server in exposes if server is not None)
    check_caller_variables(context)
    check_one_issuer(servers, context)
    places = [_list_places(expose, server, parts) for expose, server in exposes if server is not None]
    check_ports(servers, findings, lambda number, part: places[number][0 if part is None else part + 1])
    plan = Plan(
        label=document.info.label or source.file,
        file=source.file,
        bindings=variables.list_bindings(),
        upstreams=upstreams,
        servers=servers,
        operations=tuple(operations),
        version=document.info.version,
        description=document.info.description or "",
    )
    origins = {key_path: one.function.get_path() for key_path, one in functions.references.items()}
    return Linked(document, plan, exposes, parts, operations, _find_first_apis(document), origins, context)


def _inherit_functions(document: Document, functions: Functions, get_kind: FindLinkedKind) -> Document:
    """Return the document, in which everything that refers to a function has what it inherits."""
    written = document.capability.exposes
    exposes = tuple(get_kind(expose).inherit(expose, functions) for expose in written)
    if all(one is other for one, other in zip(exposes, written, strict=True)):
        return document
    return document.derive({"capability": document.capability.derive({"exposes": exposes})})


def _list_places(expose: Expose, server: Server, parts: Mapping[KeyPath, AnyPart]) -> list[KeyPath]:
    """Return the places of an expose, and of each part of its server. Parts with the same key are in order."""
    own = expose.get_path()
    places: dict[object, list[KeyPath]] = {}
    for key_path, part in parts.items():
        if key_path[: len(own)] == own:
            places.setdefault(part.key, []).append(key_path)
    return [own, *(places[part.key].pop(0) for part in server.all_parts)]


def _has_broken_binds(findings: Findings) -> bool:
    """Return whether a bind could not be read or imported, so that its variables are unknown."""
    return any("binds" in (error.part or ())[:2] for error in findings.errors)


def _find_first_apis(document: Document) -> dict[str, KeyPath]:
    """Return the places of the consumed APIs by namespace; the first one of duplicates."""
    apis = (*document.consumes, *document.capability.consumes)
    return {api.namespace: api.get_path() for api in reversed(apis) if isinstance(api, ConsumedHttp)}


def _can_be_imported(document: Document) -> bool:
    """Return whether a document has parts that others may import."""
    capability = document.capability
    return any((document.consumes, document.binds, capability.consumes, capability.binds, capability.aggregates))


def _collect_namespaces(document: Document) -> Namespaces:
    apis = [api for api in (*document.consumes, *document.capability.consumes) if isinstance(api, ConsumedHttp)]
    called = {f"{api.namespace}.{o.name}" for api in apis for resource in api.resources for o in resource.operations}
    return Namespaces(
        exposed=tuple(dict.fromkeys(name for expose in document.capability.exposes for name in expose.names)),
        aggregates=tuple(name for aggregate in list_aggregates(document) for name in aggregate.names),
        consumed=frozenset({*(api.namespace for api in apis), *called}),
    )
