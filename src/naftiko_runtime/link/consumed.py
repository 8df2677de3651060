"""The consumed side: every operation by its name, with the parameters of all levels merged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, assert_never
from urllib.parse import urlsplit

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.encode import FRAMING
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.lazy_import import pattern
from naftiko_runtime.link.base_uri import link_template, refuse_other_form
from naftiko_runtime.link.binary_responses import binary_size, media_type
from naftiko_runtime.link.credentials import credential, header_name, is_sealed
from naftiko_runtime.link.exposed_headers import exposed_headers
from naftiko_runtime.link.list_styles import check_style
from naftiko_runtime.link.references import Words
from naftiko_runtime.plan import ApiKeyCredential, Upstream
from naftiko_runtime.rules import helps
from naftiko_runtime.source.edits import respelt
from naftiko_runtime.suggest import suggest
from naftiko_runtime.template import Placeholder, split_path
from naftiko_runtime.url_hosts import encode_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.consumes import ConsumedOperation, ConsumedResource, ImportedConsumes
    from naftiko_runtime.document.parameters import ConsumedOutput, ConsumedParameter
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source import Steps

_NEVER_IN_URL: Final = pattern(r"[\s\x00-\x1f\"<>\\^`|]")


class Consumed(Struct, frozen=True):
    """One consumed operation, ready to be called.

    Attributes:
        upstream: Where it goes.
        spec: The operation as the document has it.
        path: Base URI's path and resource path are joined elsewhere; this is the resource's, split.
        parameters: Of operation, resource and adapter; the nearer one wins.
        media_type: What callers are told that an untouched answer is; none for what the upstream says.
        binary_bytes_max: Of an untouched answer; none when the operation does not say.
        spelt: By the name of a parameter, how the document's path spells it, where that is otherwise.
        exposed_headers: Response headers that reach callers besides the API's own and those that always do.
        closed: Whether a level says ``inputParameters: []``: there is nothing to give but what is declared.
        sealed: Parameters that the API's authentication sets, and no caller.
    """

    upstream: Upstream
    spec: ConsumedOperation
    path: tuple[str | Placeholder, ...]
    parameters: tuple[ConsumedParameter, ...]
    media_type: str | None = None
    binary_bytes_max: int | None = None
    spelt: Mapping[str, str] = {}
    exposed_headers: frozenset[bytes] = frozenset()
    closed: bool = False
    sealed: tuple[ConsumedParameter, ...] = ()

    @property
    def name(self) -> str:
        """``namespace.operation``."""
        return f"{self.upstream.namespace}.{self.spec.name.strip()}"

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in its path."""
        return tuple(piece.name for piece in self.path if isinstance(piece, Placeholder))

    def declares(self, *places: str) -> bool:
        """Whether any parameter is declared for one of these places."""
        return any(parameter.in_ in places for parameter in self.parameters)


def consumed_operations(
    document: Document, base_uris: Mapping[str, str], context: Context
) -> tuple[dict[str, Consumed], tuple[Upstream, ...]]:
    """Every consumed operation by ``namespace.operation``, and the upstreams.

    Args:
        document: The document.
        base_uris: By namespace, what the operator gave instead of the document's ``baseUri``.
        context: The linking run.
    """
    operations: dict[str, Consumed] = {}
    upstreams: dict[str, Upstream] = {}
    for api in (*document.consumes, *document.capability.consumes):
        if not isinstance(api, ConsumedHttp):
            _left_import(api, context)
            continue
        upstream = _upstream(api, base_uris.get(api.namespace), context)
        first = upstreams.setdefault(api.namespace, upstream)
        if is_repeated := first is not upstream:
            statement = rules.DUPLICATE_NAMESPACE_CONSUMED(namespace=api.namespace)
            context.report(statement, api.at("namespace"), related=first.span)
        for resource in api.resources:
            for operation in _operations(api, resource, upstream, context):
                if is_repeated:  # which says it all
                    operations.setdefault(operation.name, operation)
                else:
                    _register(operation, operations, context)
    return operations, tuple(upstreams.values())


def _left_import(entry: ImportedConsumes, context: Context) -> None:
    if entry.import_ is None:
        context.report(rules.MISSING_KEY(key="import"), entry.at(), helps.ADD_IMPORT())
    else:
        left_import(entry.at("import"), context)


def left_import(steps: Steps, context: Context) -> None:
    """An import that was not spliced: it is reported already by whoever tried, unless nobody could."""
    if not context.findings.failed:
        context.report(rules.IMPORT_WITHOUT_FOLDER(), steps)


def _register(operation: Consumed, operations: dict[str, Consumed], context: Context) -> None:
    if operation.name in operations:
        first = context.span(operations[operation.name].spec.at("name"))
        statement = rules.DUPLICATE_NAME_CONSUMED(name=operation.name)
        context.report(statement, operation.spec.at("name"), related=first)
    operations.setdefault(operation.name, operation)


def _upstream(api: ConsumedHttp, base_uri: str | None, context: Context) -> Upstream:
    steps, template = api.at("baseUri"), None
    if base_uri is None:
        base_uri = api.base_uri.strip()
        if refuse_other_form(api, context):
            base_uri = "http://invalid"
        elif "{{" in base_uri:
            template = link_template(api, base_uri_fault, context)
            base_uri = base_uri if template is not None else "http://invalid"
        elif fault := base_uri_fault(base_uri):
            context.report(fault, steps, helps.GIVE_URL(namespace=api.namespace))
            base_uri = "http://invalid"
    if template is None:
        base_uri = encode_host(base_uri)
    proof, exposed = credential(api.authentication, context), tuple(sorted(exposed_headers(api, context)))
    return Upstream(api.namespace.strip(), base_uri, proof, context.span(steps), exposed, template)


def base_uri_fault(base_uri: str) -> Statement | None:
    """What is wrong with a base URI; nothing when it is one."""
    if not base_uri:
        return rules.BASE_URI_EMPTY()
    if "{" in base_uri or "}" in base_uri:
        return rules.BASE_URI_UNFILLED()
    try:
        base_uri = encode_host(base_uri)
    except ValueError:
        return rules.BASE_URI_HOST()
    if not base_uri.isascii() or _NEVER_IN_URL.search(base_uri):
        return rules.BASE_URI_CHARACTER()
    try:
        return _url_fault(base_uri)
    except ValueError:
        return rules.BASE_URI_NO_URL()


def _url_fault(base_uri: str) -> Statement | None:
    parts = urlsplit(base_uri)
    port = parts.port
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return rules.BASE_URI_NO_SCHEME()
    if parts.username is not None or parts.password is not None:
        return rules.BASE_URI_CREDENTIALS()
    return rules.BASE_URI_QUERY() if parts.query or parts.fragment else None


def _operations(
    api: ConsumedHttp, resource: ConsumedResource, upstream: Upstream, context: Context
) -> Iterable[Consumed]:
    shared_path = _path(resource, context)
    elsewhere = _placed_elsewhere(api)
    shared_headers = exposed_headers(resource, context)
    for operation in resource.operations:
        levels = (operation.input_parameters, resource.input_parameters, api.input_parameters)
        declared = tuple(_merged(levels).values())
        sealed = tuple(p for p in declared if is_sealed(p.in_, p.name, upstream.credential))
        parameters = tuple(p for p in declared if p not in sealed)
        for parameter in sealed:
            _tell_sealed(parameter, context)
        _check_body_key(operation, upstream, context)
        path = shared_path if operation.path is None else _own_path(resource, operation, context)
        spelt = _spelt(path, parameters, context)
        consumed = Consumed(
            upstream,
            operation,
            _respelt(path, spelt),
            parameters,
            media_type(operation, context),
            binary_size(operation, context),
            spelt,
            shared_headers | exposed_headers(operation, context),
            closed=context.takes_nothing(operation, resource, api),
            sealed=sealed,
        )
        for parameter in parameters:
            if not any(parameter is known for known in elsewhere):
                _check_place(parameter, consumed, context)
        for output in operation.output_parameters:
            _check_output(output, context)
        if operation.max_binary_size is not None and operation.output_raw_format != "binary":
            context.report(rules.NO_EFFECT_BINARY_SIZE(), operation.at("maxBinarySize"), key=True)
        yield consumed


def _check_body_key(operation: ConsumedOperation, upstream: Upstream, context: Context) -> None:
    match upstream.credential:
        case ApiKeyCredential(placement="body") if operation.method not in ("POST", "PUT", "PATCH", "DELETE"):
            context.report(rules.INVALID_VALUE_BODY_KEY(method=operation.method), operation.at("method"))
        case _:
            pass


def _tell_sealed(parameter: ConsumedParameter, context: Context) -> None:
    context.report(rules.AUTHENTICATION_INPUT(name=parameter.name), parameter.at("name"))


def _spelt(
    path: Sequence[str | Placeholder], parameters: Sequence[ConsumedParameter], context: Context
) -> dict[str, str]:
    """The placeholders of a path whose parameters' names differ in case and punctuation only, by those names."""
    declared = {parameter.name for parameter in parameters if parameter.in_ == "path"}
    names = {piece.name for piece in path if isinstance(piece, Placeholder)}
    spelt: dict[str, str] = {}
    for parameter in parameters:
        found = [n for n in names - declared if parameter.in_ == "path" and fold(n) == fold(parameter.name)]
        if len(found) == 1 and parameter.name not in names:
            spelt[parameter.name] = found[0]
            steps = parameter.at("name")
            fix = respelt(context.source, steps, parameter.name, found[0])
            context.report(rules.PLACEHOLDER_CASE(name=parameter.name, meant=found[0]), steps, fix=fix)
    return spelt


def _respelt(path: Sequence[str | Placeholder], spelt: Mapping[str, str]) -> tuple[str | Placeholder, ...]:
    """The path with the parameters' names for its placeholders."""
    renamed = {placeholder: name for name, placeholder in spelt.items()}
    return tuple(p if isinstance(p, str) else Placeholder(renamed.get(p.name, p.name), p.offset) for p in path)


def fold(name: str) -> str:
    """A name without case and punctuation: ``warehouse-id`` and ``warehouseId`` meet."""
    return re.sub(r"[\W_]", "", name.casefold()) or name


def _placed_elsewhere(api: ConsumedHttp) -> list[ConsumedParameter]:
    """The adapter's path parameters that some resource has a place for: the other resources need not."""
    paths = [resource.path for resource in api.resources]
    return [p for p in api.input_parameters if p.in_ == "path" and any(f"{{{p.name}}}" in path for path in paths)]


def _check_output(output: ConsumedOutput, context: Context) -> None:
    """Named outputs serve steps, which are not served yet; a path that does not compile is wrong all the same."""
    if output.value is None or "{{" in output.value:
        return
    try:
        compile_path(output.value)
    except JsonPathError as error:
        context.report(rules.JSONPATH(problem=str(error)), output.at("value"))


def _merged(levels: Iterable[Iterable[ConsumedParameter]]) -> dict[tuple[str, str], ConsumedParameter]:
    merged: dict[tuple[str, str], ConsumedParameter] = {}
    for level in levels:
        for parameter in level:
            name = parameter.name.lower() if parameter.in_ == "header" else parameter.name
            merged.setdefault((name, parameter.in_), parameter)
    return merged


def _own_path(
    resource: ConsumedResource, operation: ConsumedOperation, context: Context
) -> tuple[str | Placeholder, ...]:
    """An operation's own path, outside the specification: whole when it starts with a slash, otherwise appended."""
    steps, own = operation.at("path"), operation.path or ""
    context.report(rules.NON_STANDARD_KEY_PATH(), steps, key=True)
    return _split(own if own.startswith("/") else f"{resource.path.rstrip('/')}/{own}", steps, context)


def _path(resource: ConsumedResource, context: Context) -> tuple[str | Placeholder, ...]:
    return _split(resource.path, resource.at("path"), context)


def _split(text: str, steps: Steps, context: Context) -> tuple[str | Placeholder, ...]:
    try:
        path = split_path(text)
    except ValueError as error:
        context.report(rules.PATH(problem=str(error)), steps)
        return (text,)
    if any(isinstance(piece, str) and "#" in piece for piece in path):
        context.report(rules.PATH_FRAGMENT(), steps)
    return _referring(path, text, steps, context)


def _referring(
    path: tuple[str | Placeholder, ...], text: str, steps: Steps, context: Context
) -> tuple[str | Placeholder, ...]:
    """A path whose placeholders are written as references, by the names of the inputs that they mean."""
    spaces = context.namespaces
    words = Words((*spaces.exposed, *spaces.aggregates), (), (), lambda _: False)
    pieces: list[str | Placeholder] = []
    for piece in path:
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        reference = words.read(piece.name, braced=True) if "." in piece.name else None
        name = reference.name if reference is not None and reference.kind == "input" else piece.name
        before = pieces[-1] if pieces else ""
        if isinstance(before, str) and before.endswith("/$") and f"${{{piece.name}}}" in text:
            pieces[-1] = before[:-1]
            context.tell_of_form(f"${{{piece.name}}}", f"{{{name}}}", text, steps)
        pieces.append(Placeholder(name, piece.offset))
    return tuple(pieces)


def advise_place(name: str, places: Sequence[str]) -> Advice:
    """What to do about a path parameter that the path has no place for."""
    return suggest(name, places, helps.PATH_HAS) or helps.WRITE_INTO_PATH(name=name)


def _check_framing(parameter: ConsumedParameter, context: Context) -> None:
    """Refuse headers by which a value could cut a message in two, or choose another host."""
    name, given = parameter.name.lower(), parameter.value
    if name in FRAMING or (name == "host" and (given is None or "{{" in given)):
        advice = helps.REMOVE() if name in FRAMING else helps.GIVE_FIXED_VALUE()
        context.report(rules.INVALID_VALUE_OWN_HEADER(name=parameter.name), parameter.at("name"), advice)


def _check_place(parameter: ConsumedParameter, consumed: Consumed, context: Context) -> None:
    check_style(parameter, context)
    match parameter.in_:
        case "path":
            if parameter.name not in consumed.placeholders:
                advice = advise_place(parameter.name, consumed.placeholders)
                context.report(rules.UNPLACED_PARAMETER(name=parameter.name), parameter.at("name"), advice)
        case "header":
            header_name(parameter.name, parameter.at("name"), context)
            _check_framing(parameter, context)
        case "query" | "cookie" | "body" | "environment":
            pass
        case _:
            assert_never(parameter.in_)
