"""Variables that no bind lists, and bound variables that nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.lint.define_check import make_check
from naftiko_runtime.rules import helps
from naftiko_runtime.source.edits import add_key

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Edit
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.plan import Binding
    from naftiko_runtime.source import Source


def check_unlisted(subject: Subject) -> None:
    """Report variables that are read from the environment and no bind lists. In a shared document an importer may."""
    document, context, variables = subject.document, subject.context, subject.context.variables
    for binding in variables.list_unlisted():
        name, meant = binding.variable, variables.find_meant(binding)
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
        fix = () if meant else _list_variable(binding, document, context.source)
        context.findings.report(statement, binding.span, advice, fix=fix)


def check_unused(subject: Subject) -> None:
    """Report bound variables that nothing uses, unless an unlisted one may be a misspelling of them."""
    context, variables = subject.context, subject.context.variables
    source = context.source
    meant = {variables.find_meant(binding) for binding in variables.list_unlisted()}
    for binding in variables.list_bindings():
        others = context.shared or binding.span.file != source.file  # importing files may use those
        if binding.uses or others or binding.variable in meant or variables.is_named_in(binding, source.text):
            continue
        context.findings.report(rules.UNUSED_BINDING(name=binding.variable), binding.span)


def _list_variable(binding: Binding, document: Document, source: Source) -> tuple[Edit, ...]:
    """Return the edit that adds a variable to the keys of the bind whose environment it is taken from."""
    for bind in (*document.binds, *document.capability.binds):
        if bind.namespace == binding.namespace and bind.location is None:
            return add_key(source, bind.get_path("keys"), binding.variable, binding.key)
    return ()


CHECKS: Final = (
    make_check(check_unlisted, rules.UNLISTED_VARIABLE, occasion="always"),
    make_check(check_unused, rules.UNUSED_BINDING, occasion="always"),
)
