"""Links the consumed APIs: every operation by its name, with the parameters of all levels merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from naftiko_runtime import rules
from naftiko_runtime.authentication.kinds import get_kind
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.encode_for_place import FRAMING_HEADERS
from naftiko_runtime.host_encoding import encode_host
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.link.base_uri import advise_url, link_template, refuse_other_form
from naftiko_runtime.link.base_uri_check import check_base_uri
from naftiko_runtime.link.binary_responses import check_media_type, parse_binary_size
from naftiko_runtime.link.consumed_operation import Consumed
from naftiko_runtime.link.consumed_paths import (
    advise_place,
    link_own_path,
    link_path,
    match_placeholders,
    rename_placeholders,
)
from naftiko_runtime.link.credentials import is_set_by_authentication, link_credential
from naftiko_runtime.link.exposed_headers import list_exposed_headers
from naftiko_runtime.link.forward_headers import list_forward_headers
from naftiko_runtime.link.header_name import check_header_name
from naftiko_runtime.link.list_styles import check_style
from naftiko_runtime.link.pagination import link_pagination
from naftiko_runtime.plan import Upstream
from naftiko_runtime.rules import helps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.consumes import ConsumedOperation, ConsumedResource, ImportedConsumes
    from naftiko_runtime.document.parameters import ConsumedOutput, ConsumedParameter
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.source import KeyPath


def link_consumed_apis(
    document: Document, base_uris: Mapping[str, str], context: Context
) -> tuple[dict[str, Consumed], tuple[Upstream, ...]]:
    """Link the consumed operations, by ``namespace.operation``, and the upstreams.

    Args:
        document: The document.
        base_uris: Base URIs that the operator set, by namespace. They replace the document's.
        context: The linking run.
    """
    operations: dict[str, Consumed] = {}
    upstreams: dict[str, Upstream] = {}
    for api in (*document.consumes, *document.capability.consumes):
        if not isinstance(api, ConsumedHttp):
            _report_entry(api, context)
            continue
        upstream = _link_upstream(api, base_uris.get(api.namespace), context)
        first = upstreams.setdefault(api.namespace, upstream)
        if is_repeated := first is not upstream:
            statement = rules.DUPLICATE_NAMESPACE_CONSUMED(namespace=api.namespace)
            context.report(statement, api.get_path("namespace"), related=first.span)
        for resource in api.resources:
            for operation in _link_operations(api, resource, upstream, context):
                if is_repeated:  # which is reported already
                    operations.setdefault(operation.name, operation)
                else:
                    _register(operation, operations, context)
    return operations, tuple(upstreams.values())


def _report_entry(entry: ImportedConsumes, context: Context) -> None:
    if entry.import_ is None:
        context.report(rules.MISSING_KEY(key="import"), entry.get_path(), helps.ADD_IMPORT())
    else:
        report_missing_import(entry.get_path("import"), context)


def report_missing_import(key_path: KeyPath, context: Context) -> None:
    """Report an import that was not spliced, unless splicing it failed, which is reported already."""
    if not context.findings.has_errors:
        context.report(rules.IMPORT_WITHOUT_FOLDER(), key_path)


def _register(consumed: Consumed, operations: dict[str, Consumed], context: Context) -> None:
    if consumed.name in operations:
        first = context.find_span(operations[consumed.name].operation.get_path("name"))
        statement = rules.DUPLICATE_NAME_CONSUMED(name=consumed.name)
        context.report(statement, consumed.operation.get_path("name"), related=first)
    operations.setdefault(consumed.name, consumed)


def _link_upstream(api: ConsumedHttp, base_uri: str | None, context: Context) -> Upstream:
    key_path, template = api.get_path("baseUri"), None
    if base_uri is None:
        base_uri = api.base_uri.strip()
        if refuse_other_form(api, context):
            base_uri = "http://invalid"
        elif "{{" in base_uri:
            template = link_template(api, context)
            base_uri = base_uri if template is not None else "http://invalid"
        elif fault := check_base_uri(base_uri):
            context.report(fault, key_path, fault.advice or advise_url(base_uri, api.namespace))
            base_uri = "http://invalid"
    if template is None:
        base_uri = encode_host(base_uri)
    proof, exposed = link_credential(api.authentication, context), tuple(sorted(list_exposed_headers(api, context)))
    forwarded = list_forward_headers(api, proof, context)
    return Upstream(api.namespace.strip(), base_uri, proof, context.find_span(key_path), exposed, template, forwarded)


def _link_operations(
    api: ConsumedHttp, resource: ConsumedResource, upstream: Upstream, context: Context
) -> Iterator[Consumed]:
    shared_path = link_path(resource, context)
    elsewhere = _find_placed(api)
    shared_headers = list_exposed_headers(resource, context)
    for operation in resource.operations:
        levels = (operation.input_parameters, resource.input_parameters, api.input_parameters)
        declared = tuple(_merge(levels).values())
        set_by_authentication = tuple(
            p for p in declared if is_set_by_authentication(p.in_, p.name, upstream.credential)
        )
        parameters = tuple(p for p in declared if p not in set_by_authentication)
        for parameter in set_by_authentication:
            context.report(rules.AUTHENTICATION_INPUT(name=parameter.name), parameter.get_path("name"))
        _check_body_key(operation, upstream, context)
        path = shared_path if operation.path is None else link_own_path(resource, operation, context)
        spelt = match_placeholders(path, parameters, context)
        consumed = Consumed(
            upstream,
            operation,
            rename_placeholders(path, spelt),
            parameters,
            check_media_type(operation, context),
            parse_binary_size(operation, context),
            spelt,
            shared_headers | list_exposed_headers(operation, context),
            closed=context.takes_nothing(operation, resource, api),
            set_by_authentication=set_by_authentication,
            pagination=link_pagination(operation, parameters, upstream, context),
        )
        for parameter in parameters:
            if not any(parameter is known for known in elsewhere):
                _check_place(parameter, consumed, context)
        for output in operation.output_parameters:
            _check_output(output, context)
        if operation.max_binary_size is not None and operation.output_raw_format != "binary":
            context.report(rules.NO_EFFECT_BINARY_SIZE(), operation.get_path("maxBinarySize"), key=True)
        yield consumed


def _check_body_key(operation: ConsumedOperation, upstream: Upstream, context: Context) -> None:
    credential = upstream.credential
    if credential is None or operation.method in ("POST", "PUT", "PATCH", "DELETE"):
        return
    if get_kind(credential).adds_to_body(credential):
        context.report(rules.INVALID_VALUE_BODY_KEY(method=operation.method), operation.get_path("method"))


def _find_placed(api: ConsumedHttp) -> list[ConsumedParameter]:
    """Return the API's path parameters that some resource has a placeholder for: the other resources need none."""
    paths = [resource.path for resource in api.resources]
    return [p for p in api.input_parameters if p.in_ == "path" and any(f"{{{p.name}}}" in path for path in paths)]


def _check_output(output: ConsumedOutput, context: Context) -> None:
    """Report an invalid path of a named output, also if no step uses it."""
    if output.value is None or "{{" in output.value:
        return
    try:
        compile_path(output.value)
    except JsonPathError as error:
        context.report(rules.JSONPATH(problem=error.problem), output.get_path("value"))


def _merge(levels: Iterable[Iterable[ConsumedParameter]]) -> dict[tuple[str, str], ConsumedParameter]:
    merged: dict[tuple[str, str], ConsumedParameter] = {}
    for level in levels:
        for parameter in level:
            name = parameter.name.lower() if parameter.in_ == "header" else parameter.name
            merged.setdefault((name, parameter.in_), parameter)
    return merged


def _check_framing(parameter: ConsumedParameter, context: Context) -> None:
    """Refuse headers with which a value could split a message or choose another host."""
    name, given = parameter.name.lower(), parameter.value
    if name in FRAMING_HEADERS or (name == "host" and (given is None or "{{" in given)):
        advice = helps.REMOVE() if name in FRAMING_HEADERS else helps.GIVE_FIXED_VALUE()
        context.report(rules.INVALID_VALUE_OWN_HEADER(name=parameter.name), parameter.get_path("name"), advice)


def _check_place(parameter: ConsumedParameter, consumed: Consumed, context: Context) -> None:
    check_style(parameter, context)
    match parameter.in_:
        case "path":
            if parameter.name not in consumed.placeholders:
                advice = advise_place(parameter.name, consumed.placeholders)
                context.report(rules.UNPLACED_PARAMETER(name=parameter.name), parameter.get_path("name"), advice)
        case "header":
            check_header_name(parameter.name, parameter.get_path("name"), context)
            _check_framing(parameter, context)
        case "query" | "cookie" | "body" | "environment":
            pass
        case _:
            assert_never(parameter.in_)
