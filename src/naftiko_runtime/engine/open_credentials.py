"""Opens credentials of a plan, with the values of their secrets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from naftiko_runtime.authentication.kinds import get_kind
from naftiko_runtime.encode_for_place import format_text
from naftiko_runtime.engine.compile_terms import evaluate_constant
from naftiko_runtime.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.authentication.flow import Flow
    from naftiko_runtime.authentication.guard import Guard, GuardServices
    from naftiko_runtime.authentication.kind import FixedField
    from naftiko_runtime.authentication.kinds import Credential
    from naftiko_runtime.plan import Plan, Term


def open_flow(credential: Credential | None, secrets: Mapping[str, Secret]) -> Flow | None:
    """Return the flow of a credential. None if the credential is the same in every request.

    Raises:
        Unrenderable: A signing key cannot be read.
    """
    if credential is None:
        return None
    return get_kind(credential).open_flow(credential, partial(_render_term, secrets))


def open_guard(
    credential: Credential | None, namespace: str, secrets: Mapping[str, Secret], services: GuardServices
) -> Guard | None:
    """Return the guard of an expose. None if everybody may call it.

    Raises:
        Unrenderable: A URL of the credential is none.
    """
    if credential is None:
        return None
    return get_kind(credential).open_guard(credential, namespace, partial(_render_term, secrets), services)


def list_fixed_fields(credential: Credential | None, secrets: Mapping[str, Secret]) -> Sequence[FixedField]:
    """Return the fields of a credential that are the same in every request.

    Raises:
        Unrenderable: A secret cannot be sent.
    """
    if credential is None:
        return ()
    return get_kind(credential).list_fixed_fields(credential, partial(_render_term, secrets))


def list_secret_texts(credential: Credential | None, secrets: Mapping[str, Secret]) -> list[str]:
    """Return the secret parts of a credential."""
    if credential is None:
        return []
    return [text for term in get_kind(credential).list_secrets(credential) if (text := _render_term(secrets, term))]


def derive_secrets(plan: Plan, secrets: Mapping[str, Secret]) -> list[Secret]:
    """Return the texts that are computed from secrets, which no output may show."""
    credentials = (*(u.credential for u in plan.called_upstreams), *(s.guard for s in plan.servers))
    return [
        Secret(derived)
        for credential in credentials
        if credential is not None
        for derived in get_kind(credential).derive_secrets(credential, partial(_render_term, secrets))
    ]


def _render_term(secrets: Mapping[str, Secret], term: Term) -> str:
    return format_text(evaluate_constant(term, secrets))
