"""Resolves what the texts of one call name: inputs of the caller, bound variables, the environment.

Declared names come first. What looks like a variable and is bound nowhere is the environment's.
A reference that names nothing is reported, and never sent.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.link.reference_syntax import SHELL, Words
from naftiko_runtime.link.term_substitution import compose
from naftiko_runtime.link.variables import looks_like_variable
from naftiko_runtime.plan import Argument, Constant, Term
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_closest, find_nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.exposed_inputs import OperationInputs
    from naftiko_runtime.link.reference_syntax import Reference
    from naftiko_runtime.link.step_references import StepOutputs
    from naftiko_runtime.link.with_values import WithValues
    from naftiko_runtime.source import KeyPath
    from naftiko_runtime.template import Placeholder


class CallReferences(Struct):
    """Resolves the references in one exposed operation, and in the consumed one that it calls.

    Attributes:
        context: The linking run.
        names: The names of the expose, which are prefixes of references to inputs.
        consumed: The operation that is called.
        inputs: The inputs of the exposed operation; a reference may add to them.
        with_values: The values under ``with``.
        outputs: The outputs of earlier steps; none outside a workflow.
        failed: Whether a reference names nothing: it is unknown then which inputs are used.
    """

    context: Context
    names: tuple[str, ...]
    consumed: Consumed
    inputs: OperationInputs
    with_values: WithValues
    outputs: StepOutputs
    failed: bool = False

    # -- words ----------------------------------------------------------------------------------------------------

    @property
    def exposed_words(self) -> Words:
        """The words of the exposed side."""
        own = (*self.names, *self.context.namespaces.aggregates)
        return self._make_words(own, lambda name: self.inputs.find_name(name) is not None)

    @property
    def consumed_words(self) -> Words:
        """The words of the consumed side, which any expose may call."""
        spaces = self.context.namespaces
        own = dict.fromkeys((*self.names, *spaces.exposed, *spaces.aggregates))
        return self._make_words(tuple(own), self.is_known_input)

    def _make_words(self, own: tuple[str, ...], is_input: Callable[[str], bool]) -> Words:
        spaces, bound = self.context.namespaces, self.context.variables
        others = {*spaces.exposed, *spaces.consumed} - {*own}
        return Words(own, others, bound.namespaces, is_input, bound.knows)

    def is_known_input(self, name: str) -> bool:
        """Return whether the consumed side may mean an input by a name: one that is declared, bound or a parameter."""
        known = self.inputs.find_name(name) is not None or name in self.with_values.terms
        return known or self.consumed.find_parameter(name) is not None

    def _is_shell_variable(self, name: str) -> bool:
        """Return whether ``${X}`` means a variable: one has that name or it is written as one, and no input has it."""
        return not self.is_known_input(name) and (self.context.variables.knows(name) or looks_like_variable(name))

    # -- references -----------------------------------------------------------------------------------------------

    def resolve(
        self, reference: Reference, piece: Placeholder, text: str, key_path: KeyPath, fills: str | None = None
    ) -> Term:
        """Return what a reference names; an empty constant for nothing, which is reported.

        Args:
            reference: The reference.
            piece: The placeholder that it was read from.
            text: The text that has the placeholder.
            key_path: The place of the text.
            fills: The consumed parameter that it fills, if the text is a value under ``with``.
        """
        match reference.kind:
            case "input" if not (SHELL.fullmatch(piece.name) and self._is_shell_variable(reference.name)):
                argument = self.inputs.require(reference.name, fills)
                if not reference.documented or (piece.bare and fills is None):
                    meant = f"$this.{self.names[0]}.{reference.name}" if fills is not None else None
                    self._report_form(piece, reference.name, text, key_path, meant)
                return argument
            case "input":
                self.context.report_shell_reference(piece.name, text, key_path)
            case "variable":
                if (
                    variable := self.context.variables.resolve(reference.name, self.context.find_span(key_path))
                ) is not None:
                    if not reference.documented:
                        self._report_form(piece, reference.name, text, key_path)
                    return variable
                self.context.report_unbound(reference.name, key_path)
            case "nothing":
                self.refuse(piece.name, key_path, under_with=fills is not None)
            case _:
                assert_never(reference.kind)
        self.failed = True
        return Constant("")

    def _report_form(
        self, piece: Placeholder, name: str, text: str, key_path: KeyPath, meant: str | None = None
    ) -> None:
        """Report a reference in another form than the specification's."""
        meant = meant or (f"{{{{{name}}}}}" if piece.bare else name)
        self.context.report_form(piece.name, meant, text, key_path)

    def refuse(self, written: str, key_path: KeyPath, *, under_with: bool = False) -> None:
        """Report text that has the form of a reference, and names nothing."""
        name, own = written.strip("${} ").rpartition(".")[2], f"$this.{self.names[0]}"
        inputs = self.inputs.by_name
        if self.context.variables.knows(name) and name not in inputs:
            advice = helps.DID_YOU_MEAN(suggestion=f"{{{{{name}}}}}")
            self.context.variables.mark_used(name, self.context.find_span(key_path))
        elif (
            written.startswith("$this") and (path := self.outputs.find_path(written.removeprefix("$this"))) is not None
        ):
            advice = helps.DID_YOU_MEAN(suggestion=path)
        elif name and (close := find_closest(name, inputs)):
            advice = helps.DID_YOU_MEAN(suggestion=f"{own}.{close}" if under_with else f"{{{{{close}}}}}")
        elif under_with:
            advice = helps.WRITE_INPUT_WITH(own=own)
        else:
            advice = helps.WRITE_INPUT()
        of_step = written.startswith(("$.", "$["))
        statement = (rules.UNKNOWN_REFERENCE_STEP if of_step else rules.UNKNOWN_REFERENCE)(written=written)
        self.context.report(statement, key_path, advice)

    # -- templates ------------------------------------------------------------------------------------------------

    def link_consumed_template(self, text: str, key_path: KeyPath) -> Term:
        """Link a template of the consumed side, outside a body."""
        pieces = self.context.split_template(text, key_path, partial(self.consumed_words.is_reference, in_body=False))
        terms = (
            Constant(p) if isinstance(p, str) else self.resolve_piece(p, text, key_path, consumed=True) for p in pieces
        )
        return compose(terms)

    def link_exposed_template(self, text: str, key_path: KeyPath) -> Term:
        """Link a template of an output."""
        pieces = self.context.split_template(text, key_path, partial(self.exposed_words.is_reference, in_body=True))
        return compose(Constant(p) if isinstance(p, str) else self.resolve_piece(p, text, key_path) for p in pieces)

    def split_body_template(self, text: str, key_path: KeyPath) -> tuple[str | Placeholder, ...]:
        """Split a template of a consumed body."""
        return self.context.split_template(text, key_path, partial(self.consumed_words.is_reference, in_body=True))

    def resolve_body_piece(self, piece: Placeholder, text: str, key_path: KeyPath) -> Term:
        """Return what a placeholder in a consumed body means; if nothing declares it, it becomes an input."""
        reference = self.consumed_words.read(piece.name, braced=not piece.bare)
        name = reference.name if reference is not None and reference.kind == "input" else piece.name
        if (bound := self.with_values.use(name)) is not None:
            return bound
        if (declared := self._resolve_declared(piece, text, key_path, self.consumed_words)) is not None:
            return declared
        if self.consumed.find_parameter(name) is None:
            if looks_like_variable(name) and (variable := self.context.resolve_variable(name, key_path)) is not None:
                return variable
            if "." in name:
                return self._report_unbound(name, key_path)
        return self.inputs.require(name)

    def resolve_piece(self, piece: Placeholder, text: str, key_path: KeyPath, *, consumed: bool = False) -> Term:
        """Return what a placeholder outside a body means: an input, a variable, or a name of the environment.

        Args:
            piece: The placeholder.
            text: The template that has it.
            key_path: The place of the template.
            consumed: Whether the template is the consumed side's, where any name may be the environment's.
        """
        name, words = piece.name, self.consumed_words if consumed else self.exposed_words
        if not consumed and (found := self.outputs.resolve_name(name, key_path)) is not None:
            return found
        shell = SHELL.fullmatch(name) if consumed and piece.bare else None
        if shell is not None and not self._is_explained(shell[1]):
            self.refuse(name, key_path)
            return Constant("")
        if (declared := self._resolve_declared(piece, text, key_path, words)) is not None:
            return declared
        if looks_like_variable(name) or (consumed and find_nearest(name, self.inputs.by_name) is None):
            variable = self.context.variables.resolve_unlisted(name, self.context.find_span(key_path))
            if variable is not None:
                return variable
        return self._report_unbound(name, key_path)

    def resolve_environment(self, name: str) -> Term | None:
        """Return the value of a consumed parameter ``in: environment``: its ``value``, or the variable of its name."""
        parameter = next((p for p in self.consumed.parameters if p.in_ == "environment" and p.name == name), None)
        if parameter is None:
            return None
        if (bound := self.with_values.use(name)) is not None:
            return bound
        if parameter.value is not None:
            return self.context.link_secret_text(parameter.value, parameter.get_path("value"))
        return self.context.variables.resolve_environment(name, self.context.find_span(parameter.get_path("name")))

    def _report_unbound(self, name: str, key_path: KeyPath) -> Term:
        self.context.report_unbound(name, key_path, self.inputs.by_name)
        self.failed = True
        return Constant("")

    def _is_explained(self, name: str) -> bool:
        """Return whether the consumed side knows what ``${name}`` is; only under ``with`` any name may be an input."""
        return "." in name or "$" in name or self.is_known_input(name) or self._is_shell_variable(name)

    def _resolve_declared(self, piece: Placeholder, text: str, key_path: KeyPath, words: Words) -> Term | None:
        """Return what a placeholder means by what the document declares; None if that is nothing."""
        name = piece.name
        if not piece.bare:
            if (given := self.resolve_environment(name)) is not None:
                return given
            if variable := self.context.variables.resolve(name, self.context.find_span(key_path)):
                return variable
            if name in self.inputs.by_name:
                return Argument(name)
        if (reference := words.read(name, braced=not piece.bare)) is not None:
            return self.resolve(reference, piece, text, key_path)
        found = self.inputs.find_name(name)
        return None if found is None else Argument(found)
