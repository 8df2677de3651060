"""What operations inherit from functions of aggregates: their inputs get places in the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.document.parameters import ExposedParameter, ValueConstraints
from naftiko_runtime.exposes.rest.placeholders import list_placeholders
from naftiko_runtime.link.consumed_operation import METHODS_WITH_BODY
from naftiko_runtime.link.fold_name import fold_name

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import RestExpose, RestOperation, RestResource
    from naftiko_runtime.document.parameters import ToolParameter
    from naftiko_runtime.link.function_references import Functions

_KEPT: Final = ("label", "description", "type", "default", "value", *ValueConstraints.model_fields)
"""The keys that an input of a function and one of an operation have in common, besides its name."""


def inherit(expose: RestExpose, functions: Functions) -> RestExpose:
    """Return an expose whose operations have what they inherit from the functions that they refer to."""
    if all(operation.ref is None for resource in expose.resources for operation in resource.operations):
        return expose
    resources = tuple(_inherit_resource(expose, resource, functions) for resource in expose.resources)
    return expose.derive({"resources": resources})


def _inherit_resource(expose: RestExpose, resource: RestResource, functions: Functions) -> RestResource:
    operations = tuple(_inherit_operation(expose, resource, one, functions) for one in resource.operations)
    return resource.derive({"operations": operations}) if resource.operations else resource


def _inherit_operation(
    expose: RestExpose, resource: RestResource, operation: RestOperation, functions: Functions
) -> RestOperation:
    source = functions.resolve(operation)
    if source is None:
        return operation
    _, function = source
    around = {p.name: p.in_ for p in (*expose.input_parameters, *resource.input_parameters) if p.in_ != "path"}
    in_path = {fold_name(name) for name in list_placeholders(resource.path)}
    usual = "body" if operation.method in METHODS_WITH_BODY else "query"

    def find_place(name: str) -> str:
        return "path" if fold_name(name) in in_path else around.get(name, usual)

    return functions.inherit(
        operation, source, tuple(_place_input(p, find_place(p.name)) for p in function.input_parameters)
    )


def _place_input(parameter: ToolParameter, place: str) -> ExposedParameter:
    """Return the input of a function as one of an operation, at a place of the request."""
    fields, keys = ExposedParameter.model_fields, parameter.model_fields_set
    written = {fields[key].alias: getattr(parameter, key) for key in _KEPT if key in keys}
    required = parameter.required is not False
    placed = ExposedParameter.model_validate({"name": parameter.name, "in": place, "required": required, **written})
    placed.set_path(parameter.get_path())
    return placed
