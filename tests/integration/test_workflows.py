"""Workflows over real sockets: what runs together, what a failure does, and the deadline of a run."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import call
from support.gateway import Gateway
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from support.caller import Response
    from support.upstream import Upstream

DEADLINE = 3.0
SECRET = "wf-5d1e70c2"


@pytest.fixture(scope="module", params=["native", "httpx2"])
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def gateway(client: str, documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    bases = ("--base-uri", f"api={module_upstream.url}", "--base-uri", f"keyed={module_upstream.url}/v1")
    options = (*bases, "--http-client", client, "--deadline", str(DEADLINE))
    environment = {"WORKFLOW_TOKEN": SECRET}
    with Gateway(documents / "workflows.yaml", ["web", "tools"], *options, environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def web(gateway: Gateway) -> str:
    return gateway.urls["web"]


def reply(
    value: object,
    status: int = 200,
    before: Callable[[], Awaitable[None]] | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    content = {"content-type": "application/json", **(headers or {})}
    return Reply(status, content, json.dumps(value).encode(), before=before)


def problem(response: Response, status: int) -> Any:
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status == response.json["status"] == status
    assert response.json["type"] == "urn:naftiko:problem:step-failed"
    return response.json


def call_tool(gateway: Gateway, name: str, arguments: dict[str, Any] | None = None) -> Any:
    params = {"name": name, "arguments": arguments or {}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2025-11-25",
    }
    return call(f"{gateway.urls['tools']}", "/mcp", "POST", headers, json.dumps(message).encode()).json["result"]


def test_safe_steps_that_do_not_use_one_another_run_together(web: str, api: Upstream) -> None:
    """Each response waits until all three requests have arrived, so steps in sequence would not end."""
    gates = [Gate(), Gate(), Gate()]

    async def meet(number: int) -> None:
        gates[number].open()
        await asyncio.gather(*(gate.wait() for gate in gates))

    for number, path in enumerate(("/one", "/two", "/three")):
        api.on("GET", path, reply({"n": number}, before=lambda number=number: meet(number)))  # type: ignore[misc]
    assert call(web, "/three").json == {"a": 0, "b": 1, "c": 2}


def test_three_calls_of_100_ms_take_less_than_200_ms(web: str, api: Upstream) -> None:
    async def wait() -> None:
        await asyncio.sleep(0.1)

    for path in ("/one", "/two", "/three"):
        api.on("GET", path, reply({"n": 1}, before=wait))

    def measure() -> float:
        began = time.monotonic()
        assert call(web, "/three").status == 200
        return time.monotonic() - began

    fastest = min(measure() for _ in range(5))  # others may use the machine as well
    assert 0.1 <= fastest < 0.2


def test_steps_that_change_something_keep_their_order(web: str, api: Upstream) -> None:
    api.on("POST", "/one", reply({}, 201))
    api.on("GET", "/three", reply({"done": True}))
    assert call(web, "/changes", "POST").json == {"done": True}
    sent = [(one.method, json.loads(one.body) if one.body else None) for one in api.received]
    assert sent == [("POST", {"n": 1}), ("POST", {"n": 2}), ("GET", None)]


def test_a_failed_step_ends_the_run_with_its_status_and_name(gateway: Gateway, web: str, api: Upstream) -> None:
    api.on("GET", "/one", reply({"id": 7}))
    api.on("GET", "/items/7", reply({"secret": "of the upstream"}, 404))
    found = problem(call(web, "/chain"), 404)
    assert found["step"] == "then"
    assert found["operation"] == "api.item"
    assert found["detail"] == "step 'then' failed: 'api.item' responded with 404 Not Found"
    assert [one.target for one in api.received] == ["/one", "/items/7"]
    assert "of the upstream" not in str(found)
    result = call_tool(gateway, "chain")
    assert result["isError"]
    advice = "; check the arguments: what they name may not exist"
    assert result["content"][0]["text"] == found["detail"] + advice


def test_a_status_without_a_phrase_fails_a_step(gateway: Gateway, web: str, api: Upstream) -> None:
    api.on("GET", "/one", reply({}, 520))
    found = problem(call(web, "/chain"), 520)
    assert found["title"] == "Error"
    assert found["detail"] == "step 'first' failed: 'api.one' responded with 520"
    assert call_tool(gateway, "chain")["content"][0]["text"] == found["detail"] + "; try again later"


def test_a_redirect_and_a_missing_value_fail_a_step_with_502(web: str, api: Upstream) -> None:
    api.on("GET", "/one", reply({}))
    found = problem(call(web, "/chain"), 502)
    assert found["step"] == "then"
    assert "'api.item' cannot be called with the values of earlier steps" in found["detail"]
    api.on("GET", "/one", reply({}, 302, headers={"location": "https://elsewhere.example"}))
    assert problem(call(web, "/chain"), 502)["detail"] == "step 'first' failed: 'api.one' responded with 302 Found"


def test_a_response_that_does_not_decode_fails_its_step(web: str, api: Upstream) -> None:
    api.on("GET", "/one", Reply(body=b"<html>"))
    found = problem(call(web, "/chain"), 502)
    assert found["step"] == "first"
    assert "is not valid JSON" in found["detail"]


def test_the_wait_that_an_upstream_asks_for_reaches_the_caller(web: str, api: Upstream) -> None:
    api.on("GET", "/one", reply({}, 429, headers={"retry-after": "17"}))
    response = call(web, "/chain")
    problem(response, 429)
    assert response.headers["retry-after"] == "17"


def test_of_several_failed_steps_the_first_in_the_document_is_reported(web: str, api: Upstream) -> None:
    """The third step fails first. The first one fails after it, and is reported; the second one is cut off."""
    late = Gate()

    async def fail_first() -> None:
        late.open()

    api.on("GET", "/one", reply({}, 500, before=late.wait))
    api.on("GET", "/two", Reply(chunks=[b"{"], until_gone=True))
    api.on("GET", "/three", reply({}, 503, before=fail_first))
    assert problem(call(web, "/three"), 500)["step"] == "first"
    assert api.wait(lambda upstream: upstream.gone == 1)


def test_an_upstream_without_a_response_fails_its_step(web: str, api: Upstream) -> None:
    api.on("GET", "/one", reply({"id": 7}))
    api.on("GET", "/items/7", Reply(chunks=[], broken=True))
    found = problem(call(web, "/chain"), 502)
    assert found["step"] == "then"
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    ("tool", "last", "part"),
    [
        ("last", Reply(body=b"<html>"), "is not valid JSON"),
        ("last", Reply(chunks=[b"{"], broken=True), "'api.two' cannot be reached"),
        ("chain", Reply(chunks=[b"{"], broken=True), "'api.two' cannot be reached"),
    ],
    ids=["not JSON", "broken off", "passed through and broken off"],
)
def test_a_last_response_without_a_usable_body_fails_its_step(
    gateway: Gateway, api: Upstream, tool: str, last: Reply, part: str
) -> None:
    api.on("GET", "/one", reply({"id": 7, "n": 1}))
    api.on("GET", "/items/7", reply({"n": 1}))
    api.on("GET", "/two", last)
    if tool == "last":
        found = problem(call(gateway.urls["web"], "/last"), 502)
        assert (found["step"], found["operation"]) == ("last", "api.two")
        assert part in found["detail"]
    result = call_tool(gateway, tool)
    assert result["isError"]
    assert result["content"][0]["text"].startswith("step 'last' failed: ")
    assert part in result["content"][0]["text"]


def test_the_deadline_names_the_step_of_the_last_body(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/one", reply({"id": 7, "n": 1}))
    api.on("GET", "/two", Reply(chunks=[b"{"], until_gone=True))
    found = problem(call(gateway.urls["web"], "/last"), 504)
    assert (found["step"], found["operation"]) == ("last", "api.two")
    assert "step 'last' failed" in call_tool(gateway, "last")["content"][0]["text"]


def test_urls_in_headers_of_the_last_response_lead_the_caller(gateway: Gateway, api: Upstream) -> None:
    """The caller's own path leads to another item, so it never stands for the item of the last call."""
    links = [f"</v1/list?page=2&api_key={SECRET}>; rel=next", f"<?api_key={SECRET}>; rel=self"]
    headers = {"location": f"/v1/items/8?api_key={SECRET}", "link": ", ".join(links)}
    api.on("GET", "/one", reply({"id": 7}))
    api.on("GET", "/v1/items/7", reply({"n": 1}, headers=headers))
    response = call(gateway.urls["web"], "/links/5")
    assert response.headers["location"] == f"{api.url}/v1/items/8"
    assert response.headers["link"] == f"</listed?page=2>; rel=next, <{api.url}/v1/items/7>; rel=self"
    assert "</list?page=2>; rel=" in str(result := call_tool(gateway, "links"))
    assert SECRET not in str(result)


def test_one_deadline_covers_the_run(gateway: Gateway, api: Upstream) -> None:
    """Each step takes less than the deadline, and all of them take more."""

    async def wait() -> None:
        await asyncio.sleep(DEADLINE * 0.45)

    api.on("GET", "/one", reply({"id": 7}, before=wait))
    api.on("GET", "/items/7", reply({"n": 1}, before=wait))
    api.on("GET", "/two", reply({"n": 2}, before=wait))
    found = problem(call(gateway.urls["web"], "/chain"), 504)
    assert found["step"] == "last"
    assert found["detail"] == "step 'last' failed: 'api.two' did not respond within the 3 seconds of the run"


def test_the_last_response_passes_through_with_its_headers(web: str, api: Upstream) -> None:
    api.on("GET", "/one", reply({"id": 7}))
    api.on("GET", "/items/7", reply({"n": "a/b"}))
    api.on("GET", "/two", Reply(headers={"content-type": "image/gif", "etag": '"1"'}, body=b"GIF"))
    response = call(web, "/chain")
    assert (response.status, response.headers["content-type"], response.headers["etag"]) == (200, "image/gif", '"1"')
    assert response.body == b"GIF"
    assert [one.target for one in api.received] == ["/one", "/items/7", "/two?of=a%2Fb"]
    assert {one.header("authorization") for one in api.received} == {f"Bearer {SECRET}"}


def test_conditions_of_a_caller_reach_no_step(web: str, api: Upstream) -> None:
    for path in ("/one", "/two", "/three"):
        api.on("GET", path, reply({"n": 1}))
    assert call(web, "/three", headers={"if-none-match": '"1"', "range": "bytes=0-1"}).status == 200
    assert {(one.header("if-none-match"), one.header("range")) for one in api.received} == {(None, None)}


def test_a_step_whose_failure_is_ignored_runs_with_others_and_gives_null(gateway: Gateway, api: Upstream) -> None:
    gates = [Gate(), Gate()]

    async def meet(number: int) -> None:
        gates[number].open()
        await asyncio.gather(*(gate.wait() for gate in gates))

    api.on("GET", "/one", reply({"id": 7, "n": 1}, before=lambda: meet(0)))
    api.on("GET", "/two", reply({"n": 5}, 503, before=lambda: meet(1)))
    assert call(gateway.urls["web"], "/control").json == {"a": 1, "b": None, "c": None}
    assert sorted(one.target for one in api.received) == ["/one", "/two"]


def test_the_deadline_ends_a_step_whose_failure_is_ignored(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/one", reply({"id": 7}))
    api.on("GET", "/two", Reply(chunks=[b"{"], until_gone=True))
    assert problem(call(gateway.urls["web"], "/control"), 504)["step"] == "second"
    assert api.wait(lambda upstream: upstream.gone == 1)


def test_a_failure_after_a_condition_is_that_of_the_step(gateway: Gateway, web: str, api: Upstream) -> None:
    api.on("GET", "/one", reply({"id": 7, "n": 1}))
    api.on("GET", "/two", reply({"n": 2}))
    api.on("GET", "/items/7", reply({}, 404))
    assert problem(call(web, "/control"), 404)["step"] == "third"
    assert "'api.item' responded with 404 Not Found" in call_tool(gateway, "control")["content"][0]["text"]


def test_a_fallback_that_fails_is_the_failure_of_the_step(web: str, api: Upstream) -> None:
    api.on("GET", "/one", reply({}, 500))
    api.on("GET", "/two", reply({}, 404))
    found = problem(call(web, "/fallback"), 404)
    reason = "its fallback failed too: 'api.two' responded with 404 Not Found"
    assert found["detail"] == f"step 'first' failed: {reason}"
    api.on("GET", "/two", reply({"n": 2}, 203))
    response = call(web, "/fallback")
    assert (response.status, response.json) == (203, {"n": 2})


def test_items_of_a_loop_run_together_up_to_a_number_and_keep_their_order(web: str, api: Upstream) -> None:
    """Three items wait for one another. The first one ends last, and is first in the result."""
    gates, last = [Gate(), Gate(), Gate()], Gate()
    running, most = 0, 0

    async def meet(number: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if number < len(gates):
            gates[number].open()
            await asyncio.gather(*(gate.wait() for gate in gates))
        if number == 0:
            await last.wait()
        if number == 5:
            last.open()
        running -= 1

    api.on("GET", "/one", reply({"list": list(range(6))}))
    for number in range(6):
        api.on("GET", f"/items/{number}", reply({"n": number}, before=lambda number=number: meet(number)))  # type: ignore[misc]
    assert call(web, "/each").json == {"items": [0, 1, 2, 3, 4, 5], "own": []}
    assert most == 3


def test_of_several_failed_items_the_first_in_the_list_is_reported(web: str, api: Upstream) -> None:
    """The third item fails first. The first one fails after it, and is reported; the second one is cut off."""
    late = Gate()

    async def fail_first() -> None:
        late.open()

    api.on("GET", "/one", reply({"list": ["a", "b", "c", "d"]}))
    api.on("GET", "/items/a", reply({}, 404, before=late.wait))
    api.on("GET", "/items/b", Reply(chunks=[b"{"], until_gone=True))
    api.on("GET", "/items/c", reply({}, 503, before=fail_first))
    found = problem(call(web, "/each"), 404)
    assert (found["step"], found["item"]) == ("items", 0)
    assert found["detail"] == "step 'items' failed at item 0: 'api.item' responded with 404 Not Found"
    assert api.wait(lambda upstream: upstream.gone == 1)
    assert "/items/d" not in [one.target for one in api.received]


def test_the_deadline_ends_a_loop(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/one", reply({"list": ["a", "b"]}))
    api.on("GET", "/items/a", reply({"n": 1}))
    api.on("GET", "/items/b", Reply(chunks=[b"{"], until_gone=True))
    assert problem(call(gateway.urls["web"], "/each"), 504)["step"] == "items"
    assert api.wait(lambda upstream: upstream.gone == 1)


def test_items_that_change_something_run_one_by_one_each_with_its_fallback(web: str, api: Upstream) -> None:
    statuses = iter([201, 500, 500, 201, 500])

    async def prepare_next() -> None:
        api.on("POST", "/one", reply({"n": "added"}, next(statuses), before=prepare_next))

    api.on("POST", "/one", reply({"n": "added"}, next(statuses), before=prepare_next))
    api.on("GET", "/items/b", reply({"n": "found"}))
    api.on("GET", "/items/c", reply({}, 404))
    body = json.dumps({"list": ["a", "b", "c", "d"]})
    response = call(web, "/each-in-order", "POST", {"content-type": "application/json"}, body)
    assert (response.status, response.json) == (201, [{"n": "added"}, {"n": "found"}, {"n": "added"}])
    targets = [f"{one.method} {one.target}" for one in api.received]
    assert targets == ["POST /one", "POST /one", "GET /items/b", "POST /one", "GET /items/c", "POST /one"]


@pytest.mark.parametrize(
    ("value", "problem_of_list"),
    [
        ({"list": {"a": 1}}, "the value of 'forEach' is no list: it is an object with 'a'"),
        ({"list": {}}, "the value of 'forEach' is no list: it is an empty object"),
        ({"list": "a,b"}, "the value of 'forEach' is no list: it is a text"),
        ({"list": 7}, "the value of 'forEach' is no list: it is a number"),
        ({"list": list(range(1001))}, "the value of 'forEach' has 1,001 items; the most is 1,000"),
    ],
)
def test_a_step_fails_over_no_list_or_one_that_is_too_long(
    web: str, api: Upstream, value: object, problem_of_list: str
) -> None:
    api.on("GET", "/one", reply(value))
    found = problem(call(web, "/each"), 502)
    assert found["detail"] == f"step 'items' failed: {problem_of_list}"
    assert [one.target for one in api.received] == ["/one"]


def test_a_list_of_the_caller_that_is_too_long_is_the_callers_fault(gateway: Gateway, api: Upstream) -> None:
    """Also of a step whose failures do not end the run."""
    arguments = {"list": ["a"] * 1001}
    body, web = json.dumps(arguments), gateway.urls["web"]
    response = call(web, "/each-in-order", "POST", {"content-type": "application/json"}, body)
    detail = "the list of step 'added' has 1,001 items; the most is 1,000"
    assert (response.status, response.json["type"]) == (400, "urn:naftiko:problem:invalid-request")
    assert response.json["errors"] == [{"name": "list", "in": "body", "detail": detail}]
    result = call_tool(gateway, "each-in-order", arguments)
    text = f"arguments 'list': {detail}; correct the arguments, and call again"
    assert (result["isError"], result["content"][0]["text"]) == (True, text)
    assert api.received == []


def test_items_stay_in_their_places(web: str, api: Upstream) -> None:
    api.on("GET", "/one", reply({"list": ["a/b?c=d&e", "ü#"]}))
    for target in ("/items/a%2Fb%3Fc%3Dd%26e", "/items/%C3%BC%23"):
        api.on("GET", target, reply({"n": target}))
    assert call(web, "/each").json["items"] == ["/items/a%2Fb%3Fc%3Dd%26e", "/items/%C3%BC%23"]
