"""Secrets: values from outside, which no output of the runtime ever shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from naftiko_runtime.authentication.kinds import kind_of
from naftiko_runtime.errors import BindError
from naftiko_runtime.link.base_uri import value_faults
from naftiko_runtime.link.base_uri_check import check_base_uri
from naftiko_runtime.link.substitution import find_variables
from naftiko_runtime.redaction import redact
from naftiko_runtime.secret.providers import ProviderError, provider_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from naftiko_runtime.link.base_uri import Check
    from naftiko_runtime.plan import Binding, Plan, Term, Upstream
    from naftiko_runtime.secret.providers import Provider

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class Secret:
    """A value that shows itself only when asked by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def resolve(plan: Plan, environment: Mapping[str, str]) -> dict[str, Secret]:
    """Every bound variable of a plan that its provider has, by ``namespace.VARIABLE``.

    Raises:
        BindError: Locations that cannot be read, variables that some expression uses and that are absent or empty, and
            values that a base URI cannot hold: all of them, with their places.
    """
    found: dict[str, Secret] = {}
    faults: dict[str, None] = {}
    providers: dict[tuple[str | None, Path], Provider | str] = {}
    keys: dict[str, str] = {}
    for binding in plan.bindings:
        place = binding.location, Path(binding.span.file).parent
        if place not in providers:
            providers[place] = _opened(place, environment)
        provider = providers[place]
        fault, value = _looked_up(binding, provider)
        keys[binding.name] = "" if isinstance(provider, str) else provider.called(binding.key)
        if value:
            found[binding.name] = Secret(value)
        elif binding.uses:
            faults[fault] = None
    faults.update(dict.fromkeys(_unusable_urls(plan, found, keys)))
    if faults:
        raise BindError(tuple(map(redact, faults)))
    return found


def _opened(place: tuple[str | None, Path], environment: Mapping[str, str]) -> Provider | str:
    """A provider, or why there is none."""
    try:
        return provider_of(place[0], environment, place[1])
    except ProviderError as error:
        return str(error)


def _looked_up(binding: Binding, provider: Provider | str) -> tuple[str, str | None]:
    """A binding's value, or what to say of its lack."""
    if isinstance(provider, str):
        return _unread(binding, provider), None
    try:
        value = provider.value(binding.key)
    except ProviderError as error:
        return _unread(binding, str(error)), None
    return _missing(binding, provider, "is not set" if value is None else "is empty"), value


def _unread(binding: Binding, reason: str) -> str:
    what = f"{binding.span}: error[unreadable-location]: '{binding.location}' cannot be read: {reason}\n"
    return what + "  help: a relative location is looked up beside the document, then in the working directory\n"


def _missing(binding: Binding, provider: Provider, lack: str) -> str:
    used = ", ".join(str(span) for span in sorted(set(binding.uses)))
    if binding.location is None:
        advice = f"set {binding.key}, or give it in a file with --env-file; --sandbox needs none"
    else:
        advice = "add the key there; --sandbox needs none"
    return (
        f"{binding.span}: error[unset-variable]: '{binding.variable}' needs {provider.called(binding.key)}, "
        f"which {lack} (used at {used})\n  help: {advice}\n"
    )


def _unusable_urls(plan: Plan, found: Mapping[str, Secret], keys: Mapping[str, str]) -> Iterator[str]:
    """What to say of values that make no base URI or token endpoint."""
    values = {name: secret.reveal() for name, secret in found.items()}
    bindings = {binding.name: binding for binding in plan.bindings}
    for upstream in plan.called_upstreams:
        for what, term, check in _urls(upstream):
            if not set(find_variables(term)) <= values.keys():
                continue  # what is missing is told already
            for name, fault in value_faults(term, values, check):
                binding = bindings[name]
                yield (
                    f"{upstream.span}: error[unusable-url]: {what} of '{upstream.namespace}' cannot hold the value of "
                    f"'{binding.variable}', which is {keys[name]} (bound at {binding.span}): {fault}\n"
                    f"  help: correct the value, or start with --base-uri {upstream.namespace}=URL\n"
                )


def _urls(upstream: Upstream) -> Iterator[tuple[str, Term, Check]]:
    """The URLs of an upstream that hold variables: what each is called, and what checks one without."""
    if upstream.template is not None:
        yield "the base URI", upstream.template, check_base_uri
    if upstream.credential is None:
        return
    for endpoint in kind_of(upstream.credential).list_endpoints(upstream.credential):
        if next(find_variables(endpoint.url), None) is not None:
            yield endpoint.name, endpoint.url, endpoint.check


def unusable(plan: Plan, secrets: Mapping[str, Secret], upstream: Upstream, reason: str) -> BindError:
    """What to say of values that cannot be sent; it names the variables, never the values."""
    odd = [b for b in plan.bindings if b.name in secrets and _CONTROL.search(secrets[b.name].reveal())]
    names = ", ".join(f"'{b.key}'" for b in odd) or "a variable"
    span = odd[0].span if odd else upstream.span
    what = f"{span}: error[unusable-variable]: {names} cannot be sent to '{upstream.namespace}': {reason}"
    return BindError((f"{what}\n  help: remove the line break or control character, often one at the very end\n",))


def placeholders(plan: Plan) -> dict[str, Secret]:
    """Stand-ins for every variable, for a sandbox that must not hold real ones: ``<SEGMENT_API_KEY>``."""
    return {binding.name: Secret(f"<{binding.key}>") for binding in plan.bindings}
