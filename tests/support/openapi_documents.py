"""The OpenAPI document of a plan, and parts of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from naftiko_runtime.openapi import write_openapi
from naftiko_runtime.plan import RestServer
from support.linked import link_plan, make_document, make_rest_expose

if TYPE_CHECKING:
    from naftiko_runtime.plan import Plan

ROOT = Path(__file__).parents[2]


def servers_of(plan: Plan) -> list[RestServer]:
    return [server for server in plan.servers if isinstance(server, RestServer)]


def described(data: Any, *, warns: tuple[str, ...] = ()) -> Any:
    """The OpenAPI document of a capability document."""
    linked = link_plan(data, warns=warns)
    found = write_openapi(linked, servers_of(linked))
    check(found)
    return found


def check(found: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(found).iter_errors()] == []


def only(found: Any) -> Any:
    """The only operation of a document."""
    (item,) = found["paths"].values()
    (operation,) = item.values()
    return operation


def parameters(found: Any) -> dict[str, Any]:
    """The parameters of the only operation, by name."""
    return {given["name"]: given for given in only(found).get("parameters", [])}


def given(name: str, place: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, **more}


# -- bodies -----------------------------------------------------------------------------------------------------------


def body(inputs: list[Any], method: str = "POST", consumed: dict[str, Any] | None = None) -> Any:
    declared: dict[str, Any] = {"inputs": inputs} if inputs else {}
    own = {"method": method, **({"body": {"type": "json"}} if inputs else {}), **(consumed or {})}
    data = make_document(own, [make_rest_expose(**declared, method=method)])
    return only(described(data)).get("requestBody")
