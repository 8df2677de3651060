"""Odd parameters of requests for resources, prompts and completions: errors in our own words, in both eras."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from support.gateway import Gateway
from support.mcp_faults import ERAS, FOREIGN, request, send

if TYPE_CHECKING:
    from collections.abc import Iterator

HARBOUR: Final = Path(__file__).parents[3] / "capabilities" / "examples" / "harbour.yaml"
ODD: Final[list[Any]] = [None, True, -1.5, "", "x", [], [1, [2]], {"a": {"b": None}}, 10**30, "\ud800", "é\u2028"]
KEYS: Final = ["name", "arguments", "cursor", "_meta", "uri", "ref", "argument", "context"]
METHODS: Final = [
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "prompts/list",
    "prompts/get",
    "completion/complete",
]


@pytest.fixture(scope="module")
def harbour(server: str) -> Iterator[str]:  # noqa: ARG001 - for each server
    with Gateway(HARBOUR, ["harbour"], "--sandbox") as gateway:
        yield gateway.urls["harbour"]


def find_name(params: Any) -> str | None:
    """What the header with the target has to say."""
    named = params if isinstance(params, dict) else {}
    return next((named[key] for key in ("uri", "name") if isinstance(named.get(key), str)), None)


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize("method", METHODS)
def test_no_odd_parameter_is_our_fault(harbour: str, version: str, method: str) -> None:
    odd: list[Any] = [*ODD, *({key: value} for key, value in product(KEYS, ODD))]
    odd += [{"name": "hand-over", "arguments": {"watch": value}} for value in ODD]
    for kind, value in product(("ref/prompt", "ref/resource", 1), ODD):
        owner = {"type": kind, "name": "plan-arrival", "uri": "harbour://berths/{berth}"}
        odd.append({"ref": owner, "argument": {"name": "cargo", "value": value}})
    for params in odd:
        response = send(harbour, version, request(version, method, params), mcp_name=find_name(params))
        assert response.status in (200, 400), (params, response.body)
        assert not FOREIGN.search(response.body), (params, response.body)
        failed = response.json.get("error", {"code": 0, "message": "none"})
        assert failed["code"] != -32603, (params, response.body)
        assert failed["message"] not in ("", "Invalid request parameters"), params
