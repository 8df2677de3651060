"""Links the values under ``with`` to terms: constants, arguments, variables and templates of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.context import WORKFLOW
from naftiko_runtime.link.reference_syntax import PREFIXES
from naftiko_runtime.link.term_substitution import compose
from naftiko_runtime.plan import Argument, Constant, Term, TermList, TermObject, freeze
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_closest, find_nearest, suggest
from naftiko_runtime.template import Placeholder

if TYPE_CHECKING:
    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.link.call_site import CallSite
    from naftiko_runtime.link.reference_syntax import Reference
    from naftiko_runtime.plan import Tree
    from naftiko_runtime.source import KeyPath

_REFERENCE_START: Final = compile_lazily(r"\$[\w.\[{]")
"""How a reference begins; a dollar before a placeholder is a currency sign."""
_DOTTED: Final = compile_lazily(r"([A-Za-z_][\w-]*)\.([A-Za-z_][\w-]*)")


def link_with_values(site: CallSite, references: CallReferences) -> dict[str, Term]:
    """Link the values under ``with`` of an operation, by the names of the consumed parameters."""
    return {name: _link_value(name, value, site, references) for name, value in site.with_.items()}


def _link_value(name: str, value: Any, site: CallSite, references: CallReferences) -> Term:
    key_path = site.get_path("with", name)
    if isinstance(value, dict | list) or value is None:
        references.context.report(rules.WRONG_TYPE_WITH(name=name), key_path)
    if not isinstance(value, str):
        return Constant(freeze(value))
    return link_value(value, key_path, site, references, fills=name)


def link_value(value: str, key_path: KeyPath, site: CallSite, references: CallReferences, fills: str = "") -> Term:
    """Link a text that may be a constant, a reference or a template.

    Args:
        value: The text.
        key_path: Its place.
        site: The operation or step that has it.
        references: Resolves what it names.
        fills: The consumed parameter that it fills; empty for none.
    """
    if value in references.inputs.by_name:
        return Argument(value)
    if (of_step := references.outputs.resolve_path(value, key_path)) is not None:
        return of_step
    if (of_step := references.outputs.resolve_bare(value, key_path)) is not None:
        return of_step
    reference = None if "{{" in value else references.exposed_words.read(value)
    if reference is not None:
        return _link_reference(reference, fills, value, key_path, site, references)
    if "{{" in value or "${" in value:
        return _link_template(value, key_path, references)
    _check_prefix(value, fills, key_path, references)
    return Constant(value)


def link_tree(value: Any, key_path: KeyPath, site: CallSite, references: CallReferences) -> Tree:
    """Link a value whose texts may be references, at any depth."""
    match value:
        case str():
            return link_value(value, key_path, site, references)
        case dict():
            fields = ((str(key), link_tree(item, (*key_path, key), site, references)) for key, item in value.items())
            return TermObject(tuple(fields))
        case list() | tuple():
            return TermList(
                tuple(link_tree(item, (*key_path, index), site, references) for index, item in enumerate(value))
            )
        case _:
            return Constant(freeze(value))


def _link_template(text: str, key_path: KeyPath, references: CallReferences) -> Term:
    pieces = references.context.split_template(text, key_path, lambda _, where: where != "whole")
    first = pieces[0] if isinstance(pieces[0], str) else ""
    is_reference = _REFERENCE_START.match(first) or (first.startswith("$") and len(pieces) == 1)
    if is_reference and not WORKFLOW.search(text):  # that is reported already
        references.refuse(text, key_path, under_with=True)
    return compose(Constant(p) if isinstance(p, str) else references.resolve_piece(p, text, key_path) for p in pieces)


def _link_reference(
    reference: Reference, fills: str, text: str, key_path: KeyPath, site: CallSite, references: CallReferences
) -> Term:
    """Add an input that the operation does not list, unless its name is similar to that of a listed one."""
    inputs, context = references.inputs, references.context
    before = {*inputs.by_name, *inputs.displaced}
    parameters = site.input_parameters
    listed = [parameter.name for parameter in parameters if parameter.name not in inputs.displaced]
    if (
        reference.kind == "input"
        and not references.is_known_input(reference.name)
        and find_nearest(reference.name, listed)
    ):
        references.refuse(text, key_path, under_with=True)
        references.failed = True
        return Constant("")
    term = references.resolve(reference, Placeholder(text, 0, bare=True), text, key_path, fills=fills)
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
