"""Links the resources of an MCP expose: folders of files, and operations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.document.exposes import ServedExpose
from naftiko_runtime.document.parameters import ToolParameter
from naftiko_runtime.exposes.link_folder import describe_file, report_folder_error
from naftiko_runtime.exposes.mcp.uri_template import UriError, parse_uri
from naftiko_runtime.folder_files import FolderError, read_folder
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.credentials import check_caller_known
from naftiko_runtime.link.declared_inputs import link_arguments
from naftiko_runtime.plan import Argument, Contract, DynamicResource, ResourceFolder

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import McpExpose, McpResource
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.link_operations import ExposeLinker
    from naftiko_runtime.plan import Operation

_MEDIA_TYPE: Final = compile_lazily(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:\s*;.*)?")
_EXECUTIONS: Final = ("call", "steps", "output_parameters")


def link_resources(expose: McpExpose, linker: ExposeLinker) -> tuple[DynamicResource | ResourceFolder, ...]:
    """Link the resources of an expose. Errors in them are reported."""
    linker.check_unique(rules.DUPLICATE_NAME_RESOURCE, expose.resources)
    resources: list[DynamicResource | ResourceFolder] = []
    for declared in expose.resources:
        linked = _link_resource(expose, declared, linker)
        if linked is not None:
            linker.parts[declared.get_path()] = linked
            resources.append(linked)
    _check_uris(expose, linker)
    _check_skill_uris(expose, linker)
    return tuple(resources)


def _link_resource(
    expose: McpExpose, declared: McpResource, linker: ExposeLinker
) -> DynamicResource | ResourceFolder | None:
    context = linker.context
    _check_media_type(declared, context)
    pattern = _parse(declared, context)
    executions = [name for name in _EXECUTIONS if getattr(declared, name)]
    if declared.location is None:
        if not executions and declared.get_path("call") not in context.unread:
            context.report(rules.MISSING_KEY_RESOURCE(name=declared.name), declared.get_path())
            return None
        return None if pattern is None else _link_operation(expose, declared, pattern, linker)
    if executions:
        key = type(declared).model_fields[executions[0]].alias or executions[0]
        context.report(rules.INVALID_VALUE_RESOURCE(key=key), declared.get_path(key), key=True)
        return None
    return None if pattern is None else _link_folder(declared, pattern, context)


def _parse(declared: McpResource, context: Context) -> tuple[str | Argument, ...] | None:
    if declared.get_path("uri") in context.unread:
        return None
    try:
        return parse_uri(declared.uri)
    except UriError as error:
        context.report(error.statement, declared.get_path("uri"))
        return None


def _check_media_type(declared: McpResource, context: Context) -> None:
    if declared.mime_type is not None and _MEDIA_TYPE.fullmatch(declared.mime_type) is None:
        statement = rules.INVALID_VALUE_MEDIA_TYPE(value=declared.mime_type[:80])
        context.report(statement, declared.get_path("mimeType"))


# -- operations -----------------------------------------------------------------------------------------------------


def _link_operation(
    expose: McpExpose, declared: McpResource, pattern: tuple[str | Argument, ...], linker: ExposeLinker
) -> DynamicResource | None:
    """Link a resource that an operation gives. Its inputs are the variables of its URI."""
    linker.check_unique(rules.DUPLICATE_NAME_INPUT, declared.input_parameters)
    names = [piece.name for piece in pattern if isinstance(piece, Argument)]
    whole = declared.derive({"input_parameters": _complete_inputs(expose, declared, names)})
    inputs, fixed = link_arguments(whole.input_parameters, linker.context)
    operation = linker.link_operation(expose, whole, declared.name, inputs, fixed, tool=True, closed=True)
    if operation is None:
        return None
    by_stdio = expose.transport == "stdio"
    check_caller_known(operation, expose.authentication, declared.get_path("name"), linker.context, by_stdio=by_stdio)
    return DynamicResource(
        name=declared.name,
        title=declared.label,
        description=operation.description,
        uri=declared.uri,
        pattern=pattern,
        media_type=declared.mime_type,
        binary=declared.binary,
        operation=_place_inputs(operation, declared, names, linker.context),
        required_scopes=declared.required_scopes,
    )


def _complete_inputs(expose: McpExpose, declared: McpResource, names: list[str]) -> tuple[ToolParameter, ...]:
    """Return the declared inputs, and a required text for each other variable of the URI."""
    own = {parameter.name for parameter in declared.input_parameters}
    general = tuple(
        p for p in expose.input_parameters if p.name not in own and (p.name in names or p.value is not None)
    )
    known = own | {parameter.name for parameter in general}
    implied = []
    for name in names:
        if name not in known:
            parameter = ToolParameter(name=name, type="string")
            parameter.set_path(declared.get_path("uri"))
            implied.append(parameter)
    return (*general, *declared.input_parameters, *implied)


def _place_inputs(operation: Operation, declared: McpResource, names: list[str], context: Context) -> Operation:
    """Return the operation with the inputs that its URI has. Others that it requires are reported."""
    contract = operation.contract
    for input_ in contract.inputs:
        if input_.name not in names and input_.required and input_.default is None:
            statement = rules.UNPLACED_PARAMETER_IN_URI(name=input_.name, uri=declared.uri)
            context.report(statement, declared.get_path("uri"))
    placed = tuple(replace(i, place="path", required=True) for i in contract.inputs if i.name in names)
    others = tuple(i for i in contract.inputs if i.name not in names and i.default is not None)
    return replace(operation, contract=Contract((*placed, *others)))


# -- folders --------------------------------------------------------------------------------------------------------


def _link_folder(declared: McpResource, pattern: tuple[str | Argument, ...], context: Context) -> ResourceFolder | None:
    if any(isinstance(piece, Argument) for piece in pattern):
        context.report(rules.URI_OF_FOLDER(), declared.get_path("uri"))
        return None
    document_folder = Path(context.find_span(declared.get_path()).file).parent
    try:
        files = read_folder(declared.location or "", document_folder)
    except FolderError as error:
        report_folder_error(error, declared.get_path("location"), context)
        return None
    if not files:
        context.report(rules.LOCATION_EMPTY(name=declared.location or ""), declared.get_path("location"))
    base = declared.uri if declared.uri.endswith("/") else f"{declared.uri}/"
    served = tuple(describe_file(file, base, declared.mime_type) for file in files)
    return ResourceFolder(
        declared.name, declared.label, declared.description or "", declared.uri, served, declared.required_scopes
    )


# -- URIs -----------------------------------------------------------------------------------------------------------


def _check_uris(expose: McpExpose, linker: ExposeLinker) -> None:
    """Report resources whose URIs are those of earlier ones, also those of the files of folders."""
    seen: dict[str, McpResource] = {}
    for declared in expose.resources:
        part = linker.parts.get(declared.get_path())
        match part:
            case ResourceFolder():
                uris = [part.uri, *(file.uri for file in part.files)]
            case DynamicResource():
                uris = [part.key[1]]
            case _:
                continue
        twice = next((uri for uri in uris if uri in seen), None)
        if twice is None:
            seen.update(dict.fromkeys(uris, declared))
            continue
        written = twice if isinstance(part, ResourceFolder) else declared.uri
        related = linker.context.find_span(seen[twice].get_path("uri"))
        linker.context.report(rules.DUPLICATE_NAME_URI(uri=written), declared.get_path("uri"), related=related)


def _check_skill_uris(expose: McpExpose, linker: ExposeLinker) -> None:
    """Report resources whose URIs are among those of the skills of the document, which clients also read."""
    served = [other for other in linker.document.capability.exposes if isinstance(other, ServedExpose)]
    namespaces = [other.namespace for other in served if other.type == "skill"]
    for declared in expose.resources:
        for namespace in namespaces:
            if declared.uri.startswith(f"skill://{quote(namespace, safe='')}/"):
                statement = rules.URI_OF_SKILLS(namespace=namespace)
                linker.context.report(statement, declared.get_path("uri"))
