"""One mistake, one finding: follow-up findings are suppressed, and all others are reported."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load

if TYPE_CHECKING:
    from pathlib import Path

SOUND = dedent("""\
    naftiko: 1.0.0-alpha2
    info: {label: Ships, description: Where they are.}
    binds:
      - namespace: env
        keys: {TOKEN: REGISTRY_TOKEN}
    capability:
      consumes:
        - type: http
          namespace: registry
          description: The registry.
          baseUri: https://registry.acme.io/v1
          authentication: {type: bearer, token: "{{TOKEN}}"}
          resources:
            - name: ship
              path: /ships/{imo}
              inputParameters:
                - {name: imo, in: path}
              operations:
                - {name: get-ship, method: GET, description: One.}
            - name: ships
              path: /ships
              operations:
                - name: list-ships
                  description: All.
                  method: GET
                  inputParameters:
                    - {name: limit, in: query, type: integer}
      exposes:
        - type: rest
          namespace: web
          port: 8080
          resources:
            - path: /ships/{imo}
              description: One.
              operations:
                - method: GET
                  name: get
                  description: One.
                  call: registry.get-ship
                  inputParameters:
                    - {name: imo, in: path, type: string, description: Which.}
                  outputParameters:
                    - type: object
                      properties:
                        name: {type: string, mapping: "$.name"}
            - path: /ships
              description: All.
              operations:
                - method: GET
                  name: list
                  description: All.
                  call: registry.list-ships
                  with: {limit: web.max}
                  inputParameters:
                    - {name: max, in: query, type: integer, description: How many.}
        - type: mcp
          namespace: tools
          description: Ships, for assistants.
          port: 9090
          tools:
            - name: find-ship
              description: Finds a ship by its IMO number.
              call: registry.get-ship
              with: {imo: tools.number}
              inputParameters:
                - {name: number, type: string, description: Its IMO number.}
    """)
SLIPS = {
    "resources of an API": ("resources:\n        - name: ship\n", "resources", "resorces"),
    "operations of a resource": ("operations:\n            - {name: get-ship", "operations", "opperations"),
    "consumed method": ("{name: get-ship, method: GET", "method", "methd"),
    "consumed inputs of a path": (
        "inputParameters:\n            - {name: imo, in: path}",
        "inputParameters",
        "inputParamters",
    ),
    "consumed inputs of a query": (
        "inputParameters:\n                - {name: limit",
        "inputParameters",
        "inputParamters",
    ),
    "consumes": ("  consumes:", "consumes", "consumers"),
    "binds": ("binds:", "binds", "bind"),
    "token": ("token: ", "token", "tokn"),
    "authentication": ("authentication:", "authentication", "authentification"),
    "exposes": ("  exposes:", "exposes", "expose"),
    "resources of an expose": ("port: 8080\n      resources:", "resources", "resorces"),
    "operations of a route": (
        "operations:\n            - method: GET\n              name: get\n",
        "operations",
        "opertions",
    ),
    "call of a route": ("call: registry.get-ship\n              inputParameters", "call", "cal"),
    "call of a tool": ("call: registry.get-ship\n          with", "call", "cal"),
    "with of a route": ("with: {limit", "with", "wth"),
    "with of a tool": ("with: {imo", "with", "wit"),
    "inputs of a route": ("inputParameters:\n                - {name: imo", "inputParameters", "inputParamters"),
    "inputs that a value names": (
        "inputParameters:\n                - {name: max",
        "inputParameters",
        "inputParamters",
    ),
    "inputs of a tool": ("inputParameters:\n            - {name: number", "inputParameters", "inputParams"),
    "tools": ("      tools:", "tools", "tolls"),
    "properties": ("properties:", "properties", "propertes"),
}
"""Where the document has a word that is known by what follows it; the word, and its slip."""
OTHERS = {
    "a path that does not parse": (
        "path: /ships/{imo}\n          input",
        "path: /ships/{imo\n          input",
        "invalid-path",
    ),
    "an expose's namespace twice": ("namespace: tools", "namespace: web", "duplicate-namespace"),
    "a call that leads nowhere": ("registry.list-ships", "registry.list-shps", "unresolved-call"),
    "a variable that nothing binds": ("{TOKEN: REGI", "{TOKN: REGI", "unlisted-variable"),
    "a method that is none": ("{name: get-ship, method: GET", "{name: get-ship, method: FETCH", "invalid-value"),
    "an API without an address": ("baseUri: https://registry.acme.io/v1", "baseUri: ''", "invalid-base-uri"),
    "a port that is none": ("port: 8080", "port: [8080]", "wrong-type"),
}


def found(folder: Path, text: str) -> list[tuple[str, int]]:
    """The rules of all findings, with their lines."""
    file = folder / "capability.yml"
    file.write_text(text)
    return [(d.rule.slug, d.span.line if d.span else 0) for d in load(file, Overrides(lint=True)).diagnostics]


def spoilt(before: str, after: str) -> tuple[str, int]:
    """The document with a fault, and the fault's line."""
    assert SOUND.count(before) == 1
    return SOUND.replace(before, after), SOUND[: SOUND.index(before)].count("\n") + 1


def slipped(name: str) -> tuple[str, int]:
    """The document with a slip, and the slip's line."""
    before, word, slip = SLIPS[name]
    text, line = spoilt(before, before.replace(word, slip, 1))
    return text, line + before[: before.index(word)].count("\n")


def test_the_document_is_sound(tmp_path: Path) -> None:
    assert found(tmp_path, SOUND) == []


@pytest.mark.parametrize("name", SLIPS)
def test_a_misspelt_key_is_all_that_is_found(tmp_path: Path, name: str) -> None:
    text, line = slipped(name)
    assert found(tmp_path, text) == [("misspelt-key", line)]


@pytest.mark.parametrize(("before", "after", "rule"), OTHERS.values(), ids=OTHERS)
def test_another_fault_is_all_that_is_found(tmp_path: Path, before: str, after: str, rule: str) -> None:
    text, _ = spoilt(before, after)
    assert [slug for slug, _ in found(tmp_path, text)] == [rule]


@pytest.mark.parametrize(("slip", "fault", "rule"), [
    ("operations of a resource", ("web.max", "wob.max"), "unknown-reference"),
    ("operations of a resource", ("$.name", "$.na[me"), "invalid-jsonpath"),
    ("call of a route", ("registry.list-ships", "registry.list-shps"), "unresolved-call"),
    ("inputs of a tool", ("web.max", "wob.max"), "unknown-reference"),
    ("token", ("registry.list-ships", "registry.list-shps"), "unresolved-call"),
    ("binds", ("tools.number", "tolls.number"), "unknown-reference"),
    ("with of a route", ("tools.number", "tolls.number"), "unknown-reference"),
])  # fmt: skip
def test_a_slip_hides_nothing_that_has_nothing_to_do_with_it(
    tmp_path: Path, slip: str, fault: tuple[str, str], rule: str
) -> None:
    text, _ = slipped(slip)
    assert text.count(fault[0]) == 1
    assert [slug for slug, _ in found(tmp_path, text.replace(*fault))].count(rule) == 1


def test_what_calls_something_hidden_is_left_out_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "capability.yml"
    text, _ = slipped("operations of a resource")
    file.write_text(text)
    plan = load(file, Overrides(skip_broken=True)).plan
    assert plan is not None
    assert [route.path for route in plan.servers[0].routes] == ["/ships"]  # type: ignore[union-attr]
    (broken,) = plan.servers[0].broken
    assert "'registry.get-ship'" in describe_reason(broken.reason)
