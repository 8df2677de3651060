"""Document to Plan: every name resolved, every expression compiled, or a diagnostic that says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import diagnostics as rules
from naftiko_runtime.link.consumed import consumed_operations
from naftiko_runtime.link.context import Context, Variables
from naftiko_runtime.link.exposes import link_exposes
from naftiko_runtime.link.hygiene import check_hygiene
from naftiko_runtime.link.spelling import listed
from naftiko_runtime.link.tidiness import check_tidiness
from naftiko_runtime.link.together import check_ports
from naftiko_runtime.link.value_checks import check_values
from naftiko_runtime.plan import Plan
from naftiko_runtime.spec.document import SharedDocument

if TYPE_CHECKING:
    from naftiko_runtime.diagnostics import Findings
    from naftiko_runtime.link.overrides import Overrides
    from naftiko_runtime.source import Source
    from naftiko_runtime.spec.document import Document


def link(document: Document, source: Source, findings: Findings, overrides: Overrides) -> Plan:
    """The plan of a document; it may run only when the findings hold no error.

    A document that is only there to be imported has a plan without servers.

    Args:
        document: The parsed document.
        source: What it was parsed from, for places.
        findings: Gets every complaint.
        overrides: What the operator gave instead of the document's addresses.
    """
    variables = Variables()
    variables.declare(document, source, findings)
    unrunnable = overrides.lint and not document.capability.exposes and _can_be_imported(document)
    shared = unrunnable or isinstance(document, SharedDocument)
    context = Context(source, findings, variables, overrides.allowed_imports, shared)
    operations, upstreams = consumed_operations(document, overrides.base_uris, context)
    servers = tuple(map(overrides.moved, link_exposes(document, operations, upstreams, context)))
    check_ports(servers, findings)
    check_values(document, context)
    if overrides.lint:
        check_hygiene(document, operations, context)
        check_tidiness(document, operations, context)
    for binding in variables.unlisted():
        message = f"'{binding.variable}' is taken from the environment, though 'keys' does not list it"
        advice = f"add '{binding.variable}: {binding.variable}' to the keys of '{binding.namespace}'"
        fix = listed(binding, document, source)
        findings.add(rules.UNLISTED_VARIABLE, message, binding.span, advice, fix=fix)
    for binding in variables.bindings():
        others = shared or binding.span.file != source.file  # whoever imports those may use them
        if not binding.uses and not others and not variables.named_in(binding, source.text):
            message = f"'{binding.variable}' is bound but never used"
            advice = "remove it, or use it as {{" + binding.variable + "}}"
            findings.add(rules.UNUSED_BINDING, message, binding.span, advice)
    return Plan(
        label=document.info.label or source.file,
        file=source.file,
        bindings=variables.bindings(),
        upstreams=upstreams,
        servers=servers,
        operations=frozenset(operations),
        version=document.info.version,
    )


def _can_be_imported(document: Document) -> bool:
    """Whether a document has what others may import."""
    capability = document.capability
    return any((document.consumes, document.binds, capability.consumes, capability.binds, capability.aggregates))
