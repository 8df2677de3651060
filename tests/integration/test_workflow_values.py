"""Workflows over real sockets: values that a request cannot have, and values that cannot be text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.caller import call
from support.gateway import Gateway
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream


@pytest.fixture(scope="module")
def web(documents: Path, module_upstream: Upstream) -> Iterator[str]:
    options = ("--base-uri", f"api={module_upstream.url}", "--base-uri", f"keyed={module_upstream.url}/v1")
    with Gateway(
        documents / "workflows.yaml", ["web", "tools"], *options, environment={"WORKFLOW_TOKEN": "wf-4f01"}
    ) as running:
        yield running.urls["web"]


def reply(value: object) -> Reply:
    return Reply(headers={"content-type": "application/json"}, body=json.dumps(value).encode())


@pytest.mark.parametrize(
    ("id_", "a", "status"), [("7", "b", 200), ("..", "b", 400), ("..", "..", 400), ("7", "..", 200), ("7", None, 200)]
)
def test_a_bad_value_of_the_caller_is_its_fault_and_never_replaced(
    web: str, api: Upstream, id_: str, a: str | None, status: int
) -> None:
    api.on("GET", "/one", reply({"a": a}))
    api.on("GET", "/items/7/b", reply("found"))
    response = call(web, f"/part?id={id_}")
    assert response.status == status
    if status == 200:
        assert response.json == {"part": "found" if a == "b" else "replaced"}
    else:
        assert response.json["type"] == "urn:naftiko:problem:invalid-request"
    assert [one.target for one in api.received] == ["/one", "/items/7/b"][: 2 if response.body.count(b"found") else 1]


def test_a_bad_item_of_the_callers_list_is_its_fault(web: str, api: Upstream) -> None:
    api.on("GET", "/items/7", reply({"n": 1}))
    body = json.dumps({"list": [{"id": 7}, {"id": ".."}]})
    response = call(web, "/named", "POST", {"content-type": "application/json"}, body)
    assert (response.status, response.json["type"]) == (400, "urn:naftiko:problem:invalid-request")


@pytest.mark.parametrize("path", ["/text-result", "/text-lookup", "/text-fallback", "/text-loop"])
def test_a_value_that_cannot_be_text_fails_its_step(web: str, api: Upstream, path: str) -> None:
    deep: object = []
    for _ in range(300):
        deep = [deep]
    api.on("GET", "/one", reply({"deep": deep}))
    api.on("GET", "/three", Reply(500))
    response = call(web, path)
    assert response.status == 502
    assert response.json["type"] == "urn:naftiko:problem:step-failed"
    step = "mappings" if path == "/text-result" else "text"
    assert response.json["step"] == step
    fallback = "its fallback failed too: " if path == "/text-fallback" else ""
    cause = "a value cannot be text: not expressible as JSON"
    assert response.json["detail"].startswith(f"step '{step}' failed: {fallback}{cause}")
