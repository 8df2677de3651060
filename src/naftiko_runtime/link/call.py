"""One call: how an exposed operation's inputs fill the places of the consumed one.

The rules are SEMANTICS §4: ``with`` binds, a caller's input also reaches the parameter of the same name, and what
neither side declares is either inferred from the consumed side or passes through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec import Struct, field
from msgspec.structs import replace

from naftiko_runtime import diagnostics as rules
from naftiko_runtime.contract import Contract, Input, Place, read_as
from naftiko_runtime.diagnostics import closest, did_you_mean
from naftiko_runtime.lazy import pattern
from naftiko_runtime.link.body import fields_body, link_body
from naftiko_runtime.link.consumed import fold
from naftiko_runtime.link.credentials import is_sealed
from naftiko_runtime.link.spelling import route_respelt
from naftiko_runtime.link.styles import list_style
from naftiko_runtime.link.terms import arguments, composed, substituted, variables
from naftiko_runtime.plan import (
    Argument,
    Constant,
    JsonText,
    JsonTree,
    NamedTerm,
    OpenBody,
    Request,
    Term,
    WholeBody,
)
from naftiko_runtime.source.edits import respelt
from naftiko_runtime.spec.parameters import BodyTemplate
from naftiko_runtime.template import IN_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.diagnostics import Span
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Body
    from naftiko_runtime.source import Steps
    from naftiko_runtime.spec.exposes import Exposed
    from naftiko_runtime.spec.parameters import ConsumedParameter
    from naftiko_runtime.template import Placeholder

WRITES: Final = ("POST", "PUT", "PATCH")
_REFERENCE: Final = pattern(r"([A-Za-z_][\w-]*)\.([^\s{}]+)")
_PREFIXES: Final = ("rest", "tools", "mcp")

_PARTS: Final = ("path", "query", "headers", "cookies", "body")

_NOTHING: Final = Constant(None)
"""Fills a parameter that no caller can give and that has no default: it is left out."""


class CallSite(Struct):
    """The linking of one exposed operation to the consumed one it calls.

    Attributes:
        context: The linking run.
        exposed: The exposed operation.
        names: Of its expose: what stands before the dot where a value names an input.
        consumed: What it calls.
        inputs: The declared inputs, then the inferred ones, by name.
        tool: Whether it is an MCP tool, whose caller can only give arguments.
        fixed: What the document itself gives for some of the inputs; they are no caller's to give.
        closed: Whether the exposed side says ``inputParameters: []``: there is nothing to give but what is declared.
    """

    context: Context
    exposed: Exposed
    names: tuple[str, ...]
    consumed: Consumed
    inputs: dict[str, Input]
    tool: bool
    fixed: Mapping[str, Term] = field(default_factory=dict)
    closed: bool = False
    _with: dict[str, Term] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _shown: list[Term] = field(default_factory=list)
    """What outputs show of the inputs."""
    _hidden: set[str] = field(default_factory=set)
    """Inputs for what the API's authentication sets, which no caller is asked for."""
    _broken: bool = False
    """Whether a value names nothing: which inputs are used cannot be told then."""

    def link(self) -> tuple[Contract, Request]:
        """The contract with its inferred inputs, and the filled request."""
        declared = tuple(self.inputs.values())
        self._with = {name: self._with_term(name, value) for name, value in self.exposed.with_.items()}
        path = self._path()
        query, headers, cookies = (self._fields(place) for place in ("query", "header", "cookie"))
        body = self._declared_body()
        placed = {*arguments(path), *arguments((query, headers, cookies, body)), *arguments(self._shown)}
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
            exposed_headers=self.consumed.exposed_headers,
        )
        takes_any = self.tool and (open_query or open_body)
        given = self._given()
        in_json = set(arguments(body)) if isinstance(body, JsonTree | JsonText | WholeBody) else set()
        if in_json:
            given = tuple(replace(spec, nullable=True) if spec.name in in_json else spec for spec in given)
        return Contract(given, takes_any), self._filled(request)

    def link_mock(self) -> tuple[Contract, Request]:
        """The contract of an operation that calls nobody, and a request that leads nowhere."""
        for name in self.exposed.with_:
            message = f"'{name}' fills nothing: there is no 'call'"
            advice = "add 'call: namespace.operation', or remove it"
            self.context.complain(rules.UNKNOWN_PARAMETER, message, self.exposed.at("with", name), advice, key=True)
        shown = set(arguments(self._shown))
        for spec in self.inputs.values():
            if spec.name not in shown and not spec.inferred:
                message = f"no output shows the input '{spec.name}'"
                steps = self._declaration(spec.name)
                self.context.complain(rules.UNUSED_INPUT, message, steps, f"write {{{{{spec.name}}}}} into a 'value'")
        return Contract(self._given()), Request(self.consumed.upstream, self.consumed.name, "GET", ("",))

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
        bound = set(arguments([self._with[key] for key in vain])) - set(
            arguments([term for key, term in self._with.items() if key not in vain])
        )
        for spec in self.inputs.values():
            if spec.name in placed or spec.path is not None:
                continue
            own = self._is_sealed_anywhere(spec.name) if self.tool else is_sealed(spec.place, spec.name, credential)
            if own or spec.name in bound or (self.tool and fold(spec.name) in sealed):
                self._hidden.add(spec.name)
        for name in self._hidden:
            if not self.inputs[name].inferred:
                message = f"the API's authentication sets what '{name}' is for: callers are not asked for it"
                self.context.complain(rules.AUTHENTICATION_INPUT, message, self._declaration(name), "remove it")

    def _is_sealed_anywhere(self, name: str) -> bool:
        credential = self.consumed.upstream.credential
        return any(is_sealed(place, name, credential) for place in ("header", "query", "cookie", "body"))

    def _filled(self, request: Request) -> Request:
        """The request with what the document gives in the place of what a caller would."""
        if not self.fixed:
            return request
        parts = {part: substituted(getattr(request, part), self.fixed) for part in _PARTS}
        return replace(request, **parts)

    def _declares(self, place: Place, declared: Sequence[Input]) -> bool:
        """Whether either side declares a parameter for a place; a tool's inputs may be for any."""
        if self.closed or (self.consumed.closed and not (place == "body" and self._takes_any_body())):
            return True
        own = any((self.tool or spec.place == place) and spec.path is None for spec in declared)
        return self.consumed.declares(place) or own

    # -- values ---------------------------------------------------------------------------------------------------

    def _with_term(self, name: str, value: Any) -> Term:
        steps = self.exposed.at("with", name)
        if not isinstance(value, str):
            if isinstance(value, dict | list) or value is None:
                self.context.complain(rules.WRONG_TYPE, f"'{name}' takes text, a number or a boolean", steps)
            return Constant(value)
        if "{{" in value:
            return self.template(value, steps)
        if value.startswith("$."):
            message = "references to steps are not served yet"
            self.context.complain(rules.NOT_SERVED, message, steps, "give a constant or an input")
        before = dict(self.inputs)
        if (argument := self._reference(value, name)) is not None:
            listed = [parameter.name for parameter in getattr(self.exposed, "input_parameters", ())]
            if listed and argument.name not in before:
                message = f"'{argument.name}' is not among the inputs, and becomes one"
                advice = did_you_mean(argument.name, listed, "listed are")
                self.context.complain(rules.UNLISTED_INPUT, message, steps, advice)
            return argument
        self._check_prefix(value, steps)
        return Constant(value)

    def _reference(self, text: str, fills: str | None = None) -> Argument | None:
        """The input that ``rest.x``, ``<namespace>.x`` or a bare declared ``x`` names."""
        if text in self.inputs:
            return Argument(text)
        match = _REFERENCE.fullmatch(text)
        if match is None or match[1] not in (*_PREFIXES, *self.names):
            return None
        name = match[2]
        if name not in self.inputs:
            self._infer(self._folded(name) or name, fills or name)
        return Argument(self._folded(name) or name)

    def _folded(self, name: str) -> str | None:
        """A declared input that differs from a name only in case and punctuation, when there is exactly one."""
        if name in self.inputs:
            return name
        found = [known for known in self.inputs if fold(known) == fold(name)]
        return found[0] if len(found) == 1 else None

    def _check_prefix(self, text: str, steps: Steps) -> None:
        """Report text that is nearly a reference: a misspelt prefix would otherwise be sent as a constant."""
        match = _REFERENCE.fullmatch(text)
        if match and (advice := did_you_mean(match[1], (*_PREFIXES, *self.names))) and "did you mean" in advice:
            message = f"'{match[1]}' is no namespace that a value can come from"
            self.context.complain(rules.UNKNOWN_REFERENCE, message, steps, advice)
            self._broken = True

    def template(self, text: str, steps: Steps) -> Term:
        """A template over variables and inputs, as a term."""
        pieces = self.context.pieces(text, steps)
        return composed(Constant(p) if isinstance(p, str) else self.named(p.name, steps) for p in pieces)

    def shown(self, text: str, steps: Steps) -> Term:
        """A template of an output, as a term over the caller's inputs alone; to be told before :meth:`link`."""
        template = self.template(text, steps)
        self._shown.append(template)
        term: Term = substituted(template, self.fixed)
        for name in set(variables(term)):
            message = f"callers would be shown the bound variable '{name}'"
            self.context.complain(rules.SECRET_SHOWN, message, steps, "write the text itself, or an input")
        return term

    def body_value(self, name: str, steps: Steps) -> Term:
        """What a name in a body template means; one that nothing explains becomes an input of the caller."""
        prefix, _, short = name.partition(".")
        if (bound := self._bound(short if prefix in _PREFIXES else name)) is not None:
            return bound
        if (given := self._environment(name)) is not None:
            return given
        if variable := self.context.variables.resolve(name, self.context.span(steps)):
            return variable
        return self._reference(name) or self._input(name)

    def named(self, name: str, steps: Steps) -> Term:
        """What a placeholder's name means: a variable or an input of the caller."""
        if (given := self._environment(name)) is not None:
            return given
        if variable := self.context.variables.resolve(name, self.context.span(steps)):
            return variable
        if argument := self._reference(name):
            return argument
        if folded := self._folded(name):
            return Argument(folded)
        self.context.unbound(name, steps, self.inputs)
        self._broken = True
        return Constant("")

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
        self.inputs[name] = Input(
            name=name,
            place=place,
            type=(parameter.type if parameter else None) or ("string" if in_path else None),
            required=in_path or bool(parameter and parameter.required),
            default=parameter.default if parameter else None,
            description=parameter.description if parameter else None,
            inferred=True,
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
            return Constant(parameter.default)
        if parameter.in_ == "path":
            self._tell_of_spelling(parameter.name)
        return self._input(parameter.name)

    def _typed(self, parameter: ConsumedParameter, term: Term) -> Term:
        """A fixed field of a JSON body as the type that it declares."""
        if parameter.in_ != "body" or parameter.type is None or not isinstance(term, Constant):
            return term
        try:
            return Constant(read_as(term.value, parameter.type))
        except ValueError as error:
            message = f"the value of '{parameter.name}' {error}"
            self.context.complain(rules.INVALID_VALUE, message, parameter.at("value"))
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
                self.inputs[term.name] = replace(spec, default=default)
        return term

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
            message = f"'{key}' is taken for '{meant}' of '{self.consumed.name}'"
            steps = self.exposed.at("with", key)
            fix = respelt(self.context.source, steps, key, meant, key=True)
            self.context.complain(rules.PLACEHOLDER_CASE, message, steps, f"write '{meant}'", key=True, fix=fix)
        return key

    def _input(self, name: str) -> Argument:
        folded = self._folded(name)
        if folded is None:
            self._infer(name)
        return Argument(folded or name)

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
        if folded is None and not self.tool:
            message = f"'{piece.name}' of the consumed path is declared nowhere; callers give it in the query"
            advice = f"write {{{piece.name}}} into the route's path, or bind it under 'with'"
            self.context.complain(rules.UNDECLARED_PLACEHOLDER, message, self.exposed.at("call"), advice)
        return self._input(piece.name)

    def _tell_of_spelling(self, name: str) -> None:
        """Report the input that a placeholder of the consumed path is taken from, if it is spelt otherwise there."""
        folded, placeholder = self._folded(name), self.consumed.spelt.get(name, name)
        if folded is None or folded == placeholder:
            return
        message = f"'{placeholder}' of the consumed path is taken from '{folded}'"
        advice = f"write '{placeholder}' on both sides"
        # A tool's argument is its callers' to name; the placeholder of a route is nobody's but the document's.
        edits = () if self.tool else route_respelt(self.context.source, self.exposed.at()[:-2], folded, placeholder)
        self.context.complain(rules.PLACEHOLDER_CASE, message, self.exposed.at("call"), advice, fix=edits)

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
        return JsonTree(terms) if fields else None

    def _undeclared_body(self, left: Sequence[Input], *, open: bool) -> Body | None:  # noqa: A002 - the spec's word
        """What the caller sends when only the exposed side, or neither, says anything of a body."""
        if open and not (self._takes_fields() and self._unused()):
            body = self.consumed.spec.body
            return OpenBody() if body is None else link_body(body, self.consumed.spec.at("body"), self)
        fields: dict[str, Term] = {name: self._with[name] for name in self._unused() if self._takes_fields()}
        self._used.update(fields)
        taken = set(arguments(fields))
        names = [s.name for s in left if s.name not in taken and (self.tool or s.place == "body")]
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
        taken = set(arguments((bound, body)))
        loose = [s for s in left if s.name not in taken and (self.tool or s.place == "query")]
        return bound + tuple(NamedTerm(spec.name, Argument(spec.name)) for spec in loose)

    def _unused(self) -> list[str]:
        return [name for name in self._with if name not in self._used]

    def _report_unplaced(self, left: Sequence[Input], query: tuple[NamedTerm, ...], body: Body | None) -> None:
        """Nothing is silently lost: a ``with`` entry or a declared input that reaches nothing is named."""
        refused = {p.name for p in self.consumed.parameters if p.in_ == "path"}
        for name in self._unused():
            if name not in refused:  # those were reported where they stand
                message = f"'{self.consumed.name}' has no parameter '{name}'"
                steps = self.exposed.at("with", name)
                self.context.complain(rules.UNKNOWN_PARAMETER, message, steps, self._place_for(name), key=True)
        placed = {*arguments((query, body)), *arguments(tuple(self._with.values()))}
        for spec in left:
            if spec.name not in placed | refused and not self._broken:
                message = f"the input '{spec.name}' reaches no parameter of '{self.consumed.name}'"
                self.context.complain(
                    rules.UNUSED_INPUT, message, self._declaration(spec.name), self._place_for(spec.name)
                )

    def _place_for(self, name: str) -> str:
        """How a value could reach the consumed operation."""
        known = [p.name for p in self.consumed.parameters] + list(self.consumed.placeholders)
        if name in self._used:
            return f"'with' gives '{name}' another value"
        if name in known:
            return f"its body has no place for it: write {{{{{name}}}}} there"
        if close := closest(name, known):
            return f"did you mean '{close}'?"
        has = f"; it has {', '.join(map(repr, known))}" if known else ""
        return f"declare it in the consumed operation's inputParameters{has}"

    def _declaration(self, name: str) -> Steps:
        """Where an input is declared, if the operation does so itself; otherwise the call."""
        declared = getattr(self.exposed, "input_parameters", ())
        return next((p.at("name") for p in declared if p.name == name), self.exposed.at("call"))
