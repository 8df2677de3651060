"""The ports that capabilities listen on."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from naftiko_runtime.errors import BindError
from naftiko_runtime.link.check_shared_ports import group_by_port
from naftiko_runtime.sandbox_responses import SandboxTransport
from naftiko_runtime.server.capability_to_serve import ServedCapability
from naftiko_runtime.server.open_ports import check_same_ports
from support.linked import link_plan, make_document, make_mcp_expose, make_rest_expose


def capability(*exposes: dict[str, Any]) -> ServedCapability:
    return ServedCapability(link_plan(make_document(exposes=list(exposes))), {}, partial(SandboxTransport, {}))


ONE, TWO = make_rest_expose(port=8080), make_rest_expose(port=8081) | {"namespace": "other"}
FREE, OTHER_FREE = make_rest_expose(port=0), make_rest_expose(port=0) | {"namespace": "more"}
TOOLS, FREE_TOOLS = make_mcp_expose(port=9090), make_mcp_expose(port=0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([capability(ONE), capability(TWO)], [capability(TWO), capability(ONE)]),
        ([capability(ONE, TOOLS)], [capability(TOOLS, ONE)]),
        ([capability(ONE), capability(TOOLS)], [capability(TOOLS, ONE)]),
        ([capability(FREE, OTHER_FREE, FREE_TOOLS)], [capability(FREE_TOOLS, OTHER_FREE), capability(FREE)]),
        ([capability(FREE), capability(FREE)], [capability(FREE), capability(FREE)]),
    ],
    ids=["files", "exposes", "moved", "free ports", "same name"],
)
def test_the_order_of_exposes_may_change(before: list[ServedCapability], after: list[ServedCapability]) -> None:
    check_same_ports(before, after)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([ONE], [TWO], "rest localhost:8080 became rest localhost:8081"),
        ([ONE], [ONE, TWO], "rest localhost:8080 became rest localhost:8080, rest localhost:8081"),
        ([ONE], [make_mcp_expose(port=8080)], "rest localhost:8080 became mcp localhost:8080"),
        ([FREE], [OTHER_FREE], "rest localhost:0 (ships) became rest localhost:0 (more)"),
        ([FREE], [FREE, OTHER_FREE], "(ships) became rest localhost:0 (ships), rest localhost:0 (more)"),
    ],
)
def test_ports_may_not_change(before: list[dict[str, Any]], after: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(BindError) as refused:
        check_same_ports([capability(*before)], [capability(*after)])
    assert words in refused.value.reason


def test_each_server_on_a_free_port_keeps_its_key_in_any_order() -> None:
    servers = link_plan(make_document(exposes=[FREE, OTHER_FREE, FREE_TOOLS])).servers
    groups = group_by_port(servers, lambda server: server)
    assert group_by_port(reversed(servers), lambda server: server) == groups
    assert len(groups) == 3
