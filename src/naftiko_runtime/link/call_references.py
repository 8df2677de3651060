"""What the texts of one call name: inputs of the caller, bound variables, constants.

The rules are SEMANTICS §4 and §9: what is declared comes first, what looks like a variable and is bound nowhere is the
environment's, and what names nothing is reported, never sent.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.document.parameters import BodyTemplate
from naftiko_runtime.lazy_import import pattern
from naftiko_runtime.link.consumed import fold
from naftiko_runtime.link.context import WORKFLOW
from naftiko_runtime.link.references import PREFIXES, SHELL, Words
from naftiko_runtime.link.substitution import compose, find_variables, substitute
from naftiko_runtime.link.variables import looks_like_variable
from naftiko_runtime.plan import Argument, Constant, Input, Place, Term, freeze
from naftiko_runtime.rules import helps
from naftiko_runtime.source.edits import respelt
from naftiko_runtime.suggest import closest, nearest, suggest
from naftiko_runtime.template import Placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.document.exposes import Exposed
    from naftiko_runtime.document.parameters import ConsumedParameter
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.references import Reference
    from naftiko_runtime.source import Steps

WRITES: Final = ("POST", "PUT", "PATCH")
_BEGUN: Final = pattern(r"\$[\w.\[{]")
"""How a text begins that is a reference; a dollar before a placeholder is a currency's."""
_DOTTED: Final = pattern(r"([A-Za-z_][\w-]*)\.([A-Za-z_][\w-]*)")


class Naming(Struct):
    """What the texts of one exposed operation, and of the consumed one that it calls, name.

    Attributes:
        context: The linking run.
        exposed: The exposed operation.
        names: Of its expose: what stands before the dot where a value names an input.
        consumed: What it calls.
        inputs: The declared inputs, then the inferred ones, by name.
        tool: Whether it is an MCP tool, whose caller can only give arguments.
        fixed: What the document itself gives for some of the inputs; they are no caller's to give.
        closed: Whether the exposed side says ``inputParameters: []``: there is nothing to give but what is declared.
        displaced: Inputs that are declared for the path of a route that has no place for them, by name.
    """

    context: Context
    exposed: Exposed
    names: tuple[str, ...]
    consumed: Consumed
    inputs: dict[str, Input]
    tool: bool
    fixed: Mapping[str, Term] = field(default_factory=dict)
    closed: bool = False
    displaced: Mapping[str, Input] = field(default_factory=dict)
    _with: dict[str, Term] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _shown: list[Term] = field(default_factory=list)
    """What outputs show of the inputs."""
    _hidden: set[str] = field(default_factory=set)
    """Inputs for what the API's authentication sets, which no caller is asked for."""
    _broken: bool = False
    """Whether a value names nothing: which inputs are used cannot be told then."""

    # -- values under ``with`` ------------------------------------------------------------------------------------

    def _with_term(self, name: str, value: Any) -> Term:
        steps = self.exposed.at("with", name)
        if not isinstance(value, str):
            if isinstance(value, dict | list) or value is None:
                self.context.report(rules.WRONG_TYPE_WITH(name=name), steps)
            return Constant(freeze(value))
        if value in self.inputs:
            return Argument(value)
        reference = None if "{{" in value else self._words.read(value)
        if reference is not None:
            return self._with_reference(reference, name, value)
        if "{{" in value or "${" in value:
            pieces = self.context.pieces(value, steps, lambda _, where: where != "whole")
            first = pieces[0] if isinstance(pieces[0], str) else ""
            begun = _BEGUN.match(first) or (first.startswith("$") and len(pieces) == 1)
            if begun and not WORKFLOW.search(value):  # that is reported already
                self._refuse_reference(value, steps, under_with=True)
            return compose(Constant(p) if isinstance(p, str) else self.named(p, value, steps) for p in pieces)
        self._check_prefix(value, name, steps)
        return Constant(value)

    def _with_reference(self, reference: Reference, name: str, text: str) -> Term:
        """What a reference under ``with`` names; an input that is not listed becomes one, unless it is a slip."""
        steps, before = self.exposed.at("with", name), {*self.inputs, *self.displaced}
        parameters = getattr(self.exposed, "input_parameters", ())
        listed = [parameter.name for parameter in parameters if parameter.name not in self.displaced]
        if reference.kind == "input" and not self._is_known(reference.name) and nearest(reference.name, listed):
            self._refuse_reference(text, steps, under_with=True)
            self._broken = True
            return Constant("")
        term = self._referred(reference, Placeholder(text, 0, bare=True), text, steps, fills=name)
        if listed and isinstance(term, Argument) and term.name not in before:
            advice = suggest(term.name, listed, helps.LISTED)
            self.context.report(rules.UNLISTED_INPUT(name=term.name), steps, advice)
        return term

    def _check_prefix(self, text: str, fills: str, steps: Steps) -> None:
        """Report text that is nearly a reference: a misspelt prefix would otherwise be sent as a constant."""
        match = _DOTTED.fullmatch(text)
        if match is None:
            return
        known = (*PREFIXES, *self.names)
        meant = closest(match[1], known) if match[2] == fills or self._is_known(match[2]) else nearest(match[1], known)
        if meant is not None:
            advice = helps.DID_YOU_MEAN(suggestion=meant)
            self.context.report(rules.UNKNOWN_REFERENCE_PREFIX(prefix=match[1]), steps, advice)
            self._broken = True

    # -- words ----------------------------------------------------------------------------------------------------

    @property
    def _words(self) -> Words:
        """The words of the exposed side."""
        own = (*self.names, *self.context.namespaces.aggregates)
        return self._named_words(own, lambda name: self._folded(name) is not None)

    @property
    def _consumed_words(self) -> Words:
        """The words of the consumed side, which any expose may call."""
        spaces = self.context.namespaces
        own = dict.fromkeys((*self.names, *spaces.exposed, *spaces.aggregates))
        return self._named_words(tuple(own), self._is_known)

    def _named_words(self, own: tuple[str, ...], is_input: Callable[[str], bool]) -> Words:
        spaces, bound = self.context.namespaces, self.context.variables
        others = {*spaces.exposed, *spaces.consumed} - {*own}
        return Words(own, others, bound.namespaces, is_input, bound.knows)

    def _is_known(self, name: str) -> bool:
        """Whether the consumed side may mean an input by a name: one that is declared, bound or a parameter."""
        return self._folded(name) is not None or name in self._with or self._parameter(name) is not None

    def _parameter(self, name: str) -> ConsumedParameter | None:
        return next((p for p in self.consumed.parameters if p.name == name), None)

    # -- references -----------------------------------------------------------------------------------------------

    def _referred(
        self, reference: Reference, piece: Placeholder, text: str, steps: Steps, fills: str | None = None
    ) -> Term:
        """What a reference names.

        Args:
            reference: What it says.
            piece: Where in a text it stands.
            text: That text.
            steps: Where the text stands.
            fills: The consumed parameter that it fills, when it stands under ``with``.
        """
        match reference.kind:
            case "input" if not (SHELL.fullmatch(piece.name) and self._is_shell_variable(reference.name)):
                argument = self._argument(reference.name, fills)
                if not reference.documented or (piece.bare and fills is None):
                    self._tell_of_form(piece, reference.name, text, steps, under_with=fills is not None)
                return argument
            case "input":
                self.context.refuse_shell(piece.name, text, steps)
            case "variable":
                if (variable := self.context.variables.resolve(reference.name, self.context.span(steps))) is not None:
                    if not reference.documented:
                        meant = f"{{{{{reference.name}}}}}" if piece.bare else reference.name
                        self.context.tell_of_form(piece.name, meant, text, steps)
                    return variable
                self.context.unbound(reference.name, steps)
            case "nothing":
                self._refuse_reference(piece.name, steps, under_with=fills is not None)
            case _:
                assert_never(reference.kind)
        self._broken = True
        return Constant("")

    def _is_shell_variable(self, name: str) -> bool:
        """Whether ``${X}`` is meant for a variable: it names one, or is written as one, and no input is called so."""
        return not self._is_known(name) and (self.context.variables.knows(name) or looks_like_variable(name))

    def _argument(self, name: str, fills: str | None = None) -> Argument:
        """The caller's input of a name, which becomes one if there is none."""
        folded = self._folded(name)
        if folded is None:
            self._infer(name, fills)
        return Argument(folded or name)

    def _tell_of_form(self, piece: Placeholder, name: str, text: str, steps: Steps, *, under_with: bool) -> None:
        """Report a reference to an input in another form than the specification's."""
        meant = f"{{{{{name}}}}}" if piece.bare else name
        self.context.tell_of_form(piece.name, f"$this.{self.names[0]}.{name}" if under_with else meant, text, steps)

    def _refuse_reference(self, written: str, steps: Steps, *, under_with: bool = False) -> None:
        """Report what has the form of a reference, and names nothing."""
        name, own = written.strip("${} ").rpartition(".")[2], f"$this.{self.names[0]}"
        if self.context.variables.knows(name) and name not in self.inputs:
            advice = helps.DID_YOU_MEAN(suggestion=f"{{{{{name}}}}}")
            self.context.variables.note_use(name, self.context.span(steps))
        elif name and (close := closest(name, self.inputs)):
            advice = helps.DID_YOU_MEAN(suggestion=f"{own}.{close}" if under_with else f"{{{{{close}}}}}")
        elif under_with:
            advice = helps.WRITE_INPUT_WITH(own=own)
        else:
            advice = helps.WRITE_INPUT()
        of_step = written.startswith(("$.", "$["))
        statement = (rules.UNKNOWN_REFERENCE_STEP if of_step else rules.UNKNOWN_REFERENCE)(written=written)
        self.context.report(statement, steps, advice)

    # -- templates ------------------------------------------------------------------------------------------------

    def template(self, text: str, steps: Steps) -> Term:
        """A template of the consumed side over variables and inputs, as a term."""
        pieces = self.context.pieces(text, steps, partial(self._consumed_words.is_reference, in_body=False))
        return compose(Constant(p) if isinstance(p, str) else self.named(p, text, steps, consumed=True) for p in pieces)

    def shown(self, text: str, steps: Steps) -> Term:
        """A template of an output, as a term over the caller's inputs alone; to be told before :meth:`link`."""
        if text.startswith(("$.", "$[")):
            self.context.report(rules.UNKNOWN_REFERENCE_PATH(path=text), steps)
        pieces = self.context.pieces(text, steps, partial(self._words.is_reference, in_body=True))
        template = compose(Constant(p) if isinstance(p, str) else self.named(p, text, steps) for p in pieces)
        self._shown.append(template)
        term: Term = substitute(template, self.fixed)
        for name in set(find_variables(term)):
            self.context.report(rules.SECRET_SHOWN(name=name), steps)
        return term

    def body_pieces(self, text: str, steps: Steps) -> tuple[str | Placeholder, ...]:
        """A template of a body, split."""
        return self.context.pieces(text, steps, partial(self._consumed_words.is_reference, in_body=True))

    def body_value(self, piece: Placeholder, text: str, steps: Steps) -> Term:
        """What a placeholder in a body template means; one that nothing explains becomes an input of the caller."""
        reference = self._consumed_words.read(piece.name, braced=not piece.bare)
        name = reference.name if reference is not None and reference.kind == "input" else piece.name
        if (bound := self._bound(name)) is not None:
            return bound
        if (meant := self._meant(piece, text, steps, self._consumed_words)) is not None:
            return meant
        if self._parameter(name) is None:
            if looks_like_variable(name) and (variable := self.context.variable(name, steps)) is not None:
                return variable
            if "." in name:
                self.context.unbound(name, steps, self.inputs)
                self._broken = True
                return Constant("")
        return self._argument(name)

    def named(self, piece: Placeholder, text: str, steps: Steps, *, consumed: bool = False) -> Term:
        """What a placeholder means: a variable, an input of the caller, or what the environment has.

        Args:
            piece: The placeholder.
            text: The template that it stands in.
            steps: Where that stands.
            consumed: Whether the consumed side has it, which speaks of inputs and of the environment alike.
        """
        name, words = piece.name, self._consumed_words if consumed else self._words
        shell = SHELL.fullmatch(name) if consumed and piece.bare else None
        if shell is not None and not self._is_explained(shell[1]):
            self._refuse_reference(name, steps)
            return Constant("")
        meant = self._meant(piece, text, steps, words)
        if meant is not None:
            return meant
        if looks_like_variable(name) or (consumed and nearest(name, self.inputs) is None):
            variable = self.context.variables.from_environment(name, self.context.span(steps))
            if variable is not None:
                return variable
        self.context.unbound(name, steps, self.inputs)
        self._broken = True
        return Constant("")

    def _is_explained(self, name: str) -> bool:
        """Whether the consumed side can tell what ``${name}`` is; only under ``with`` it is the caller's anyhow."""
        return "." in name or "$" in name or self._is_known(name) or self._is_shell_variable(name)

    def _meant(self, piece: Placeholder, text: str, steps: Steps, words: Words) -> Term | None:
        """What a placeholder means by what the document declares; none if that is nothing."""
        name = piece.name
        if not piece.bare:
            if (given := self._environment(name)) is not None:
                return given
            if variable := self.context.variables.resolve(name, self.context.span(steps)):
                return variable
            if name in self.inputs:
                return Argument(name)
        if (reference := words.read(name, braced=not piece.bare)) is not None:
            return self._referred(reference, piece, text, steps)
        folded = self._folded(name)
        return None if folded is None else Argument(folded)

    # -- inputs ---------------------------------------------------------------------------------------------------

    def _folded(self, name: str) -> str | None:
        """A declared input that differs from a name only in case and punctuation, when there is exactly one."""
        if name in self.inputs:
            return name
        found = [known for known in self.inputs if fold(known) == fold(name)]
        return found[0] if len(found) == 1 else None

    def _environment(self, name: str) -> Term | None:
        """What a consumed parameter ``in: environment`` holds: its ``value``, or the variable of its name."""
        parameter = next((p for p in self.consumed.parameters if p.in_ == "environment" and p.name == name), None)
        if parameter is None:
            return None
        if (bound := self._bound(name)) is not None:
            return bound
        if parameter.value is not None:
            return self.context.secret_text(parameter.value, parameter.at("value"))
        return self.context.variables.environment(name, self.context.span(parameter.at("name")))

    def _infer(self, name: str, consumed_name: str | None = None) -> None:
        """Add an input that nobody declares on the exposed side, with what the consumed side says of it."""
        if name in self.inputs:
            return
        wanted = consumed_name or name
        parameter = next((p for p in self.consumed.parameters if p.name == wanted), None)
        in_path = wanted in self.consumed.placeholders
        place: Place = "query"
        if parameter is not None and parameter.in_ in ("header", "cookie", "body"):
            place = parameter.in_
        elif parameter is None and not in_path and (self._has_template() or self._takes_fields()):
            place = "body"
        inferred = Input(
            name=name,
            place=place,
            type=(parameter.type if parameter else None) or ("string" if in_path else None),
            required=in_path or bool(parameter and parameter.required),
            default=freeze(parameter.default) if parameter else None,
            description=parameter.description if parameter else None,
            inferred=True,
        )
        self.inputs[name] = self._as_displaced(inferred)

    def _is_displaced(self, name: str) -> bool:
        """Whether the route declares an input for a place that its path does not have, which is reported there."""
        return any(fold(declared) == fold(name) for declared in self.displaced)

    def _as_displaced(self, inferred: Input) -> Input:
        """An inferred input, checked as the route declares it for a place that its path does not have."""
        declared = next((one for name, one in self.displaced.items() if fold(name) == fold(inferred.name)), None)
        if declared is None:
            return inferred
        return replace(
            inferred,
            type=declared.type or inferred.type,
            pattern=declared.pattern,
            description=declared.description or inferred.description,
        )

    def _has_template(self) -> bool:
        """Whether the consumed operation writes a body, in which names stand that it does not declare."""
        body = self.consumed.spec.body
        return body is not None and not (isinstance(body, BodyTemplate) and body.data is None)

    def _takes_any_body(self) -> bool:
        """Whether the consumed operation names a kind of body, and leaves what is in it to the caller."""
        return isinstance(self.consumed.spec.body, BodyTemplate) and self.consumed.spec.body.data is None

    def _takes_fields(self) -> bool:
        """Whether ``with`` may name fields of a body that the consumed operation says nothing of."""
        silent = not self._has_template() and not self.consumed.declares("query", "header", "cookie", "body")
        return silent and self.consumed.spec.method in WRITES

    def _bound(self, name: str) -> Term | None:
        """What ``with`` says of a consumed name, noting the use; one that differs in spelling only is taken."""
        key = name if name in self._with else self._respelt(name)
        if key is None:
            return None
        self._used.add(key)
        return self._with[key]

    def _respelt(self, name: str) -> str | None:
        """The ``with`` key that differs from a name in case and punctuation, when it is the only one and no other's."""
        known = {*(p.name for p in self.consumed.parameters), *self.consumed.placeholders}
        found = [key for key in self._with if key not in known and fold(key) == fold(name)]
        if len(found) != 1:
            return None
        key, meant = found[0], self.consumed.spelt.get(name, name)
        if key != meant:  # otherwise it is the parameter that is spelt otherwise, which is told there
            steps = self.exposed.at("with", key)
            fix = respelt(self.context.source, steps, key, meant, key=True)
            statement = rules.PLACEHOLDER_CASE_WITH(name=key, meant=meant, operation=self.consumed.name)
            self.context.report(statement, steps, key=True, fix=fix)
        return key
