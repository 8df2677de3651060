"""Lists in pages over real sockets: limits, pages that fail, links that lead elsewhere, and lists that never end."""

from __future__ import annotations

import gzip
import json
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import call, open_stream
from support.gateway import Gateway
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.caller import Response
    from support.upstream import Upstream

SECRET = "pages-7c9d21e4"
KEY = f"api_key={SECRET}"


@pytest.fixture(scope="module", params=["native", "httpx2"])
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def gateway(client: str, documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    options = ("--base-uri", f"api={module_upstream.url}/v1", "--http-client", client, "--deadline", "3")
    with Gateway(
        documents / "pagination.yaml", ["web", "tools"], *options, environment={"PAGES_TOKEN": SECRET}
    ) as running:
        yield running


@pytest.fixture(scope="module")
def web(gateway: Gateway) -> str:
    return gateway.urls["web"]


def reply(value: object, status: int = 200, headers: dict[str, str] | None = None, **options: Any) -> Reply:
    content = {"content-type": "application/json", **(headers or {})}
    return Reply(status, content, json.dumps(value).encode(), **options)


def ships(*numbers: int, **fields: Any) -> dict[str, Any]:
    return {"ships": [{"n": number} for number in numbers], **fields}


def check_problem(response: Response, status: int, page: int) -> str:
    assert response.status == response.json["status"] == status
    assert response.json["type"] == "urn:naftiko:problem:page-failed"
    assert response.json["page"] == page
    assert f"page {page} of 'api." in response.json["detail"]
    assert SECRET not in response.body.decode()
    return str(response.json["detail"])


def call_tool(gateway: Gateway, name: str) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": {}}}
    headers = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2025-11-25",
    }
    return call(gateway.urls["tools"], "/mcp", "POST", headers, json.dumps(message).encode()).json["result"]


def read_broken(web: str, target: str) -> bytes:
    """The part of a response that arrives before it is broken off."""
    with open_stream(web, target) as response:
        assert response.status == 200
        with pytest.raises(IncompleteRead) as caught:
            response.read()
    return caught.value.partial


def test_an_endless_list_reaches_the_limit_of_pages(gateway: Gateway, web: str, api: Upstream) -> None:
    """Each page is like the first: the fifth is not requested, and no list looks complete."""
    api.on("GET", "/v1/ships", reply(ships(1)))
    detail = check_problem(call(web, "/mapped"), 502, 5)
    assert "exceeds the limit of 4 pages ('maxPages')" in detail
    assert [request.target for request in api.received] == [f"/v1/ships?{KEY}&page={n}" for n in range(1, 5)]
    assert read_broken(web, "/by-page") == b'[{"n":1},{"n":1},{"n":1},{"n":1}'
    line = gateway.wait_log_line("response aborted")
    assert "maxPages" in line["reason"]
    result = call_tool(gateway, "by-page")
    assert result["isError"]
    assert "exceeds the limit of 4 pages" in result["content"][0]["text"]


def test_a_list_reaches_the_limit_of_bytes(web: str, api: Upstream) -> None:
    api.on("GET", "/v1/ships", reply({"ships": ["x" * 400]}))
    assert "exceeds the limit of 1,000 bytes ('maxBytes')" in check_problem(call(web, "/mapped"), 502, 3)


@pytest.mark.parametrize(("status", "expected"), [(503, 503), (404, 404), (302, 502), (520, 520)])
def test_a_later_page_that_fails_ends_the_call(
    gateway: Gateway, web: str, api: Upstream, status: int, expected: int
) -> None:
    api.on("GET", f"/v1/ships?{KEY}&page=1", reply(ships(1)))
    api.on("GET", f"/v1/ships?{KEY}&page=2", reply({}, status, {"retry-after": "7", "location": "/v1/x"}))
    response = call(web, "/mapped")
    assert f"responded with status {status}" in check_problem(response, expected, 2)
    assert response.headers["retry-after"] == "7"
    assert read_broken(web, "/by-page") == b'[{"n":1}'
    for name in ("by-page", "mapped"):
        result = call_tool(gateway, name)
        assert result["isError"]
        assert "page 2 of 'api.by-page' failed" in result["content"][0]["text"]


def test_the_failure_of_the_first_page_is_that_of_the_call(web: str, api: Upstream) -> None:
    api.on("GET", "/v1/ships", reply({"why": "busy"}, 503))
    response = call(web, "/by-page")
    assert (response.status, response.json) == (503, {"why": "busy"})
    assert len(api.received) == 1


def test_a_step_fails_with_the_page(web: str, api: Upstream) -> None:
    api.on("GET", f"/v1/ships?{KEY}&page=1", reply(ships(1)))
    api.on("GET", f"/v1/ships?{KEY}&page=2", reply({}, 429, {"retry-after": "7"}))
    response = call(web, "/steps")
    assert (response.status, response.headers["retry-after"]) == (429, "7")
    assert response.json["type"] == "urn:naftiko:problem:step-failed"
    assert response.json["step"] == "ships"
    assert "page 2 of 'api.by-page' failed" in response.json["detail"]


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ({"ships": {"n": 1}}, "it has no list at '$.ships'"),
        ({"other": []}, "it has no list at '$.ships'"),
        ("text", "it has no list at '$.ships'"),
    ],
)
def test_a_page_without_its_list_is_a_failure(web: str, api: Upstream, page: object, problem: str) -> None:
    api.on("GET", "/v1/ships", reply(page))
    assert problem in check_problem(call(web, "/by-page"), 502, 1)


def test_a_page_that_is_not_json_is_a_failure(web: str, api: Upstream) -> None:
    api.on("GET", "/v1/ships", Reply(200, {"content-type": "text/html"}, b"<p>"))
    assert "it is not valid JSON" in check_problem(call(web, "/by-page"), 502, 1)


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/v1/ships?page=2",
        "//evil.example/v1/ships",
        "{upstream}/v2/ships",
        "{upstream}/v1/../v2/ships",
        "{upstream}/v1/%2e%2e/v2/ships",
        "{upstream}.evil.example/v1/ships",
        "http://127.0.0.1:1/v1/ships",
        "https://127.0.0.1/v1/ships",
        "http://[/v1",
        "file:///v1/ships",
    ],
)
def test_a_link_never_leads_out_of_the_api(web: str, api: Upstream, target: str) -> None:
    target = target.format(upstream=api.url)
    api.on("GET", f"/v1/ships?{KEY}", reply([1], headers={"link": f'<{target}>; rel="next"'}))
    assert "not below the 'baseUri'" in check_problem(call(web, "/by-link"), 502, 2)
    api.on("GET", f"/v1/ships?{KEY}", reply(ships(1, next=target)))
    assert "not below the 'baseUri'" in check_problem(call(web, "/by-next"), 502, 2)
    assert [request.target for request in api.received] == [f"/v1/ships?{KEY}"] * 2


@pytest.mark.parametrize("user", ["", "someone:else@"])
def test_a_link_below_the_base_uri_is_followed_with_the_own_key(web: str, api: Upstream, user: str) -> None:
    target = f"{api.url}/v1/ships?at=2&API_KEY=theirs".replace("://", f"://{user}")
    api.on("GET", f"/v1/ships?{KEY}", reply([1], headers={"link": f"<{target}>; rel=next"}))
    api.on("GET", f"/v1/ships?at=2&{KEY}", reply([2]))
    assert call(web, "/by-link").json == [1, 2]
    assert [request.target for request in api.received] == [f"/v1/ships?{KEY}", f"/v1/ships?at=2&{KEY}"]
    assert api.last.header("authorization") is None


def test_a_cursor_that_comes_again_is_a_failure(gateway: Gateway, web: str, api: Upstream) -> None:
    api.on("GET", "/v1/ships", reply(ships(1, next="same")))
    assert read_broken(web, "/by-cursor") == b'[{"n":1}'
    assert len(api.received) == 2
    result = call_tool(gateway, "by-cursor")
    assert result["isError"]
    assert "page 2 of 'api.by-cursor' failed: it leads to a page that was read already" in result["content"][0]["text"]


def test_an_empty_page_with_its_own_cursor_is_the_last_one(web: str, api: Upstream) -> None:
    api.on("GET", f"/v1/ships?{KEY}", reply(ships(1, next="end")))
    api.on("GET", f"/v1/ships?{KEY}&after=end", reply(ships(next="end")))
    assert call(web, "/by-cursor").json == [{"n": 1}]
    assert len(api.received) == 2


def test_a_page_reaches_the_caller_before_the_next_one_is_there(web: str, api: Upstream) -> None:
    gate = Gate()
    api.on("GET", f"/v1/ships?{KEY}", reply(ships(1, next="2")))
    api.on("GET", f"/v1/ships?{KEY}&after=2", reply(ships(2), before=gate.wait))
    with open_stream(web, "/by-cursor") as response:
        assert response.read(8) == b'[{"n":1}'
        gate.open()
        assert response.read() == b',{"n":2}]'


def test_a_page_that_stalls_reaches_the_deadline(web: str, api: Upstream) -> None:
    gate = Gate()
    api.on("GET", f"/v1/ships?{KEY}&page=1", reply(ships(1)))
    api.on("GET", f"/v1/ships?{KEY}&page=2", reply(ships(2), before=gate.wait))
    try:
        response = call(web, "/mapped")
    finally:
        gate.open()
    assert response.status == 504
    assert "3 seconds" in response.json["detail"]


def test_a_caller_that_leaves_ends_the_list(web: str, api: Upstream) -> None:
    api.on("GET", f"/v1/ships?{KEY}", reply(ships(1, next="2")))
    api.on(
        "GET",
        f"/v1/ships?{KEY}&after=2",
        Reply(200, {"content-type": "application/json"}, chunks=[b"["], until_gone=True),
    )
    with open_stream(web, "/by-cursor") as response:
        assert response.read(8) == b'[{"n":1}'
    assert api.wait(lambda upstream: upstream.gone == 1)


def test_a_compressed_page_is_read_for_a_mapping(web: str, api: Upstream) -> None:
    body = gzip.compress(json.dumps(ships(1)).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    api.on("GET", f"/v1/ships?{KEY}&page=1", Reply(200, headers, body))
    api.on("GET", f"/v1/ships?{KEY}&page=2", reply(ships()))
    assert call(web, "/mapped").json == [{"id": 1}]


def test_head_gets_the_headers_of_the_list(web: str, api: Upstream) -> None:
    api.on("GET", "/v1/ships", reply(ships(1), headers={"etag": '"1"', "x-total-count": "9"}))
    response = call(web, "/by-page", "HEAD")
    assert (response.status, response.body) == (200, b"")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-total-count"] == "9"
    assert not {"etag", "content-length"} & set(response.headers)
    assert len(api.received) == 1


def test_a_sandbox_has_one_page(documents: Path, tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    responses = {name: {"json": ships(1, 2, next="more")} for name in ("api.by-page", "api.by-cursor", "api.by-next")}
    file.write_text(json.dumps({"operations": responses}), encoding="utf-8")
    options = ("--sandbox", str(file))
    with Gateway(
        documents / "pagination.yaml", ["web", "tools"], *options, environment={"PAGES_TOKEN": SECRET}
    ) as running:
        web = running.urls["web"]
        for target in ("/by-page", "/by-cursor", "/by-next"):
            assert call(web, target).json == [{"n": 1}, {"n": 2}]
        assert call(web, "/mapped").json == [{"id": 1}, {"id": 2}]
        assert "no upstream was called" in call(web, "/by-link").json["sandbox"]
