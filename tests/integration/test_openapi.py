"""The exported document is correct: schemathesis makes requests from it, and checks the responses."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from naftiko_runtime.loading import load
from naftiko_runtime.openapi import write_openapi
from naftiko_runtime.plan import RestServer
from support.gateway import Gateway
from support.upstream import GIF, Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case

    from naftiko_runtime.plan import Plan

# A search through thousands of requests, most of whose work is that of schemathesis: see ``LONG_SEARCHES``.
pytestmark = pytest.mark.no_cover
HERE = Path(__file__).parent
FILES = {
    "pixel": HERE.parent.parent / "capabilities" / "pixel-tracking.yaml",
    "typed": HERE / "openapi" / "typed.yaml",
    "writes": HERE / "openapi" / "writes.yaml",
    "workflow": HERE / "openapi" / "workflow.yaml",
}
JSON = {"content-type": "application/json"}
SHIPS = [
    {"imo": 9074729, "name": "Anna Maria", "draught": 4.5, "afloat": True, "crew": [{"name": "Ann"}, {"name": "船"}]},
    {"imo": "8814275", "name": "Bo", "draught": "7", "afloat": "false", "crew": []},
    {"imo": None, "name": None},
]
DECK = {"level": 3, "cabins": {"a1": 2, "a2": 4}}
MANIFEST = {"name": "Anna Maria", "tons": "4.5", "crewIds": [2, 9, 1, 2]}
CREW = [{"id": "1", "name": "Ann"}, {"id": 2, "name": None}]
ORDER = {"id": "o-1", "total": 12.5, "orders": [{"id": "o-1"}, {"id": 2}]}
RESPONSES = {
    "pixel": {("*", "*"): Reply(headers={"content-type": "image/gif"}, body=GIF)},
    "typed": {("*", "*"): Reply(headers=JSON, body=json.dumps({"ships": SHIPS, "deck": DECK}).encode())},
    "writes": {("*", "*"): Reply(headers=JSON, body=json.dumps(ORDER).encode()), ("DELETE", "*"): Reply(204)},
    "workflow": {
        ("*", "*"): Reply(headers=JSON, body=json.dumps(MANIFEST).encode()),
        ("GET", "/base/crew"): Reply(headers=JSON, body=json.dumps(CREW).encode()),
    },
}
SOUND = (200, 204)
"""The responses of the upstreams. Any other status is ours."""
SECRETS = {"ORDERS_USER": "clerk", "ORDERS_PASSWORD": "p:w"}
SHOWN = {"writes": (SECRETS["ORDERS_USER"], SECRETS["ORDERS_PASSWORD"])}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
bounded = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    # What a schema asks for may be seldom or large; every example is wanted all the same.
    suppress_health_check=(HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large),
)


def plan_of(name: str) -> Plan:
    plan = load(FILES[name]).plan
    assert plan is not None
    return plan


def operations_of(name: str) -> Iterator[tuple[str, Any]]:
    """The operations that schemathesis finds in a file's document."""
    plan = plan_of(name)
    document = write_openapi(plan, [server for server in plan.servers if isinstance(server, RestServer)])
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        yield operation.label, operation


OPERATIONS = [
    pytest.param(name, operation, id=f"{name}: {label}") for name in FILES for label, operation in operations_of(name)
]


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    """Where each file is served, by a process of its own in front of an upstream of its own."""
    found: dict[str, str] = {}
    with ExitStack() as stack:
        for name, file in FILES.items():
            upstream = stack.enter_context(Upstream())
            for (method, path), reply in RESPONSES[name].items():
                upstream.on(method, path, reply)
            plan = plan_of(name)
            bases = [part for api in plan.upstreams for part in ("--base-uri", f"{api.namespace}={upstream.url}/base")]
            namespaces = [server.namespace for server in plan.servers]
            gateway = stack.enter_context(Gateway(file, namespaces, *bases, environment=SECRETS))
            found[name] = gateway.urls[next(s.namespace for s in plan.servers if isinstance(s, RestServer))]
        yield found


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_allowed_requests_get_the_declared_responses(urls: dict[str, str], name: str, operation: Any) -> None:
    @bounded
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def check(case: Case[Any]) -> None:
        response = case.call(base_url=urls[name], auth=SHOWN.get(name))
        case.validate_response(response, checks=CHECKS)
        assert response.status_code in SOUND, f"{case.as_curl_command()}\n{response.text}"

    check()


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_other_requests_get_the_declared_responses_or_errors(urls: dict[str, str], name: str, operation: Any) -> None:
    @bounded
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def check(case: Case[Any]) -> None:
        response = case.call(base_url=urls[name], auth=SHOWN.get(name))
        case.validate_response(response, checks=CHECKS)
        if response.status_code not in SOUND:
            assert response.headers["content-type"] == ["application/problem+json"]
            # 404: a value that leads to no route, such as one that is empty.
            assert response.status_code in (400, 404), f"{case.as_curl_command()}\n{response.text}"

    check()


@pytest.mark.parametrize(("name", "operation"), [o for o in OPERATIONS if o.values[0] in SHOWN])
def test_who_shows_nothing_is_refused_as_it_says(urls: dict[str, str], name: str, operation: Any) -> None:
    @settings(bounded, max_examples=2)
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def refused(case: Case[Any]) -> None:
        case.headers.pop("Authorization", None)
        response = case.call(base_url=urls[name])
        case.validate_response(response, checks=CHECKS)
        assert response.status_code == 401
        assert response.headers["content-type"] == ["application/problem+json"]

    refused()
