"""Resolves what a step or a result takes from earlier steps: ``$.step.path`` and ``{{step.field}}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from naftiko_runtime import rules
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.field_of_list import check_path_into_list
from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.link.reference_syntax import PREFIXES, SYNONYMS
from naftiko_runtime.link.unknown_output import OutputNames, check_output_name
from naftiko_runtime.link.variables import ENVIRONMENT
from naftiko_runtime.plan import INDEX, ITEM, Argument, Constant, StepReference
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_nearest, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Input, Term
    from naftiko_runtime.rules import Advice
    from naftiko_runtime.source import KeyPath

_PATH: Final = compile_lazily(r"(?s)\$\.?(?:\[\s*['\"](?P<quoted>[^'\"]+)['\"]\s*\]|(?P<plain>[\w-]+))(?P<rest>.*)")
"""A JSONPath: its first name, and the rest."""
_NAME: Final = compile_lazily(r"(?s)(?P<plain>[\w-]+)(?P<rest>[.\[].*)?")
"""What is in double braces, or a whole value: a name, and a path in it."""

_INNER: Final = compile_lazily(r"\.([\w-]+)")
_PREFIXES: Final = ("steps", "step", "outputs", "context")
"""What authors write before the name of a step, and nothing has."""


class StepOutputs(Struct):
    """The outputs that one step, or the result, can use.

    Attributes:
        context: The linking run.
        earlier: The steps before it, in order, and what a loop names.
        own: The step itself; None for the result.
        steps: All steps of the workflow; none in a plain call, which has nothing to refer to.
        inputs: The inputs of the operation by name.
        of_loop: The names in ``earlier`` that are the loop's.
        outside: The names of a loop around the step, which what stands outside it cannot use.
        others: The namespaces that references may have, which are no misspelt steps.
        lists: The JSONPath of the list in each page, for earlier steps whose output is surely a list; ``$`` in a loop.
        known: What the outputs of earlier steps have, if they surely have nothing else.
        fixed: The inputs that the document gives a value; a path into one is unknown.
        used: The references that were read, by the argument that stands for each.
        failed: Whether one names nothing: it is unknown then which inputs are used.
    """

    context: Context
    earlier: tuple[str, ...] = ()
    own: str | None = None
    steps: tuple[str, ...] = ()
    inputs: Mapping[str, Input] = {}
    of_loop: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    others: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    lists: Mapping[str, str] = {}
    known: Mapping[str, OutputNames] = {}
    used: dict[str, StepReference] = field(default_factory=dict)
    failed: bool = False

    @property
    def references(self) -> tuple[StepReference, ...]:
        """The references that were read."""
        return tuple(self.used.values())

    def resolve_path(self, text: str, place: KeyPath) -> Term | None:
        """Return what a JSONPath into earlier outputs names. None for another text, and outside a workflow."""
        match = _PATH.fullmatch(text) if self.steps and text.startswith(("$.", "$[")) else None
        if match is None:
            return None
        return self._resolve(match["quoted"] or match["plain"], match["rest"], text, place)

    def resolve_name(self, text: str, place: KeyPath) -> Term | None:
        """Return what a text in double braces names: a part of an earlier output. None if it may be something else."""
        if text.startswith(("$.", "$[")):
            return self.resolve_path(text, place)
        match = _NAME.fullmatch(text) if self.steps and text not in self.inputs else None
        if match is None:
            return None
        name, rest = match["plain"], match["rest"] or ""
        if self._find_earlier(name) is not None or name in self.steps:
            return self._resolve(name, rest, text, place)
        if rest and name in self.inputs and name not in self.fixed:
            return self._refer(name, rest, text, place, of_input=True)
        known = {*PREFIXES, *SYNONYMS, ENVIRONMENT, "this", *self.others}
        is_misspelt = rest.startswith(".") and name not in known and find_nearest(name, self.steps) is not None
        return self._report_unknown(name, place) if is_misspelt else None

    def resolve_bare(self, text: str, place: KeyPath) -> Term | None:
        """Return what a whole value such as ``ship.imo`` names, which the specification does not have."""
        match = _NAME.fullmatch(text) if self.steps else None
        if match is None or not match["rest"] or match["plain"] not in self.steps:
            return None
        self.context.report_form(text, f"$.{text}", text, place)
        return self._resolve(match["plain"], match["rest"], text, place)

    def find_path(self, rest: str) -> str | None:
        """The JSONPath into an earlier output of what follows a prefix: ``.ship.imo``. None if no step is named."""
        match = _INNER.match(rest)
        return None if match is None or self._find_earlier(match[1]) is None else f"${rest}"

    def resolve_rows(self, text: str, place: KeyPath) -> StepReference | None:
        """Return the rows that a lookup searches: the name of an earlier step, or a JSONPath into its output.

        None for nothing, which is reported.
        """
        path = _PATH.fullmatch(text)
        name, rest = (text, "") if path is None else (path["quoted"] or path["plain"], path["rest"])
        found = None if name in self.of_loop else self._find_earlier(name)
        if found is None:
            self._report_unknown(name, place, rest)
            return None
        term = self._refer(found, rest, text, place)
        return self.used[term.name] if isinstance(term, Argument) else None

    def resolve_field(self, name: str, place: KeyPath) -> Term:
        """Return the output or the input of a name; an empty constant for nothing, which is reported."""
        return self._resolve(name, "", f"$.{name}", place)

    def _resolve(self, name: str, rest: str, text: str, place: KeyPath) -> Term:
        found = self._find_earlier(name)
        if found is not None:
            if found != name:
                self.context.report_form(name, found, text, place)
            return self._refer(found, rest, text, place)
        if name in self.inputs and name not in self.steps and not (rest and name in self.fixed):
            return self._refer(name, rest, text, place, of_input=True) if rest else Argument(name)
        return self._report_unknown(name, place, rest)

    def _refer(self, source: str, rest: str, text: str, place: KeyPath, *, of_input: bool = False) -> Term:
        path = f"${rest}"
        try:
            compile_path(path)
        except JsonPathError as error:
            problem = (_find_error(text) or error).problem  # its column is that of the whole text
            self.context.report(rules.JSONPATH(problem=problem), place)
            return self._fail()
        argument = f"$.{source}{rest}"
        if not of_input and source in self.lists:
            check_path_into_list(path, place, self.lists[source], self.context, f"$.{source}")
        elif not of_input and source in self.known:
            check_output_name(path, source, self.known[source], place, self.context)
        self.used[argument] = StepReference(argument, source, path, of_input)
        return Argument(argument)

    def _find_earlier(self, name: str) -> str | None:
        """The earlier step of a name, or the only one that differs from it in case and punctuation."""
        if name in self.earlier:
            return name
        found = [step for step in self.earlier if fold_name(step) == fold_name(name)]
        return found[0] if len(found) == 1 and name not in self.steps else None

    def _report_unknown(self, name: str, place: KeyPath, rest: str = "") -> Term:
        if name == self.own:
            earlier = tuple(sorted(set(self.earlier)))
            advice = helps.EARLIER_STEPS(known=earlier) if earlier else None
            self.context.report(rules.UNKNOWN_STEP_OWN(), place, advice)
        elif name in self.outside:
            self.context.report(rules.UNKNOWN_STEP_OF_LOOP(name=name), place)
        elif name in self.steps and name not in self.of_loop:
            self.context.report(rules.UNKNOWN_STEP_LATER(name=name), place)
        else:
            self.context.report(rules.UNKNOWN_STEP(name=name), place, self._advise(name, rest))
        return self._fail()

    def _advise(self, name: str, rest: str) -> Advice | None:
        """Advise on a name that is no step, and on the path that follows it."""
        if name in (ITEM, INDEX) and not self.of_loop:
            return helps.IN_LOOP(name=name)
        if name in _PREFIXES and (meant := self.find_path(rest)) is not None:
            return helps.DID_YOU_MEAN(suggestion=meant)
        return suggest(name, self.earlier, helps.EARLIER_STEPS)

    def _fail(self) -> Constant:
        self.failed = True
        return Constant("")


def _find_error(text: str) -> JsonPathError | None:
    try:
        compile_path(text)
    except JsonPathError as error:
        return error
    return None
