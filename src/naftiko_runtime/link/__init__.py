"""Document to Plan: every name resolved, every expression compiled, or a diagnostic that says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.document.capability import SharedDocument
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.document.exposes import OtherExpose, ServedExpose
from naftiko_runtime.link.consumed import consumed_operations
from naftiko_runtime.link.context import Context, Namespaces
from naftiko_runtime.link.data import parts as parts_of
from naftiko_runtime.link.exposes import link_exposes
from naftiko_runtime.link.hygiene import check_hygiene
from naftiko_runtime.link.spelling import listed
from naftiko_runtime.link.tidiness import check_tidiness
from naftiko_runtime.link.together import check_ports
from naftiko_runtime.link.value_checks import check_values
from naftiko_runtime.link.variables import Variables
from naftiko_runtime.plan import Plan
from naftiko_runtime.rules import helps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.parse import Parsed
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.overrides import Overrides
    from naftiko_runtime.plan import Forward, Route, Tool
    from naftiko_runtime.source import Source, Steps


class Linked(Struct, frozen=True):
    """What became of a document.

    Attributes:
        plan: All of it that could be linked.
        parts: Routes, forwards and tools by the place of what they were linked from.
        operations: The consumed operations by ``namespace.operation``; of two of one name the first.
        upstreams: The places of the consumed APIs by their namespaces; of two of one name the first.
    """

    plan: Plan
    parts: Mapping[Steps, Route | Forward | Tool]
    operations: Mapping[str, Consumed]
    upstreams: Mapping[str, Steps]


def link(parsed: Parsed, source: Source, findings: Findings, overrides: Overrides) -> Linked:
    """The plan of a document; it may run only when the findings hold no error.

    A document that is only there to be imported has a plan without servers.

    Args:
        parsed: The document, and what could not be read of it.
        source: What it was parsed from, for places.
        findings: Gets every complaint.
        overrides: What the operator gave instead of the document's addresses.
    """
    document = parsed.document
    variables = Variables(complete=not _has_broken_binds(findings))
    variables.declare(document, source, findings)
    unrunnable = parsed.fragment or (not document.capability.exposes and _can_be_imported(document))
    shared = (overrides.lint and unrunnable) or isinstance(document, SharedDocument)
    spaces = _namespaces(document, source)
    context = Context(source, findings, variables, overrides.allowed_imports, shared, parsed.unread, spaces)
    operations, upstreams = consumed_operations(document, overrides.base_uris, context)
    linked, parts = link_exposes(document, operations, upstreams, context)
    servers = tuple(map(overrides.moved, linked))
    places = {id(part): steps for steps, part in parts.items()}
    exposes = (expose for expose in document.capability.exposes if not isinstance(expose, OtherExpose))
    places |= {id(server): expose.at() for server, expose in zip(servers, exposes, strict=True)}
    check_ports(servers, findings, lambda part: places.get(id(part)))
    check_values(document, context)
    if overrides.lint:
        check_hygiene(document, operations, context)
        check_tidiness(document, operations, context)
    _tell_unlisted(document, variables, context)
    _tell_unused(variables, context)
    plan = Plan(
        label=document.info.label or source.file,
        file=source.file,
        bindings=variables.bindings(),
        upstreams=upstreams,
        servers=servers,
        operations=tuple(operations),
        version=document.info.version,
        description=document.info.description or "",
    )
    return Linked(plan, parts, operations, _first_apis(document))


def _has_broken_binds(findings: Findings) -> bool:
    """Whether a bind could not be read or imported: what its variables are is not known."""
    return any("binds" in (error.part or ())[:2] for error in findings.errors)


def _first_apis(document: Document) -> dict[str, Steps]:
    """The places of the consumed APIs by namespace; of two of one name the first."""
    apis = (*document.consumes, *document.capability.consumes)
    return {api.namespace: api.at() for api in reversed(apis) if isinstance(api, ConsumedHttp)}


def _can_be_imported(document: Document) -> bool:
    """Whether a document has what others may import."""
    capability = document.capability
    return any((document.consumes, document.binds, capability.consumes, capability.binds, capability.aggregates))


def _namespaces(document: Document, source: Source) -> Namespaces:
    apis = [api for api in (*document.consumes, *document.capability.consumes) if isinstance(api, ConsumedHttp)]
    called = {f"{api.namespace}.{o.name}" for api in apis for resource in api.resources for o in resource.operations}
    exposes = (expose for expose in document.capability.exposes if isinstance(expose, ServedExpose))
    return Namespaces(
        exposed=tuple(dict.fromkeys(name for expose in exposes for name in expose.names)),
        aggregates=tuple(str(part.get("namespace")) for part, _ in parts_of(source.data, "aggregates")),
        consumed=frozenset({*(api.namespace for api in apis), *called}),
    )


def _tell_unlisted(document: Document, variables: Variables, context: Context) -> None:
    """Report what is taken from the environment though no bind lists it; in a shared document an importer may."""
    for binding in variables.unlisted():
        name, meant = binding.variable, variables.meant_by(binding)
        if context.shared and not meant:
            continue
        namespace = binding.namespace
        is_listed = variables.is_listed_environment(namespace)
        statement = (rules.UNLISTED_VARIABLE_OF_BIND if is_listed else rules.UNLISTED_VARIABLE)(
            name=name, namespace=namespace
        )
        advice = None
        if meant:
            advice = (helps.DID_YOU_MEAN_OR_LIST if is_listed else helps.DID_YOU_MEAN_OR_BIND)(
                suggestion=meant, name=name, namespace=namespace
            )
        fix = () if meant else listed(binding, document, context.source)
        context.findings.report(statement, binding.span, advice, fix=fix)


def _tell_unused(variables: Variables, context: Context) -> None:
    """Report bound variables that nothing uses, unless they may be what an unlisted one is a slip of."""
    source = context.source
    meant = {variables.meant_by(binding) for binding in variables.unlisted()}
    for binding in variables.bindings():
        others = context.shared or binding.span.file != source.file  # whoever imports those may use them
        if binding.uses or others or binding.variable in meant or variables.named_in(binding, source.text):
            continue
        context.findings.report(rules.UNUSED_BINDING(name=binding.variable), binding.span)
