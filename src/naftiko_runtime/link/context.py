"""What the linking of one document shares: where things stand, what was found, and which variables are bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.references import PREFIXES, SHELL, Words
from naftiko_runtime.link.variables import looks_like_variable
from naftiko_runtime.plan import Composed, Constant, Term
from naftiko_runtime.rules import helps
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.suggest import find_closest, is_close, suggest
from naftiko_runtime.template import Placeholder, split_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from naftiko_runtime.diagnostic import Edit, Findings, Span
    from naftiko_runtime.link.references import Where
    from naftiko_runtime.link.variables import Variables
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.plan import Variable
    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source import Source, Steps

WORKFLOW: Final = compile_lazily(r"\$\{\{\s*(?:env|secrets|vars)\.([^{}\s]+)\s*\}\}")
"""A variable as the files of continuous integration write it."""


class Namespaces(Struct, frozen=True):
    """The namespaces of a document.

    Attributes:
        exposed: Of its exposes, also by the names that they have in their own files.
        aggregates: Of its aggregates.
        consumed: Of the APIs, and their operations as ``namespace.operation``.
    """

    exposed: tuple[str, ...] = ()
    aggregates: tuple[str, ...] = ()
    consumed: frozenset[str] = frozenset()


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
    namespaces: Namespaces = Namespaces()

    def report(
        self,
        statement: Statement,
        steps: Steps,
        advice: Advice | None = None,
        *,
        key: bool = False,
        fix: tuple[Edit, ...] = (),
        related: Span | None = None,
    ) -> None:
        """Note a finding at a place of the document.

        Args:
            statement: What is wrong.
            steps: The place of the value that it is about.
            advice: What to do, if the statement's own advice is not right here.
            key: Whether it is about the key, not the value.
            fix: What would put an end to it.
            related: Another place that it is about.
        """
        span = self.source.find_span(steps, key=key)
        self.findings.report(statement, span, advice, part=steps, fix=fix, related=related)

    def may_be_completed(self, name: str, known: Iterable[str]) -> bool:
        """Whether a name that means nothing here may mean something in a document that imports this one.

        One that is nearly a known name is a slip.
        """
        return self.shared and not any(is_close(name, candidate) for candidate in known)

    def span(self, steps: Steps) -> Span:
        """The place of a value."""
        return self.source.find_span(steps)

    def takes_nothing(self, *levels: Part) -> bool:
        """Whether one of several levels says ``inputParameters: []``; a key without a value says nothing."""
        written = (level for level in levels if "input_parameters" in level.model_fields_set)
        return any(self.source.get(level.path_to("inputParameters")) == [] for level in written)

    def link_secret_text(self, text: str, steps: Steps) -> Term:
        """A template in which only bound variables may stand: credentials, base URIs."""
        pieces = self.split_template(text, steps, self.means_variable)
        parts = tuple(Constant(p) if isinstance(p, str) else self._secret(p, text, steps) for p in pieces)
        return parts[0] if len(parts) == 1 else Composed(parts)

    def needs_caller(self, text: str, steps: Steps) -> bool:
        """Whether a template may mean an input: it has a name that is no variable's, nor written as one."""
        try:
            names = [piece.name for piece in split_template(text) if not isinstance(piece, str)]
        except ValueError:  # reported where the text is read
            return False
        span = self.span(steps)
        return not all(looks_like_variable(name) or self.variables.resolve(name, span) for name in names)

    def means_variable(self, written: str, _: Where = "whole") -> bool:
        """Whether a text outside braces is meant for a variable: ``${X}``, ``$X``, ``env.X``; others are secrets."""
        reference = self._variable_words.read(written)
        if reference is None or reference.kind != "nothing":
            return reference is not None
        return looks_like_variable(written[1:]) or written.startswith(("$this.", "$input"))

    @property
    def _variable_words(self) -> Words:
        return Words((), (), self.variables.namespaces, lambda _: False)

    def _secret(self, piece: Placeholder, text: str, steps: Steps) -> Constant | Variable:
        reference = self._variable_words.read(piece.name) if piece.bare else None
        if reference is None:
            variable = self.resolve_variable(piece.name, steps)
        elif reference.kind == "variable":
            variable = self.resolve_variable(reference.name, steps)
            if variable is not None:
                self.report_form(piece.name, f"{{{{{reference.name}}}}}", text, steps)
        elif "." in piece.name and "${" not in piece.name:
            self.report(rules.UNKNOWN_REFERENCE_CALLERS(name=piece.name), steps)
            return Constant("")
        else:
            self.report_shell_reference(piece.name, text, steps)
            return Constant("")
        if variable is None:
            self.report_unbound(piece.name, steps)
            return Constant("")
        return variable

    def resolve_variable(self, name: str, steps: Steps) -> Variable | None:
        """The variable of a name where nothing else can be meant: what no bind lists is the environment's."""
        span = self.span(steps)
        return self.variables.resolve(name, span) or self.variables.from_environment(name, span)

    def split_template(
        self, text: str, steps: Steps, is_reference: Callable[[str, Where], bool]
    ) -> tuple[str | Placeholder, ...]:
        """A template split; one that does not parse is reported and taken as text.

        Args:
            text: The template.
            steps: Where it stands.
            is_reference: Whether a part of it that stands outside of double braces names something.
        """
        if "{{" not in text and is_reference(text, "whole"):
            return (Placeholder(text, 0, bare=True),)
        if (workflow := WORKFLOW.search(text)) is not None:
            self.report(rules.TEMPLATE_WORKFLOW(written=workflow[0], name=workflow[1]), steps)
            return (text,)
        try:
            pieces = split_template(text)
        except ValueError as error:
            self.report(rules.TEMPLATE(problem=str(error)), steps)
            return (text,)
        if isinstance(pieces[0], str) and pieces[0].lstrip().startswith("{{"):
            self.report(rules.TEMPLATE_OPEN(), steps)
        return tuple(part for piece in pieces for part in _divide(piece, text, is_reference))

    def report_form(self, written: str, meant: str, text: str, steps: Steps) -> None:
        """Report a reference that has its meaning, and another form than the documented one."""
        fix = replace_text(self.source, steps, text, text.replace(written, meant))
        self.report(rules.UNDOCUMENTED_REFERENCE(written=written, meant=meant), steps, fix=fix)

    def report_shell_reference(self, written: str, text: str, steps: Steps) -> None:
        """Report a name outside of double braces where only variables may stand."""
        name = written.strip("${} ")
        known = self.variables.knows(name)
        fix = replace_text(self.source, steps, text, text.replace(written, f"{{{{{name}}}}}")) if known else ()
        close = None if known else find_closest(name, self.variables.list_names())
        advice = helps.DID_YOU_MEAN(suggestion=f"{{{{{close}}}}}") if close else None
        self.report(rules.TEMPLATE_SHELL(written=written, name=name), steps, advice, fix=fix)
        self.variables.mark_used(close or name, self.span(steps))  # so that nobody is told that it is unused

    def report_unbound(self, name: str, steps: Steps, also: Iterable[str] = ()) -> None:
        """Report an expression's name that means nothing here."""
        inputs = tuple(also)
        short = name.rpartition(".")[2]
        known = [
            known for known in (*self.variables.list_names(), *inputs) if is_close(short, known.rpartition(".")[2])
        ]
        namespace = name.partition(".")[0] if "." in name else "env"
        if self.shared and not known:
            return
        advice = suggest(name, known) or helps.BIND(namespace=namespace, key=short)
        self.report(self._describe_unbound(name, namespace, has_inputs=bool(inputs)), steps, advice)
        for meant in known:  # so that nobody is told that what was misspelt here is unused
            self.variables.mark_used(meant, self.span(steps))

    def _describe_unbound(self, name: str, namespace: str, *, has_inputs: bool) -> Statement:
        """That a name is bound nowhere, and is no input where there may be some."""
        if namespace in (*PREFIXES, *self.namespaces.exposed) and not has_inputs:
            return rules.UNBOUND_VARIABLE_CALLERS(name=name)
        if namespace in self.variables.namespaces:
            return (rules.UNBOUND_VARIABLE_INPUT if has_inputs else rules.UNBOUND_VARIABLE)(name=name)
        return (rules.UNBOUND_VARIABLE_INPUT_BIND if has_inputs else rules.UNBOUND_VARIABLE_BIND)(
            name=name, namespace=namespace
        )


def _divide(
    piece: str | Placeholder, text: str, is_reference: Callable[[str, Where], bool]
) -> Iterator[str | Placeholder]:
    """A literal piece of a template with what is written as shells do in it."""
    if not isinstance(piece, str) or "${" not in piece:
        yield piece
        return
    end = 0
    for match in SHELL.finditer(piece):
        where: Where = "start" if text.startswith(match[0]) else "inside"
        if is_reference(match[0], where):
            yield from filter(None, (piece[end : match.start()],))
            yield Placeholder(match[0], match.start(), bare=True)
            end = match.end()
    if end < len(piece):
        yield piece[end:]
