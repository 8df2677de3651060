"""One call: how an exposed operation's inputs fill the places of the consumed one.

The rules are SEMANTICS §4: ``with`` binds, a caller's input also reaches the parameter of the same name, and what
neither side declares is either inferred from the consumed side or passes through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.contract import read_as
from naftiko_runtime.document.parameters import BodyTemplate
from naftiko_runtime.encode import IN_PATH
from naftiko_runtime.link.body import fields_body, link_body, placeholder_names
from naftiko_runtime.link.call_references import WRITES, Naming
from naftiko_runtime.link.consumed import fold
from naftiko_runtime.link.credentials import is_sealed
from naftiko_runtime.link.list_styles import list_style
from naftiko_runtime.link.route_edits import rename_placeholder
from naftiko_runtime.link.substitution import find_arguments, substitute
from naftiko_runtime.plan import (
    Argument,
    Constant,
    Contract,
    Input,
    JsonText,
    JsonTree,
    NamedTerm,
    OpenBody,
    Place,
    Request,
    Term,
    TermObject,
    WholeBody,
    YamlTree,
    freeze,
)
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import closest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.diagnostic import Span
    from naftiko_runtime.document.parameters import ConsumedParameter
    from naftiko_runtime.plan import Body
    from naftiko_runtime.rules import Advice, Message, Rule
    from naftiko_runtime.source import Steps
    from naftiko_runtime.template import Placeholder


_PARTS: Final = ("path", "query", "headers", "cookies", "body")

_NOTHING: Final = Constant(None)
"""Fills a parameter that no caller can give and that has no default: it is left out."""


class CallSite(Naming):
    """The linking of one exposed operation to the consumed one it calls."""

    def link(self) -> tuple[Contract, Request]:
        """The contract with its inferred inputs, and the filled request."""
        declared = tuple(self.inputs.values())
        self._with = {name: self._with_term(name, value) for name, value in self.exposed.with_.items()}
        path = self._path()
        query, headers, cookies = (self._fields(place) for place in ("query", "header", "cookie"))
        body = self._declared_body()
        placed = {*find_arguments(path), *find_arguments((query, headers, cookies, body)), *find_arguments(self._shown)}
        self._hide_sealed(placed)
        left = [spec for spec in declared if spec.name not in placed | self._hidden]
        if body is None and (self._sends_body() or self._takes_typed_body()):
            body = self._undeclared_body(left, open=not self._declares("body", declared))
        # A tool's unnamed arguments have one place to go: the body where the method has one, otherwise the query.
        open_query = not self._declares("query", declared) and not (self.tool and self._sends_body())
        query += self._undeclared_query(left, body)
        self._report_unplaced(left, query, body)
        open_body = isinstance(body, OpenBody)
        request = Request(
            upstream=self.consumed.upstream,
            operation=self.consumed.name,
            method=self.consumed.spec.method,
            path=path,
            query=query,
            headers=headers,
            cookies=cookies,
            body=body,
            open_query=open_query,
            caller_headers=open_query or open_body,
            exposed_headers=tuple(sorted(self.consumed.exposed_headers)),
        )
        takes_any = self.tool and (open_query or open_body)
        given = self._given()
        in_json = set(find_arguments(body)) if isinstance(body, JsonTree | YamlTree | JsonText | WholeBody) else set()
        if in_json:
            given = tuple(replace(spec, nullable=True) if spec.name in in_json else spec for spec in given)
        return Contract(given, takes_any), self._filled(request)

    def link_mock(self) -> Contract:
        """The contract of an operation that calls nobody."""
        for name in self.exposed.with_:
            self.context.report(rules.UNKNOWN_PARAMETER_OF_MOCK(name=name), self.exposed.at("with", name), key=True)
        shown = set(find_arguments(self._shown))
        for spec in self.inputs.values():
            if spec.name not in shown and not spec.inferred:
                self.context.report(rules.UNUSED_INPUT_OF_MOCK(name=spec.name), self._declaration(spec.name))
        return Contract(self._given())

    def _given(self) -> tuple[Input, ...]:
        """The inputs that a caller gives."""
        return tuple(s for s in self.inputs.values() if s.name not in self.fixed and s.name not in self._hidden)

    def _hide_sealed(self, placed: set[str]) -> None:
        """Ask no caller for what the API's authentication sets; ``with`` has no say in it either."""
        credential = self.consumed.upstream.credential
        known = {fold(p.name) for p in self.consumed.parameters} | {fold(name) for name in self.consumed.placeholders}
        keys = [key for key in self._with if key not in self._used and fold(key) not in known]
        sealed = {fold(parameter.name) for parameter in self.consumed.sealed}
        vain = [key for key in keys if fold(key) in sealed or self._is_sealed_anywhere(key)]
        self._used.update(vain)
        bound = set(find_arguments([self._with[key] for key in vain])) - set(
            find_arguments([term for key, term in self._with.items() if key not in vain])
        )
        for spec in self.inputs.values():
            if spec.name in placed or spec.path is not None:
                continue
            own = self._is_sealed_anywhere(spec.name) if self.tool else is_sealed(spec.place, spec.name, credential)
            if own or spec.name in bound or (self.tool and fold(spec.name) in sealed):
                self._hidden.add(spec.name)
        for name in self._hidden:
            if not self.inputs[name].inferred:
                self.context.report(rules.AUTHENTICATION_INPUT_ASKED(name=name), self._declaration(name))

    def _is_sealed_anywhere(self, name: str) -> bool:
        credential = self.consumed.upstream.credential
        return any(is_sealed(place, name, credential) for place in ("header", "query", "cookie", "body"))

    def _filled(self, request: Request) -> Request:
        """The request with what the document gives in the place of what a caller would."""
        if not self.fixed:
            return request
        parts = {part: substitute(getattr(request, part), self.fixed) for part in _PARTS}
        return replace(request, **parts)

    def _declares(self, place: Place, declared: Sequence[Input]) -> bool:
        """Whether either side declares a parameter for a place; a tool's inputs may be for any."""
        if self.closed or (self.consumed.closed and not (place == "body" and self._takes_any_body())):
            return True
        own = any((self.tool or spec.place == place) and spec.path is None for spec in declared)
        return self.consumed.declares(place) or own

    # -- places ---------------------------------------------------------------------------------------------------

    def _term(self, parameter: ConsumedParameter) -> Term:
        """What fills a consumed parameter, or else its default."""
        return self._with_default(self._filling(parameter), parameter.default)

    def _filling(self, parameter: ConsumedParameter) -> Term:
        """``with``, the parameter's own ``value``, the caller's input of its name, or nothing but its default."""
        if (bound := self._bound(parameter.name)) is not None:
            return bound
        if parameter.value is not None:
            return self._typed(parameter, self.template(parameter.value, parameter.at("value")))
        if not self._is_offered(parameter):
            return Constant(freeze(parameter.default))
        if parameter.in_ == "path":
            self._tell_of_spelling(parameter.name)
        return self._argument(parameter.name)

    def _typed(self, parameter: ConsumedParameter, term: Term) -> Term:
        """A fixed field of a JSON body as the type that it declares."""
        if parameter.in_ != "body" or parameter.type in (None, "binary") or not isinstance(term, Constant):
            return term
        try:
            return Constant(freeze(read_as(term.value, parameter.type)))
        except ValueError as error:
            statement = rules.INVALID_VALUE_FIXED(name=parameter.name, problem=str(error))
            self.context.report(statement, parameter.at("value"))
            return term

    def _is_offered(self, parameter: ConsumedParameter) -> bool:
        """Whether callers may give a consumed parameter: an optional one only where the author lists no inputs."""
        if parameter.required or parameter.in_ == "path" or self._folded(parameter.name) is not None:
            return True
        return not any(not s.inferred and (self.tool or s.place == parameter.in_) for s in self.inputs.values())

    def _with_default(self, term: Term, default: Any) -> Term:
        """Let the consumed side's default be that of the input that fills it, unless the exposed side has its own."""
        if default is not None and isinstance(term, Argument):
            spec = self.inputs[term.name]
            if spec.default is None and not spec.required:
                self.inputs[term.name] = replace(spec, default=freeze(default))
        return term

    def _fields(self, place: str) -> tuple[NamedTerm, ...]:
        lower = str.lower if place == "header" else str
        terms = ((p, self._term(p)) for p in self.consumed.parameters if p.in_ == place)
        return tuple(NamedTerm(lower(p.name), term, list_style(p)) for p, term in terms if term != _NOTHING)

    def _path(self) -> tuple[str | Term, ...]:
        base = self.consumed.upstream.base_uri.rstrip("/")
        pieces = self.consumed.path
        first = pieces[0] if pieces and isinstance(pieces[0], str) else ""
        slash = "" if first.startswith("/") or not any(pieces) else "/"
        return (base + slash, *(self._path_piece(piece) for piece in pieces))

    def _path_piece(self, piece: str | Placeholder) -> str | Term:
        if isinstance(piece, str):
            head, mark, query = piece.partition("?")
            return quote(head, safe=IN_PATH) + mark + query
        parameter = next((p for p in self.consumed.parameters if p.name == piece.name and p.in_ == "path"), None)
        if parameter is not None:
            return self._term(parameter)
        if (bound := self._bound(piece.name)) is not None:
            return bound
        if (given := self._environment(piece.name)) is not None:
            return given
        folded = self._folded(piece.name)
        if folded is None and (variable := self.context.variables.resolve(piece.name, self._call_span())):
            return variable
        self._tell_of_spelling(piece.name)
        return self._argument(piece.name)

    def _tell_of_spelling(self, name: str) -> None:
        """Report the input that a placeholder of the consumed path is taken from, if it is spelt otherwise there."""
        folded, placeholder = self._folded(name), self.consumed.spelt.get(name, name)
        if folded is None or folded == placeholder:
            return
        # A tool's argument is its callers' to name; the placeholder of a route is nobody's but the document's.
        edits = (
            () if self.tool else rename_placeholder(self.context.source, self.exposed.at()[:-2], folded, placeholder)
        )
        statement = rules.PLACEHOLDER_CASE_INPUT(name=folded, meant=placeholder)
        self.context.report(statement, self.exposed.at("call"), fix=edits)

    def _call_span(self) -> Span:
        return self.context.span(self.exposed.at("call"))

    def _sends_body(self) -> bool:
        """Whether the method carries a body; DELETE only does over REST, where the caller may have sent one."""
        method = self.consumed.spec.method
        return method in WRITES or (method == "DELETE" and not self.tool)

    def _declared_body(self) -> Body | None:
        """The body that the consumed operation describes, by template or by parameters."""
        spec = self.consumed.spec
        fields = tuple(p for p in self.consumed.parameters if p.in_ == "body")
        if self._takes_any_body():
            terms = {p.name: term for p in fields if (term := self._term(p)) != _NOTHING}
            return self._of_fields(terms) if terms else None
        if spec.body is not None:
            body = link_body(spec.body, spec.at("body"), self)
            if body is None:  # refused: what it would have used cannot be told
                self._broken = True
                self._used.update(self._with)
            return body
        if len(fields) == 1 and fields[0].name == "body":
            return WholeBody(self._term(fields[0]))
        terms = {p.name: term for p in fields if (term := self._term(p)) != _NOTHING}
        return JsonTree(TermObject(tuple(terms.items()))) if fields else None

    def _undeclared_body(self, left: Sequence[Input], *, open: bool) -> Body | None:  # noqa: A002 - the spec's word
        """What the caller sends when only the exposed side, or neither, says anything of a body."""
        if open and not (self._takes_fields() and self._unused()):
            body = self.consumed.spec.body
            return OpenBody() if body is None else link_body(body, self.consumed.spec.at("body"), self)
        fields: dict[str, Term] = {name: self._with[name] for name in self._unused() if self._takes_fields()}
        self._used.update(fields)
        taken = set(find_arguments(tuple(fields.values())))
        inputs = left if self.consumed.spec.body is not None else ()  # what has no body is sent none (SEMANTICS §4)
        names = [s.name for s in inputs if s.name not in taken and (self.tool or s.place == "body")]
        fields |= {name: Argument(name) for name in names}
        return self._of_fields(fields)

    def _of_fields(self, fields: Mapping[str, Term]) -> Body | None:
        """Fields as the kind of body that the consumed operation names; one called ``body`` is the whole."""
        body = self.consumed.spec.body
        return fields_body(body.type if isinstance(body, BodyTemplate) else "json", dict(fields))

    def _takes_typed_body(self) -> bool:
        """Whether it takes another kind of body than JSON, whatever its method."""
        return self._takes_any_body() and getattr(self.consumed.spec.body, "type", "json") != "json"

    def _undeclared_query(self, left: Sequence[Input], body: Body | None) -> tuple[NamedTerm, ...]:
        """What goes into a query that the consumed side does not describe: bound values and leftover inputs."""
        if self.consumed.declares("query"):
            return ()
        writes = self.consumed.spec.method in WRITES
        bound = tuple(NamedTerm(name, self._with[name]) for name in self._unused() if not writes)
        self._used.update(term.name for term in bound)
        taken = set(find_arguments((bound, body)))
        free = self.tool and not self._lacks_body()
        loose = [s for s in left if s.name not in taken and (free or s.place == "query")]
        return bound + tuple(NamedTerm(spec.name, Argument(spec.name)) for spec in loose)

    def _unused(self) -> list[str]:
        return [name for name in self._with if name not in self._used]

    def _report_unplaced(self, left: Sequence[Input], query: tuple[NamedTerm, ...], body: Body | None) -> None:
        """Nothing is silently lost: a ``with`` entry or a declared input that reaches nothing is named."""
        refused = {p.name for p in self.consumed.parameters if p.in_ == "path"}
        for name in self._unused():
            if name not in refused:  # those were reported where they stand
                statement = rules.UNKNOWN_PARAMETER(operation=self.consumed.name, name=name)
                self.context.report(statement, self.exposed.at("with", name), self._place_for(name), key=True)
        bound = {*find_arguments(tuple(self._with.values())), *refused}
        names = [spec.name for spec in left] if self._names_parameters() else []
        sent = {name for name in names if NamedTerm(name, Argument(name)) in query}
        placed = {*find_arguments((query, body)), *bound} - (sent - bound)
        loose = [] if self._broken else [spec for spec in left if spec.name not in placed]
        meant = self._match_placeholders(loose)
        reported = self._report_undeclared(meant)
        for spec in loose:
            if meant.get(spec.name) not in reported:
                self._report_unused(spec, meant.get(spec.name), in_query=spec.name in sent)

    def _report_unused(self, spec: Input, meant: str | None, *, in_query: bool) -> None:
        """Report an input that no parameter takes.

        Args:
            spec: The input.
            meant: The placeholder of the consumed path that it may be meant for.
            in_query: Whether it is sent in the query nevertheless.
        """
        bodiless = self._lacks_body() and (self.tool or spec.place == "body")
        message: Rule | Message
        if in_query:
            message = rules.UNUSED_INPUT_IN_QUERY
        else:
            message = rules.UNUSED_INPUT_WITHOUT_BODY if bodiless else rules.UNUSED_INPUT
        advice = None if bodiless else self._place_for(spec.name)
        if meant is not None:
            advice = self._advise_renaming(spec.name, meant)
        statement = message(name=spec.name, operation=self.consumed.name)
        self.context.report(statement, self._declaration(spec.name), advice)

    def _names_parameters(self) -> bool:
        """Whether a tool's operation says what it takes, but not what of it is in the query."""
        if not self.tool or self.consumed.declares("query"):
            return False
        return bool(self.consumed.parameters or self.consumed.spec.body is not None or self._unmatched_placeholders())

    def _unmatched_placeholders(self) -> list[str]:
        """The placeholders of the consumed path that nothing but an inferred input fills."""
        inputs = (self.inputs.get(name) for name in dict.fromkeys(self.consumed.placeholders))
        return [spec.name for spec in inputs if spec is not None and spec.inferred and spec.place != "path"]

    def _match_placeholders(self, loose: Sequence[Input]) -> dict[str, str]:
        """The placeholders of the consumed path that inputs without effect may be meant for, by the inputs' names."""
        names = [spec.name for spec in loose if self.tool or spec.place == "path"]
        unmatched = self._unmatched_placeholders()
        return dict(zip(names, unmatched, strict=True)) if len(names) == len(unmatched) else {}

    def _report_undeclared(self, meant: Mapping[str, str]) -> set[str]:
        """Report the placeholders that a route leaves to the query; returns those that are reported, here or before."""
        declared = {p.name for p in self.consumed.parameters if p.in_ == "path"}
        unmatched = () if self.tool else self._unmatched_placeholders()
        displaced = {name for name in unmatched if self._is_displaced(name)}
        undeclared = {*unmatched} - declared - displaced
        written = {placeholder: name for name, placeholder in meant.items()}
        for name in undeclared:
            advice = self._advise_renaming(written[name], name) if name in written else None
            self.context.report(rules.UNDECLARED_PLACEHOLDER(name=name), self.exposed.at("call"), advice)
        return undeclared | displaced

    def _advise_renaming(self, name: str, meant: str) -> Advice:
        advice = helps.RENAME_TOOL_INPUT if self.tool else helps.RENAME_PLACEHOLDER
        return advice(name=name, meant=meant, reference=f"{self.names[0]}.{name}")

    def _lacks_body(self) -> bool:
        """Whether the consumed operation could have a body, and says nothing of one."""
        return self._sends_body() and self.consumed.spec.body is None and not self.consumed.declares("body")

    def _place_for(self, name: str) -> Advice:
        """How a value could reach the consumed operation."""
        known = list(dict.fromkeys((*(p.name for p in self.consumed.parameters), *self.consumed.placeholders)))
        if name in self._used:
            return helps.WITH_GIVES(name=name)
        if name in known:
            return helps.WRITE_INTO_BODY(name=name)
        if close := closest(name, known):
            return helps.DID_YOU_MEAN(suggestion=close)
        if written := closest(name, self._unfilled_body_names()):
            return helps.MISSPELT_IN_BODY(written=written, name=name)
        return helps.DECLARE_PARAMETER_BESIDE(known=tuple(known)) if known else helps.DECLARE_PARAMETER()

    def _unfilled_body_names(self) -> list[str]:
        """The placeholders of the consumed body that no declared input has the name of."""
        names = placeholder_names(self.consumed.spec.body)
        return [name for name in names if name not in self.inputs or self.inputs[name].inferred]

    def _declaration(self, name: str) -> Steps:
        """Where an input is declared, if the operation does so itself; otherwise the call."""
        declared = getattr(self.exposed, "input_parameters", ())
        return next((p.at("name") for p in declared if p.name == name), self.exposed.at("call"))
