"""What the linking of one document shares: where things stand, what was found, and which variables are bound."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import diagnostics as rules
from naftiko_runtime.diagnostics import did_you_mean, is_close, nearest
from naftiko_runtime.lazy import pattern
from naftiko_runtime.plan import Binding, Composed, Constant, Term, Variable
from naftiko_runtime.spec.document import SCHEMES
from naftiko_runtime.template import Placeholder, split

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from naftiko_runtime.diagnostics import Edit, Findings, Rule, Span
    from naftiko_runtime.source import Source, Steps
    from naftiko_runtime.spec.document import Bind, Document

_ENVIRONMENT_KEY: Final = pattern(r"[A-Za-z_]\w*")


class Context(Struct, frozen=True):
    """One linking run."""

    source: Source
    findings: Findings
    variables: Variables
    allowed_imports: tuple[Path, ...] = ()
    """Folders, besides a document's own, that it may read."""
    shared: bool = False
    """Whether the document is only there to be imported: what it does not bind, others may."""
    unread: frozenset[Steps] = frozenset()
    """The places of wrong values and missing keys; what stands in for them is not the author's."""

    def complain(
        self,
        rule: Rule,
        message: str,
        steps: Steps,
        advice: str | None = None,
        *,
        key: bool = False,
        fix: tuple[Edit, ...] = (),
    ) -> None:
        """Note a finding at a place of the document."""
        self.findings.add(rule, message, self.source.span(steps, key=key), advice, steps, fix)

    def span(self, steps: Steps) -> Span:
        """The place of a value."""
        return self.source.span(steps)

    def line_of(self, steps: Steps, seen_from: Steps) -> str:
        """How advice at one place names the line of another."""
        return self.span(steps).line_from(self.span(seen_from))

    def secret_text(self, text: str, steps: Steps) -> Term:
        """A template in which only bound variables may stand: credentials."""
        parts: list[Constant | Variable] = []
        for piece in self.pieces(text, steps):
            if isinstance(piece, str):
                parts.append(Constant(piece))
            elif variable := self.variables.resolve(piece.name, self.span(steps)):
                parts.append(variable)
            else:
                self.unbound(piece.name, steps)
        return parts[0] if len(parts) == 1 else Composed(tuple(parts))

    def pieces(self, text: str, steps: Steps) -> tuple[str | Placeholder, ...]:
        """A template split; one that does not parse is reported and taken as text."""
        for name in re.findall(r"(?<!\{)\$\{(\w+)\}(?!\})", text):
            if self.variables.resolve(name, self.span(steps)):  # counts as a use: what is meant is plain
                message = f"'${{{name}}}' is sent as it stands; a variable is written in double braces"
                self.complain(rules.TEMPLATE, message, steps, f"write {{{{{name}}}}}")
        try:
            return split(text)
        except ValueError as error:
            self.complain(rules.TEMPLATE, str(error), steps, "write {{NAME}}")
            return (text,)

    def unbound(self, name: str, steps: Steps, also: Iterable[str] = ()) -> None:
        """Report an expression's name that means nothing here."""
        inputs = tuple(also)
        short = name.rpartition(".")[2]
        known = [known for known in (*self.variables.names(), *inputs) if is_close(short, known.rpartition(".")[2])]
        bind = f"bind it: 'binds: [{{namespace: env, keys: {{{short}: {short}}}}}]'"
        if self.shared and not known:
            return
        what = f"'{name}' is neither bound nor an input" if inputs else f"'{name}' is bound nowhere"
        self.complain(rules.UNBOUND_VARIABLE, what, steps, did_you_mean(name, known) or bind)
        for meant in known:  # so that nobody is told that what was misspelt here is unused
            self.variables.resolve(meant, self.span(steps))


class Variables:
    """The document's bound variables, and who uses them."""

    def __init__(self, *, complete: bool = True) -> None:
        self._complete = complete
        """Whether all binds could be read: no variable is looked up elsewhere otherwise."""
        self._bindings: dict[str, Binding] = {}
        self._short: dict[str, list[str]] = {}
        self._environments: set[str] = set()
        self._unlisted: set[str] = set()

    def declare(self, document: Document, source: Source, findings: Findings) -> None:
        """Take in the binds of the root and of the capability."""
        for bind in (*document.binds, *document.capability.binds):
            if bind.location is None:
                self._environments.add(bind.namespace)
            elif (scheme := bind.location.partition("://")[0]) not in SCHEMES or "://" not in bind.location:
                message = f"there is no provider of values '{scheme[:40]}'"
                advice = did_you_mean(scheme[:40], SCHEMES, "known schemes")
                steps = bind.at("location")
                findings.add(rules.PROVIDER, message, source.span(steps), advice, steps)
            for variable, key in bind.keys.items():
                self._declare(bind, variable, key, source, findings)

    def _declare(self, bind: Bind, variable: str, key: str, source: Source, findings: Findings) -> None:
        steps = bind.at("keys", variable)
        span = source.span(steps, key=True)
        binding = Binding(bind.namespace, variable, key, span, location=bind.location)
        if binding.name in self._bindings:
            advice = f"rename one; the first stands on {self._bindings[binding.name].span.line_from(span)}"
            findings.add(rules.DUPLICATE_NAME, f"the variable '{binding.name}' is bound twice", span, advice, steps)
            return
        self._bindings[binding.name] = binding
        self._short.setdefault(variable, []).append(binding.name)

    def names(self) -> list[str]:
        """The names that expressions may use."""
        return [*self._short, *self._bindings]

    def resolve(self, name: str, used_at: Span) -> Variable | None:
        """The variable that ``KEY``, ``namespace.KEY`` or ``env.KEY`` names, noting its use; none if there is none."""
        full = name if name in self._bindings else self._by_short_name(name.removeprefix("env."), used_at)
        if full is None and self._names_environment(name):
            namespace, _, key = name.partition(".")
            full = name
            self._bindings[full] = Binding(namespace, key, key, used_at)
            self._unlisted.add(full)
        if full is None:
            return None
        binding = self._bindings[full]
        self._bindings[full] = replace(binding, uses=(*binding.uses, used_at))
        return Variable(full)

    def _by_short_name(self, name: str, used_at: Span) -> str | None:
        """Of several namespaces with a variable, the short name means that of its own file, otherwise the first.

        A part that is imported thereby gets the secret that its author meant, whatever is bound elsewhere.
        """
        known = self._short.get(name, [])
        of_file = (full for full in known if self._bindings[full].span.file == used_at.file)
        return next(of_file, known[0] if known else None)

    def environment(self, name: str, used_at: Span) -> Variable:
        """The environment variable of that name, bound or not, noting its use."""
        if (bound := self.resolve(name, used_at)) is not None:
            return bound
        full = f"environment.{name}"
        known = self._bindings.setdefault(full, Binding("environment", name, name, used_at))
        self._bindings[full] = replace(known, uses=(*known.uses, used_at))
        return Variable(full)

    def _names_environment(self, name: str) -> bool:
        """Whether a name says itself where its value is: a bind without a location is the process environment (ADR 7).

        One that is nearly a listed key is a slip, not another variable.
        """
        namespace, _, key = name.partition(".")
        if not self._complete or namespace not in self._environments or not _ENVIRONMENT_KEY.fullmatch(key):
            return False
        return nearest(key, (binding.variable for binding in self._bindings.values())) is None

    def unlisted(self) -> list[Binding]:
        """The variables that expressions take from an environment whose ``keys`` do not list them."""
        return [binding for name, binding in self._bindings.items() if name in self._unlisted]

    def named_in(self, binding: Binding, text: str) -> bool:
        """Whether some template of the file names a variable: also in what is refused, and so was never linked."""
        names = (re.escape(name) for name in (binding.variable, f"env.{binding.variable}", binding.name))
        return re.search(r"\{\{\s*(" + "|".join(names) + r")\s*\}\}", text) is not None

    def bindings(self) -> tuple[Binding, ...]:
        """Every binding with its uses."""
        return tuple(self._bindings.values())
