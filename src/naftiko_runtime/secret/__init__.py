"""Secrets: values of variables, which no output shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from naftiko_runtime.authentication.kinds import get_kind
from naftiko_runtime.authentication.secrets_by_subject import is_of_callers
from naftiko_runtime.errors import BindError, Problem
from naftiko_runtime.link.base_uri import find_value_faults
from naftiko_runtime.link.base_uri_check import check_base_uri
from naftiko_runtime.link.term_substitution import find_variables
from naftiko_runtime.redact_document import redact
from naftiko_runtime.rules import render_text
from naftiko_runtime.secret.providers import ProviderError, open_provider
from naftiko_runtime.suggest import find_nearest
from naftiko_runtime.vault_client import VaultError, check_installed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from naftiko_runtime.link.base_uri import CheckUri
    from naftiko_runtime.plan import Binding, Plan, Term, Upstream
    from naftiko_runtime.secret.providers import Provider

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class Secret:
    """A value that only :meth:`reveal` shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, for the place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def resolve(plan: Plan, environment: Mapping[str, str]) -> dict[str, Secret]:
    """Read the variables of a plan from their providers, by ``namespace.VARIABLE``.

    Raises:
        BindError: Locations that cannot be read, variables that some expression uses and that are absent or empty, and
            values that a base URI cannot hold: all of them, with their places.
    """
    found: dict[str, Secret] = {}
    problems: dict[Problem, None] = {}
    providers: dict[tuple[str | None, Path], Provider | str] = {}
    keys: dict[str, str] = {}
    for binding in plan.bindings:
        if is_of_callers(binding.location):  # read when a caller needs it
            continue
        place = binding.location, Path(binding.span.file).parent
        if place not in providers:
            providers[place] = _open_provider(place, environment)
        provider = providers[place]
        problem, value = _look_up(binding, provider, _find_meant(binding, plan))
        keys[binding.name] = "" if isinstance(provider, str) else provider.describe(binding.key)
        if value:
            found[binding.name] = Secret(value)
        elif binding.optional:
            found[binding.name] = Secret("")
        elif binding.uses:
            problems[problem] = None
    problems.update(dict.fromkeys(_check_vault(plan)))
    problems.update(dict.fromkeys(_check_urls(plan, found, keys)))
    if problems:
        raise BindError([_redact(problem) for problem in problems])
    return found


def _open_provider(place: tuple[str | None, Path], environment: Mapping[str, str]) -> Provider | str:
    """Open a provider, or return the problem."""
    try:
        return open_provider(place[0], environment, place[1])
    except ProviderError as error:
        return str(error)


def _check_vault(plan: Plan) -> Iterator[Problem]:
    """Report secrets of callers that could never be read, because the client of Vault is not installed."""
    for binding in plan.bindings:
        if binding.uses and is_of_callers(binding.location):
            try:
                check_installed()
            except VaultError as error:
                yield _describe_unreadable(binding, str(error))


def _find_meant(binding: Binding, plan: Plan) -> str | None:
    """Return the listed variable that an unlisted one, whose place is its first use, may misspell."""
    if binding.span not in binding.uses:
        return None
    return find_nearest(binding.variable, [other.variable for other in plan.bindings if other.span not in other.uses])


def _look_up(binding: Binding, provider: Provider | str, meant: str | None) -> tuple[Problem, str | None]:
    """Return a binding's value, if there is one, and the problem if there is none."""
    if isinstance(provider, str):
        return _describe_unreadable(binding, provider), None
    try:
        value = provider.get_value(binding.key)
    except ProviderError as error:
        return _describe_unreadable(binding, str(error)), None
    return _describe_missing(binding, provider, "is not set" if value is None else "is empty", meant), value


def _redact(problem: Problem) -> Problem:
    return replace(problem, message=redact(problem.message), help=problem.help and redact(problem.help))


def _describe_unreadable(binding: Binding, reason: str) -> Problem:
    message = f"'{binding.location}' cannot be read: {reason}"
    advice = "a relative location is looked up beside the document, then in the working directory"
    return Problem(message, advice, str(binding.span), "unreadable-location")


def _describe_missing(binding: Binding, provider: Provider, lack: str, meant: str | None) -> Problem:
    used = ", ".join(str(span) for span in sorted(set(binding.uses)))
    if binding.location is None:
        advice = f"set {binding.key}, or give it in a file with --env-file; --sandbox needs none"
    else:
        advice = "add the key there; --sandbox needs none"
    if meant is not None:
        advice = f"did you mean '{meant}'? Otherwise {advice}"
    message = f"'{binding.variable}' needs {provider.describe(binding.key)}, which {lack} (used at {used})"
    return Problem(message, advice, str(binding.span), "unset-variable")


def _check_urls(plan: Plan, found: Mapping[str, Secret], keys: Mapping[str, str]) -> Iterator[Problem]:
    """Report values that make no valid base URI or token endpoint."""
    values = {name: secret.reveal() for name, secret in found.items()}
    bindings = {binding.name: binding for binding in plan.bindings}
    for upstream in plan.called_upstreams:
        for what, term, check in _iter_urls(upstream):
            if not set(find_variables(term)) <= values.keys():
                continue  # missing values are reported already
            for name, fault in find_value_faults(term, values, check):
                binding = bindings[name]
                message = (
                    f"{what} of '{upstream.namespace}' cannot hold the value of "
                    f"'{binding.variable}', which is {keys[name]} (bound at {binding.span}): {render_text(fault)}"
                )
                advice = f"correct the value, or start with --base-uri {upstream.namespace}=URL"
                yield Problem(message, advice, str(upstream.span), "unusable-url")


def _iter_urls(upstream: Upstream) -> Iterator[tuple[str, Term, CheckUri]]:
    """Yield the URLs of an upstream with variables: a name, the URL, and a check of the filled URL."""
    if upstream.template is not None:
        yield "the base URI", upstream.template, check_base_uri
    if upstream.credential is None:
        return
    for endpoint in get_kind(upstream.credential).list_endpoints(upstream.credential):
        if next(find_variables(endpoint.url), None) is not None:
            yield endpoint.name, endpoint.url, endpoint.check


def describe_unusable(plan: Plan, secrets: Mapping[str, Secret], upstream: Upstream, reason: str) -> Problem:
    """Describe values that cannot be sent, by the names of their variables."""
    odd = [b for b in plan.bindings if b.name in secrets and _CONTROL.search(secrets[b.name].reveal())]
    names = ", ".join(f"'{b.key}'" for b in odd) or "a variable"
    span = odd[0].span if odd else upstream.span
    message = f"{names} cannot be sent to '{upstream.namespace}': {reason}"
    advice = "remove the line break or control character, often one at the very end"
    return Problem(message, advice, str(span), "unusable-variable")


def make_placeholders(plan: Plan) -> dict[str, Secret]:
    """Make a placeholder for every variable, such as ``<SEGMENT_API_KEY>``: a sandbox gets no real values."""
    return {binding.name: Secret(f"<{binding.key}>") for binding in plan.bindings}
