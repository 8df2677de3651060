"""The variables of a document: bound ones, unlisted ones of the environment, and their uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.authentication.secrets_by_subject import is_of_callers, parse_location
from naftiko_runtime.document.capability import SCHEMES
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.plan import Binding, Variable
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_nearest, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostic import Findings, Span
    from naftiko_runtime.document.capability import Bind, Document
    from naftiko_runtime.source import Source

ENVIRONMENT: Final = "env"
"""The namespace of the process environment, with or without a bind."""

_KEY: Final = compile_lazily(r"[A-Za-z_]\w*")
_CONSTANT: Final = compile_lazily(r"[A-Z][A-Z0-9_]*")


def looks_like_variable(name: str) -> bool:
    """Return whether a name is written like an environment variable: capitals, digits, underscores."""
    return _CONSTANT.fullmatch(name) is not None


def is_environment_name(text: str) -> bool:
    """Return whether a text can be the name of an environment variable: letters, digits, underscores."""
    return _KEY.fullmatch(text) is not None


class Variables:
    """The variables of a document, and their uses."""

    def __init__(self, *, complete: bool = True) -> None:
        self._complete = complete
        """Whether all binds could be read. Otherwise no variable is taken from the environment."""
        self._bindings: dict[str, Binding] = {}
        self._short: dict[str, list[str]] = {}
        self._environments: list[str] = []
        self._namespaces: set[str] = set()
        self._unlisted: set[str] = set()
        self._of_callers: set[Span] = set()
        """The places where variables of callers may be used."""

    def declare(self, document: Document, source: Source, findings: Findings) -> None:
        """Declare the variables of all binds."""
        for bind in (*document.binds, *document.capability.binds):
            self._namespaces.add(bind.namespace)
            if bind.location is None:
                self._environments.append(bind.namespace)
            elif is_of_callers(bind.location):
                if parse_location(bind.location) is None:
                    key_path = bind.get_path("location")
                    findings.report(rules.CALLER_SECRET_LOCATION(), source.find_span(key_path), part=key_path)
            elif (scheme := bind.location.partition("://")[0]) not in SCHEMES or "://" not in bind.location:
                advice = suggest(scheme[:40], SCHEMES, helps.KNOWN_SCHEMES)
                key_path = bind.get_path("location")
                findings.report(rules.PROVIDER(scheme=scheme[:40]), source.find_span(key_path), advice, part=key_path)
            for variable, key in bind.keys.items():
                self._declare(bind, variable, key, source, findings)

    def _declare(self, bind: Bind, variable: str, key: str, source: Source, findings: Findings) -> None:
        key_path = bind.get_path("keys", variable)
        span = source.find_span(key_path, key=True)
        binding = Binding(bind.namespace, variable, key, span, location=bind.location)
        if binding.name in self._bindings:
            first = self._bindings[binding.name].span
            findings.report(rules.DUPLICATE_NAME_VARIABLE(name=binding.name), span, part=key_path, related=first)
            return
        self._bindings[binding.name] = binding
        self._short.setdefault(variable, []).append(binding.name)

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of the binds, and that of the environment."""
        return frozenset({ENVIRONMENT, *self._namespaces})

    def list_names(self) -> list[str]:
        """List the names that expressions may have."""
        return [*self._short, *self._bindings]

    def knows(self, name: str) -> bool:
        """Return whether a bind lists the variable that ``KEY``, ``namespace.KEY`` or ``env.KEY`` names."""
        return name in self._bindings or name.removeprefix(f"{ENVIRONMENT}.") in self._short

    def resolve(self, name: str, used_at: Span) -> Variable | None:
        """Return the variable of ``KEY``, ``namespace.KEY`` or ``env.KEY``, and mark it as used; None if there is none.

        A name with the namespace of the environment needs no bind (ADR 7).
        """
        full = name if name in self._bindings else self._find_by_short_name(name.removeprefix("env."), used_at)
        namespace, dot, key = name.rpartition(".")
        if full is None and dot and namespace in {ENVIRONMENT, *self._environments}:
            return self._use_unlisted(namespace, key, used_at)
        return None if full is None else self._use(full, used_at)

    def mark_used(self, name: str, used_at: Span) -> None:
        """Mark a variable as used, if a bind lists it."""
        if self.knows(name):
            self.resolve(name, used_at)

    def resolve_unlisted(self, name: str, used_at: Span) -> Variable | None:
        """Return an unlisted environment variable, and mark it as used; None if the name is invalid."""
        return None if "." in name else self._use_unlisted(ENVIRONMENT, name, used_at)

    def _use_unlisted(self, namespace: str, key: str, used_at: Span) -> Variable | None:
        if not self._complete or not is_environment_name(key):
            return None
        if namespace not in self._environments:
            namespace = self._environments[0] if self._environments else ENVIRONMENT
        full = f"{namespace}.{key}"
        if full not in self._bindings:
            self._bindings[full] = Binding(namespace, key, key, used_at)
            self._unlisted.add(full)
        return self._use(full, used_at)

    def _use(self, full: str, used_at: Span) -> Variable:
        binding = self._bindings[full]
        self._bindings[full] = replace(binding, uses=(*binding.uses, used_at))
        return Variable(full)

    def _find_by_short_name(self, name: str, used_at: Span) -> str | None:
        """If several namespaces have a variable, the short name means that of its own file, otherwise the first.

        So an imported part gets the variable that its author meant.
        """
        known = self._short.get(name, [])
        of_file = (full for full in known if self._bindings[full].span.file == used_at.file)
        return next(of_file, known[0] if known else None)

    def resolve_environment(self, name: str, used_at: Span, *, optional: bool = False) -> Variable:
        """Return the environment variable of a name, bound or not, and mark it as used.

        Args:
            name: The name.
            used_at: The place of its use.
            optional: Whether it may be unset, if no bind lists it.
        """
        if (bound := self.resolve(name, used_at)) is not None:
            return bound
        full = f"environment.{name}"
        self._bindings.setdefault(full, Binding("environment", name, name, used_at, optional=optional))
        return self._use(full, used_at)

    def list_unlisted(self) -> list[Binding]:
        """List the variables of the environment that no bind lists."""
        return [binding for name, binding in self._bindings.items() if name in self._unlisted]

    def is_listed_environment(self, namespace: str) -> bool:
        """Return whether the bind of a namespace is the environment."""
        return namespace in self._environments

    def find_environment(self, namespace: str) -> str | None:
        """Return the bind of the environment that a namespace means, or the first one; None if there is none."""
        if namespace in self._environments:
            return namespace
        return self._environments[0] if namespace == ENVIRONMENT and self._environments else None

    def find_meant(self, binding: Binding) -> str | None:
        """Find the listed variable that an unlisted one may misspell."""
        return find_nearest(binding.variable, self._short)

    def is_named_in(self, binding: Binding, text: str) -> bool:
        """Return whether a template of the file has a variable, also in parts that are refused and not linked."""
        names = (re.escape(name) for name in (binding.variable, f"env.{binding.variable}", binding.name))
        return re.search(r"\{\{\s*(" + "|".join(names) + r")\s*\}\}", text) is not None

    def allow_callers(self, places: Iterable[Span]) -> None:
        """Allow variables whose values differ for each caller at some places."""
        self._of_callers.update(places)

    def list_forbidden(self, binding: Binding) -> tuple[Span, ...]:
        """List the uses of a variable where those of callers may not be."""
        return tuple(used_at for used_at in binding.uses if used_at not in self._of_callers)

    def list_bindings(self) -> tuple[Binding, ...]:
        """List every binding with its uses."""
        return tuple(self._bindings.values())
