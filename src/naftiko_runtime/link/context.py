"""The context of linking one document: its source, its findings and its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.reference_syntax import PREFIXES, SHELL, Words
from naftiko_runtime.link.variables import looks_like_variable
from naftiko_runtime.plan import Composed, Constant, Term
from naftiko_runtime.rules import helps
from naftiko_runtime.rules.message_clauses import DescribedError
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.suggest import find_closest, is_close, suggest
from naftiko_runtime.template import Placeholder, split_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from naftiko_runtime.diagnostic import Edit, Findings, Span
    from naftiko_runtime.link.reference_syntax import Where
    from naftiko_runtime.link.variables import Variables
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.plan import Variable
    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source import KeyPath, Source

WORKFLOW: Final = compile_lazily(r"\$\{\{\s*(?:env|secrets|vars)\.([^{}\s]+)\s*\}\}")
"""A variable in the syntax of GitHub Actions."""
_SINGLE_BRACES: Final = compile_lazily(r"(?<![{$])\{(?P<name>[\w.]+)\}(?!\})")


class Namespaces(Struct, frozen=True):
    """The namespaces of a document.

    Attributes:
        exposed: The exposes, also by their names in imported files.
        aggregates: The aggregates.
        consumed: The APIs, and their operations as ``namespace.operation``.
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
    """Folders that a document may read, besides its own."""
    shared: bool = False
    """Whether the document is only for import: other documents may bind its variables."""
    unread: frozenset[KeyPath] = frozenset()
    """The places of wrong values and missing keys, which have replacement values."""
    namespaces: Namespaces = Namespaces()

    def report(
        self,
        statement: Statement,
        key_path: KeyPath,
        advice: Advice | None = None,
        *,
        key: bool = False,
        fix: tuple[Edit, ...] = (),
        related: Span | None = None,
    ) -> None:
        """Report a finding at a place of the document.

        Args:
            statement: What is wrong.
            key_path: The place of the value.
            advice: Advice that replaces the statement's own.
            key: Whether the place is the key, and not the value.
            fix: The edits that resolve it.
            related: A related place.
        """
        span = self.source.find_span(key_path, key=key)
        self.findings.report(statement, span, advice, part=key_path, fix=fix, related=related)

    def may_be_completed(self, name: str, known: Iterable[str]) -> bool:
        """Return whether an unknown name may be known in a document that imports this one.

        A name that is similar to a known one is a misspelling.
        """
        return self.shared and not any(is_close(name, candidate) for candidate in known)

    def find_span(self, key_path: KeyPath) -> Span:
        """Return the place of a value."""
        return self.source.find_span(key_path)

    def takes_nothing(self, *levels: Part) -> bool:
        """Return whether one of several levels has ``inputParameters: []``; a key without a value does not count."""
        written = (level for level in levels if "input_parameters" in level.model_fields_set)
        return any(self.source.get(level.get_path("inputParameters")) == [] for level in written)

    def link_secret_text(self, text: str, key_path: KeyPath) -> Term:
        """Link a template that may have only variables, as in credentials and base URIs."""
        pieces = self.split_template(text, key_path, self.means_variable)
        parts = tuple(Constant(p) if isinstance(p, str) else self._link_secret_piece(p, text, key_path) for p in pieces)
        return parts[0] if len(parts) == 1 else Composed(parts)

    def needs_caller(self, text: str, key_path: KeyPath) -> bool:
        """Return whether a template may mean an input: a name in it is no variable's, nor written like one."""
        try:
            names = [piece.name for piece in split_template(text) if not isinstance(piece, str)]
        except ValueError:  # reported where the text is read
            return False
        span = self.find_span(key_path)
        return not all(looks_like_variable(name) or self.variables.resolve(name, span) for name in names)

    def means_variable(self, written: str, _: Where = "whole") -> bool:
        """Return whether a text outside braces means a variable: ``${X}``, ``$X``, ``env.X``.

        Other texts are secrets.
        """
        reference = self._variable_words.read(written)
        if reference is None or reference.kind != "nothing":
            return reference is not None
        return looks_like_variable(written[1:]) or written.startswith(("$this.", "$input"))

    @property
    def _variable_words(self) -> Words:
        return Words((), (), self.variables.namespaces, lambda _: False)

    def _link_secret_piece(self, piece: Placeholder, text: str, key_path: KeyPath) -> Constant | Variable:
        reference = self._variable_words.read(piece.name) if piece.bare else None
        if reference is None:
            variable = self.resolve_variable(piece.name, key_path)
        elif reference.kind == "variable":
            variable = self.resolve_variable(reference.name, key_path)
            if variable is not None:
                self.report_form(piece.name, f"{{{{{reference.name}}}}}", text, key_path)
        elif "." in piece.name and "${" not in piece.name:
            self.report(rules.UNKNOWN_REFERENCE_CALLERS(name=piece.name), key_path)
            return Constant("")
        else:
            self.report_shell_reference(piece.name, text, key_path)
            return Constant("")
        if variable is None:
            self.report_unbound(piece.name, key_path)
            return Constant("")
        return variable

    def resolve_variable(self, name: str, key_path: KeyPath) -> Variable | None:
        """Return the variable of a name, where only variables are possible: an unlisted one is the environment's."""
        span = self.find_span(key_path)
        return self.variables.resolve(name, span) or self.variables.resolve_unlisted(name, span)

    def split_template(
        self, text: str, key_path: KeyPath, is_reference: Callable[[str, Where], bool]
    ) -> tuple[str | Placeholder, ...]:
        """Split a template; one that does not parse is reported, and is a literal.

        Args:
            text: The template.
            key_path: Its place.
            is_reference: Whether a part of it outside double braces is a reference.
        """
        if "{{" not in text and is_reference(text, "whole"):
            return (Placeholder(text, 0, bare=True),)
        if (workflow := WORKFLOW.search(text)) is not None:
            self.report(rules.TEMPLATE_WORKFLOW(written=workflow[0], name=workflow[1]), key_path)
            return (text,)
        try:
            pieces = split_template(text)
        except DescribedError as error:
            self.report(rules.TEMPLATE(problem=error.problem), key_path)
            return (text,)
        single = _SINGLE_BRACES.search(text)
        if single is not None and self.variables.knows(single["name"]):
            self.report_shell_reference(single[0], text, key_path)
            return (text,)
        if isinstance(pieces[0], str) and pieces[0].lstrip().startswith("{{"):
            self.report(rules.TEMPLATE_OPEN(), key_path)
        return tuple(part for piece in pieces for part in _divide(piece, text, is_reference))

    def report_form(self, written: str, meant: str, text: str, key_path: KeyPath) -> None:
        """Report a reference in another form than the specification's."""
        fix = replace_text(self.source, key_path, text, text.replace(written, meant))
        self.report(rules.UNDOCUMENTED_REFERENCE(written=written, meant=meant), key_path, fix=fix)

    def report_shell_reference(self, written: str, text: str, key_path: KeyPath) -> None:
        """Report a name outside double braces, where only variables are possible."""
        name = written.strip("${} ")
        known = self.variables.knows(name)
        fix = replace_text(self.source, key_path, text, text.replace(written, f"{{{{{name}}}}}")) if known else ()
        close = None if known else find_closest(name, self.variables.list_names())
        advice = helps.DID_YOU_MEAN(suggestion=f"{{{{{close}}}}}") if close else None
        self.report(rules.TEMPLATE_SHELL(written=written, name=name), key_path, advice, fix=fix)
        self.variables.mark_used(close or name, self.find_span(key_path))  # so that it is not reported as unused

    def report_unbound(self, name: str, key_path: KeyPath, also: Iterable[str] = ()) -> None:
        """Report an unknown name in an expression."""
        inputs = tuple(also)
        short = name.rpartition(".")[2]
        known = [
            known for known in (*self.variables.list_names(), *inputs) if is_close(short, known.rpartition(".")[2])
        ]
        namespace = name.partition(".")[0] if "." in name else "env"
        if self.shared and not known:
            return
        advice = suggest(name, known) or self._advise_unbound(short, namespace, inputs)
        self.report(self._describe_unbound(name, namespace, has_inputs=bool(inputs)), key_path, advice)
        for meant in known:  # so that a misspelt variable is not reported as unused
            self.variables.mark_used(meant, self.find_span(key_path))

    def _advise_unbound(self, name: str, namespace: str, inputs: tuple[str, ...]) -> Advice:
        """Advise on an unknown name that resembles no known one: an input, a key of a bind, or a bind."""
        if inputs and not looks_like_variable(name):
            return helps.LISTED(known=inputs)
        environment = self.variables.find_environment(namespace)
        return (
            helps.BIND(namespace=namespace, key=name)
            if environment is None
            else helps.LIST_KEY(key=name, namespace=environment)
        )

    def _describe_unbound(self, name: str, namespace: str, *, has_inputs: bool) -> Statement:
        """Return the statement that a name is neither bound nor an input, if there may be inputs."""
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
    """Split a literal piece of a template at references in shell syntax."""
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
