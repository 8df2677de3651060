"""Inputs for what the authentication of an API sets: no caller is asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.link.credentials import is_set_by_authentication
from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.link.term_substitution import find_arguments
from naftiko_runtime.link.unplaced_inputs import find_declaration

if TYPE_CHECKING:
    from collections.abc import Collection

    from naftiko_runtime.authentication.kinds import Credential
    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.link.call_site import CallSite


def find_inputs_set_by_authentication(
    site: CallSite, references: CallReferences, placed: Collection[str], *, tool: bool
) -> set[str]:
    """Find the inputs that only what the authentication sets could use; report those that the operation declares.

    Values under ``with`` for what the authentication sets have no effect, and count as used.

    Args:
        site: The operation.
        references: Its inputs and values.
        placed: Inputs that reach another place of the request.
        tool: Whether the operation is a tool, whose inputs may be for any place.
    """
    consumed = references.consumed
    credential = consumed.upstream.credential
    names = {fold_name(parameter.name) for parameter in consumed.set_by_authentication}
    given = _use_values(references, names)
    hidden: set[str] = set()
    for input_ in references.inputs.by_name.values():
        if input_.name in placed or input_.path is not None:
            continue
        own = (
            _is_set_anywhere(input_.name, credential)
            if tool
            else is_set_by_authentication(input_.place, input_.name, credential)
        )
        if own or input_.name in given or (tool and fold_name(input_.name) in names):
            hidden.add(input_.name)
    for name in hidden:
        if not references.inputs.by_name[name].inferred:
            references.context.report(rules.AUTHENTICATION_INPUT_DECLARED(name=name), find_declaration(site, name))
    return hidden


def _use_values(references: CallReferences, names: Collection[str]) -> set[str]:
    """Mark the values under ``with`` that have no effect as used; return the inputs that only they name."""
    consumed, values = references.consumed, references.with_values
    known = set(map(fold_name, (*(parameter.name for parameter in consumed.parameters), *consumed.placeholders)))
    unused = [key for key in values.list_unused() if fold_name(key) not in known]
    without_effect = [
        key for key in unused if fold_name(key) in names or _is_set_anywhere(key, consumed.upstream.credential)
    ]
    values.used.update(without_effect)
    others = [term for key, term in values.terms.items() if key not in without_effect]
    return {*find_arguments([values.terms[key] for key in without_effect])} - {*find_arguments(others)}


def _is_set_anywhere(name: str, credential: Credential | None) -> bool:
    return any(is_set_by_authentication(place, name, credential) for place in ("header", "query", "cookie", "body"))
