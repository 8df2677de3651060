"""Links the values under ``with`` to terms: constants, arguments, variables and templates of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.context import WORKFLOW
from naftiko_runtime.link.reference_syntax import PREFIXES
from naftiko_runtime.link.term_substitution import compose
from naftiko_runtime.plan import Argument, Constant, Term, freeze
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_closest, find_nearest, suggest
from naftiko_runtime.template import Placeholder

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import Exposed
    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.link.reference_syntax import Reference
    from naftiko_runtime.source import KeyPath

_REFERENCE_START: Final = compile_lazily(r"\$[\w.\[{]")
"""How a reference begins; a dollar before a placeholder is a currency sign."""
_DOTTED: Final = compile_lazily(r"([A-Za-z_][\w-]*)\.([A-Za-z_][\w-]*)")


def link_with_values(exposed: Exposed, references: CallReferences) -> dict[str, Term]:
    """Link the values under ``with`` of an operation, by the names of the consumed parameters."""
    return {name: _link_value(name, value, exposed, references) for name, value in exposed.with_.items()}


def _link_value(name: str, value: Any, exposed: Exposed, references: CallReferences) -> Term:
    key_path, context = exposed.get_path("with", name), references.context
    if not isinstance(value, str):
        if isinstance(value, dict | list) or value is None:
            context.report(rules.WRONG_TYPE_WITH(name=name), key_path)
        return Constant(freeze(value))
    if value in references.inputs.by_name:
        return Argument(value)
    reference = None if "{{" in value else references.exposed_words.read(value)
    if reference is not None:
        return _link_reference(reference, name, value, exposed, references)
    if "{{" in value or "${" in value:
        return _link_template(value, key_path, references)
    _check_prefix(value, name, key_path, references)
    return Constant(value)


def _link_template(text: str, key_path: KeyPath, references: CallReferences) -> Term:
    pieces = references.context.split_template(text, key_path, lambda _, where: where != "whole")
    first = pieces[0] if isinstance(pieces[0], str) else ""
    is_reference = _REFERENCE_START.match(first) or (first.startswith("$") and len(pieces) == 1)
    if is_reference and not WORKFLOW.search(text):  # that is reported already
        references.refuse(text, key_path, under_with=True)
    return compose(Constant(p) if isinstance(p, str) else references.resolve_piece(p, text, key_path) for p in pieces)


def _link_reference(reference: Reference, name: str, text: str, exposed: Exposed, references: CallReferences) -> Term:
    """Add an input that the operation does not list, unless its name is similar to that of a listed one."""
    inputs, context, key_path = references.inputs, references.context, exposed.get_path("with", name)
    before = {*inputs.by_name, *inputs.displaced}
    parameters = getattr(exposed, "input_parameters", ())
    listed = [parameter.name for parameter in parameters if parameter.name not in inputs.displaced]
    if (
        reference.kind == "input"
        and not references.is_known_input(reference.name)
        and find_nearest(reference.name, listed)
    ):
        references.refuse(text, key_path, under_with=True)
        references.failed = True
        return Constant("")
    term = references.resolve(reference, Placeholder(text, 0, bare=True), text, key_path, fills=name)
    if listed and isinstance(term, Argument) and term.name not in before:
        advice = suggest(term.name, listed, helps.LISTED)
        context.report(rules.UNLISTED_INPUT(name=term.name), key_path, advice)
    return term


def _check_prefix(text: str, fills: str, key_path: KeyPath, references: CallReferences) -> None:
    """Report text that is nearly a reference: a misspelt prefix would otherwise be sent as a constant."""
    match = _DOTTED.fullmatch(text)
    if match is None:
        return
    prefix, name = match.groups()
    known = (*PREFIXES, *references.names)
    is_input = name == fills or references.is_known_input(name)
    meant = find_closest(prefix, known) if is_input else find_nearest(prefix, known)
    if meant is not None:
        advice = helps.DID_YOU_MEAN(suggestion=meant)
        references.context.report(rules.UNKNOWN_REFERENCE_PREFIX(prefix=prefix), key_path, advice)
        references.failed = True
