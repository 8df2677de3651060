"""Reports inputs, and values under ``with``, that reach no place of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.link.body import find_placeholder_names
from naftiko_runtime.link.term_substitution import find_arguments
from naftiko_runtime.plan import Argument, NamedTerm
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_closest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.link.call_site import CallSite
    from naftiko_runtime.plan import Body, Input
    from naftiko_runtime.rules import Advice, Message, Rule
    from naftiko_runtime.source import KeyPath


class UnplacedInputs(Struct, frozen=True):
    """Reports what an operation gives and no place of the request takes.

    Attributes:
        site: The operation.
        references: Its inputs and values.
        tool: Whether the operation is a tool, whose inputs may be for any place.
    """

    site: CallSite
    references: CallReferences
    tool: bool

    def report(self, left: Sequence[Input], query: tuple[NamedTerm, ...], body: Body | None) -> None:
        """Report each value under ``with`` that is not used, and each input that no parameter takes.

        Args:
            left: The declared inputs that no consumed parameter takes.
            query: The query, with the inputs that go into it because nothing else takes them.
            body: The body.
        """
        consumed, values = self.references.consumed, self.references.with_values
        in_path = {parameter.name for parameter in consumed.parameters if parameter.in_ == "path"}
        for name in values.list_unused():
            if name not in in_path:  # a path parameter without a placeholder is reported where it stands
                statement = rules.UNKNOWN_PARAMETER(operation=consumed.name, name=name)
                key_path = self.site.get_path("with", name)
                self.references.context.report(statement, key_path, self._advise_place(name), key=True)
        bound = {*find_arguments(tuple(values.terms.values())), *in_path}
        names = [input_.name for input_ in left] if self._has_known_parameters() else []
        sent = {name for name in names if NamedTerm(name, Argument(name)) in query}
        placed = {*find_arguments((query, body)), *bound} - (sent - bound)
        loose = [] if self.references.failed else [input_ for input_ in left if input_.name not in placed]
        meant = self._match_placeholders(loose)
        reported = self._report_undeclared(meant)
        for input_ in loose:
            if meant.get(input_.name) not in reported:
                self._report_unused(input_, meant.get(input_.name), in_query=input_.name in sent)

    def _report_unused(self, input_: Input, meant: str | None, *, in_query: bool) -> None:
        """Report an input that no parameter takes.

        Args:
            input_: The input.
            meant: The placeholder of the consumed path that it may be meant for.
            in_query: Whether it is sent in the query nevertheless.
        """
        lacks_body = self.references.consumed.lacks_body(tool=self.tool) and (self.tool or input_.place == "body")
        message: Rule | Message
        if in_query:
            message = rules.UNUSED_INPUT_IN_QUERY
        else:
            message = rules.UNUSED_INPUT_WITHOUT_BODY if lacks_body else rules.UNUSED_INPUT
        advice = None if lacks_body else self._advise_place(input_.name)
        if meant is not None:
            advice = self._advise_renaming(input_.name, meant)
        statement = message(name=input_.name, operation=self.references.consumed.name)
        self.references.context.report(statement, find_declaration(self.site, input_.name), advice)

    def _has_known_parameters(self) -> bool:
        """Return whether a tool's operation declares parameters, but none of the query."""
        consumed = self.references.consumed
        if not self.tool or consumed.declares("query"):
            return False
        return bool(consumed.parameters or consumed.operation.body is not None or self._find_unmatched_placeholders())

    def _find_unmatched_placeholders(self) -> list[str]:
        """Return the placeholders of the consumed path that nothing but an inferred input fills."""
        inputs = map(self.references.inputs.by_name.get, dict.fromkeys(self.references.consumed.placeholders))
        return [input_.name for input_ in inputs if input_ is not None and input_.inferred and input_.place != "path"]

    def _match_placeholders(self, loose: Sequence[Input]) -> dict[str, str]:
        """Return, by input without effect, the placeholder of the consumed path that it may mean."""
        names = [input_.name for input_ in loose if self.tool or input_.place == "path"]
        unmatched = self._find_unmatched_placeholders()
        # Names of the expose and of the consumed path: their order in the document alone connects them.
        return dict(zip(names, unmatched, strict=True)) if len(names) == len(unmatched) else {}

    def _report_undeclared(self, meant: Mapping[str, str]) -> set[str]:
        """Report the placeholders that a route leaves to the query; returns those that are reported, here or before."""
        declared = {p.name for p in self.references.consumed.parameters if p.in_ == "path"}
        unmatched = () if self.tool else self._find_unmatched_placeholders()
        displaced = {name for name in unmatched if self.references.inputs.is_displaced(name)}
        undeclared = {*unmatched} - declared - displaced
        written = {placeholder: name for name, placeholder in meant.items()}
        for name in undeclared:
            advice = self._advise_renaming(written[name], name) if name in written else None
            statement = rules.UNDECLARED_PLACEHOLDER(name=name)
            self.references.context.report(statement, self.site.get_path("call"), advice)
        return undeclared | displaced

    def _advise_renaming(self, name: str, meant: str) -> Advice:
        advice = helps.RENAME_TOOL_INPUT if self.tool else helps.RENAME_PLACEHOLDER
        return advice(name=name, meant=meant, reference=f"{self.references.names[0]}.{name}")

    def _advise_place(self, name: str) -> Advice:
        """Return how a value could reach the consumed operation."""
        consumed = self.references.consumed
        known = list(dict.fromkeys((*(p.name for p in consumed.parameters), *consumed.placeholders)))
        if name in self.references.with_values.used:
            return helps.WITH_GIVES(name=name)
        if name in known:
            return helps.WRITE_INTO_BODY(name=name)
        if close := find_closest(name, known):
            return helps.DID_YOU_MEAN(suggestion=close)
        if written := find_closest(name, self._find_unfilled_body_names()):
            return helps.MISSPELT_IN_BODY(written=written, name=name)
        return helps.DECLARE_PARAMETER_BESIDE(known=tuple(known)) if known else helps.DECLARE_PARAMETER()

    def _find_unfilled_body_names(self) -> list[str]:
        """Return the placeholders of the consumed body that no declared input has the name of."""
        inputs = self.references.inputs.by_name
        names = find_placeholder_names(self.references.consumed.operation.body)
        return [name for name in names if name not in inputs or inputs[name].inferred]


def find_declaration(site: CallSite, name: str) -> KeyPath:
    """Find where an operation declares an input; its call, if something around it does."""
    declared = site.input_parameters
    return next((parameter.get_path("name") for parameter in declared if parameter.name == name), site.get_path("call"))
