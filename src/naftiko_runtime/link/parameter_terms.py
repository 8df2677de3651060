"""Links the parameters of a consumed operation to terms: path, query, headers, cookies and body fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.contract.type_conversion import convert_text
from naftiko_runtime.encode_for_place import PATH_SAFE
from naftiko_runtime.link.list_styles import choose_list_style
from naftiko_runtime.link.rename_placeholder import rename_placeholder
from naftiko_runtime.plan import Argument, Constant, NamedTerm, Term, freeze
from naftiko_runtime.rules.message_clauses import DescribedError

if TYPE_CHECKING:
    from naftiko_runtime.document.parameters import ConsumedParameter
    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.link.call_site import CallSite
    from naftiko_runtime.plan import Place
    from naftiko_runtime.template import Placeholder

_ABSENT: Final = Constant(None)
"""The term of a parameter that no caller can give and that has no default: it is not sent."""


class ParameterTerms(Struct):
    """Links the parameters of a consumed operation to terms.

    Attributes:
        site: The operation that calls it.
        tool: Whether that is a tool, whose inputs have no places.
        references: Resolves what the parameters name.
    """

    site: CallSite
    tool: bool
    references: CallReferences

    def link_path(self) -> tuple[str | Term, ...]:
        """Link the path, with the base URI in front of it."""
        consumed = self.references.consumed
        base, pieces = consumed.upstream.base_uri.rstrip("/"), consumed.path
        first = pieces[0] if pieces and isinstance(pieces[0], str) else ""
        slash = "" if first.startswith("/") or not any(pieces) else "/"
        return (base + slash, *(self._link_path_piece(piece) for piece in pieces))

    def link_fields(self, place: Place) -> tuple[NamedTerm, ...]:
        """Link the parameters of a place that has names and values; one that is absent is left out."""
        lower = str.lower if place == "header" else str
        terms = ((p, self.link(p)) for p in self.references.consumed.parameters if p.in_ == place)
        return tuple(NamedTerm(lower(p.name), term, choose_list_style(p)) for p, term in terms if term != _ABSENT)

    def link_body_fields(self) -> dict[str, Term]:
        """Link the fields of a body by their names; one that is absent is left out."""
        terms = {p.name: self.link(p) for p in self.references.consumed.parameters if p.in_ == "body"}
        return {name: term for name, term in terms.items() if term != _ABSENT}

    def link(self, parameter: ConsumedParameter) -> Term:
        """Link one parameter: to its value under ``with``, its own value, an input, or its default."""
        term = self._find_value(parameter)
        if parameter.default is not None and isinstance(term, Argument):
            self.references.inputs.set_default(term.name, parameter.default)
        return term

    def _find_value(self, parameter: ConsumedParameter) -> Term:
        if (bound := self.references.with_values.use(parameter.name)) is not None:
            return bound
        if parameter.value is not None:
            return self._convert(
                parameter, self.references.link_consumed_template(parameter.value, parameter.get_path("value"))
            )
        if not self._is_offered(parameter):
            return Constant(freeze(parameter.default))
        if parameter.in_ == "path":
            self._report_spelling(parameter.name)
        return self.references.inputs.require(parameter.name)

    def _convert(self, parameter: ConsumedParameter, term: Term) -> Term:
        """Convert a constant field of a JSON body to its declared type."""
        if parameter.in_ != "body" or parameter.type in (None, "binary") or not isinstance(term, Constant):
            return term
        try:
            return Constant(freeze(convert_text(term.value, parameter.type)))
        except DescribedError as error:
            statement = rules.INVALID_VALUE_FIXED(name=parameter.name, problem=error.problem)
            self.references.context.report(statement, parameter.get_path("value"))
            return term

    def _is_offered(self, parameter: ConsumedParameter) -> bool:
        """Return whether callers may give a parameter: an optional one only if the operation lists no inputs."""
        inputs = self.references.inputs
        if parameter.required or parameter.in_ == "path" or inputs.find_name(parameter.name) is not None:
            return True
        return not any(
            not input_.inferred and (self.tool or input_.place == parameter.in_) for input_ in inputs.by_name.values()
        )

    def _link_path_piece(self, piece: str | Placeholder) -> str | Term:
        if isinstance(piece, str):
            head, mark, query = piece.partition("?")
            return quote(head, safe=PATH_SAFE) + mark + query
        references, name = self.references, piece.name
        parameter = next((p for p in references.consumed.parameters if p.name == name and p.in_ == "path"), None)
        if parameter is not None:
            return self.link(parameter)
        if (bound := references.with_values.use(name)) is not None:
            return bound
        if (given := references.resolve_environment(name)) is not None:
            return given
        found, call = references.inputs.find_name(name), self.site.get_path("call")
        if found is None and (
            variable := references.context.variables.resolve(name, references.context.find_span(call))
        ):
            return variable
        self._report_spelling(name)
        return references.inputs.require(name)

    def _report_spelling(self, name: str) -> None:
        """Report an input whose name differs from the placeholder that it fills in case and punctuation."""
        consumed, context = self.references.consumed, self.references.context
        found, placeholder = self.references.inputs.find_name(name), consumed.spelt.get(name, name)
        if found is None or found == placeholder:
            return
        # Callers use the name of a tool's argument. The name of a route's placeholder is only in the document.
        edits = () if self.tool else rename_placeholder(context.source, self.site.get_path()[:-2], found, placeholder)
        statement = rules.PLACEHOLDER_CASE_INPUT(name=found, meant=placeholder)
        context.report(statement, self.site.get_path("call"), fix=edits)
