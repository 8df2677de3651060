"""Which lists of inputs close an operation."""

from __future__ import annotations

import pytest

from naftiko_runtime.loading import load_source
from naftiko_runtime.source import parse_source

DOCUMENT = """
{version}
info: {{label: Closed}}
capability:
  consumes:
    - type: http
      namespace: api
      baseUri: https://api.example
      resources: [{{path: /x, operations: [{{name: get, {consumed}}}]}}]
  exposes:
    - {{type: mcp, namespace: tools, port: 1, {expose} tools: [{{name: get, description: x, call: api.get, {tool}}}]}}
"""
ALPHA, BETA = "naftiko: 1.0.0-alpha2", "ikanos: 1.0.0-beta5"


@pytest.mark.parametrize(
    ("version", "consumed", "expose", "tool", "is_open"),
    [
        (ALPHA, "", "", "", True),
        (ALPHA, "", "", "inputParameters: ", True),
        (ALPHA, "inputParameters: null", "", "", True),
        (ALPHA, "", "", "inputParameters: []", False),
        (ALPHA, "inputParameters: []", "", "", False),
        (ALPHA, "", "inputParameters: [],", "", False),
        (ALPHA, "", "inputParameters: [{name: q}],", "", False),
        (BETA, "", "", "inputParameters: {}", False),
        (BETA, "inputParameters: {}", "", "", False),
        (ALPHA, "inputParameters: {}", "", "", False),
    ],
)
def test_only_a_list_that_is_there_and_empty_says_that_there_is_nothing(
    version: str, consumed: str, expose: str, tool: str, is_open: bool
) -> None:
    text = DOCUMENT.format(version=version, consumed=consumed, expose=expose, tool=tool)
    loaded = load_source(parse_source(text.encode(), "closed.yml"))
    assert loaded.plan is not None, loaded.diagnostics
    ((operation,),) = [server.operations for server in loaded.plan.servers]
    assert operation.contract.open is is_open
