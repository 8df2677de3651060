"""``--sandbox``: the responses when no upstream is called."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import call
from support.command import run_naftiko
from support.gateway import Gateway
from support.upstream import GIF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMESPACE = "pixel-tracking-pixel-tracking"
RESPONSES = """\
operations:
  api.list-items:
    headers: {x-request-id: r-1}
    json:
      items:
      - {id: 12345678901234567890123, name: pen}
      - {id: 2, name: désk}
  api.open-get:
    status: 418
    text: grüezi
  api.open-post:
    status: 201
    headers: {Content-Type: image/gif, Location: /base/open/1, Set-Cookie: a=1}
    base64: |
      R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEA
      Ow==
  api.open-put:
    headers: {content-type: application/x-thing}
    file: body.bin
  api.open-patch:
    status: 204
  api.open-delete:
    json: null
"""
BYTES = bytes(range(256))


@pytest.fixture(scope="module")
def web(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The REST URL of rest.yaml with the responses above."""
    folder = tmp_path_factory.mktemp("sandbox")
    (folder / "body.bin").write_bytes(BYTES)
    responses = folder / "responses.yaml"
    responses.write_text(RESPONSES)
    with Gateway(documents / "rest.yaml", ["web"], "--sandbox", str(responses)) as gateway:
        yield gateway.urls["web"]


def tool_call(url: str, name: str, arguments: dict[str, Any]) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    headers = {"content-type": "application/json", "accept": "application/json"}
    return call(url, "/mcp", "POST", headers, json.dumps(message).encode()).json["result"]


def test_the_pixel_file_has_responses_beside_it(pixel_file: Path) -> None:
    names = [f"{NAMESPACE}-rest", f"{NAMESPACE}-mcp"]
    with Gateway(pixel_file, names, "--sandbox") as gateway:
        rest, mcp = (gateway.urls[name] for name in names)
        for route in ("alias", "group", "identify", "page", "screen", "track"):
            response = call(rest, f"/v1/pixel/{route}?data=eyJ9")
            assert (response.status, response.headers["content-type"], response.body) == (200, "image/gif", GIF)
            (image,) = tool_call(mcp, f"{route}-pixel", {"data": "eyJ9"})["content"]
            assert (image["type"], base64.b64decode(image["data"])) == ("image", GIF)


# -- a file that is named ---------------------------------------------------------------------------------------------


def test_a_json_body(web: str) -> None:
    response = call(web, "/items")
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    assert response.json["items"][1]["name"] == "désk"
    assert b"12345678901234567890123" in response.body
    assert response.headers["x-request-id"] == "r-1"


def test_a_json_body_is_mapped_like_any_other(web: str) -> None:
    assert call(web, "/names").json == ["pen", "désk"]


def test_a_json_body_of_null(web: str) -> None:
    assert call(web, "/open", "DELETE").body == b"null"


def test_a_text_body(web: str) -> None:
    response = call(web, "/open")
    assert (response.status, response.body.decode()) == (418, "grüezi")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_base64_body(web: str) -> None:
    response = call(web, "/open", "POST", body=b"x")
    assert (response.status, response.body, response.headers["content-type"]) == (201, GIF, "image/gif")
    assert response.headers["location"] == "http://api.invalid/base/open/1"  # nothing exposes it
    assert "set-cookie" not in response.headers


def test_a_body_from_a_file(web: str) -> None:
    response = call(web, "/open", "PUT", body=b"x")
    assert (response.body, response.headers["content-type"]) == (BYTES, "application/x-thing")


def test_no_body(web: str) -> None:
    response = call(web, "/open", "PATCH", body=b"x")
    assert (response.status, response.body) == (204, b"")


def test_without_an_entry_the_request_is_echoed(web: str) -> None:
    response = call(web, "/search?q=a%20b&limit=2", headers={"x-tenant": "t"})
    echo = response.json
    assert echo["operation"] == "api.find"
    assert (echo["method"], echo["url"]) == ("GET", "http://api.invalid/base/search?q=a%20b&limit=2&fixed=yes%26no")
    assert echo["headers"]["x-tenant"] == "t"
    assert echo["body"] is None
    assert "no upstream was called" in echo["sandbox"]


def test_a_body_is_echoed(web: str) -> None:
    echo = call(web, "/items/7", "PUT", body=b'{"name": "n"}').json
    assert (echo["method"], echo["url"]) == ("PUT", "http://api.invalid/base/items/7")
    assert json.loads(echo["body"]) == {"id": "7", "note": "about n"}
    assert call(web, "/form", "POST", body=b'{"user": "u"}').json["body"] == "user=u&mood=good%20%26%20bad"


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_an_echo_shows_stand_ins_for_secrets(documents: Path) -> None:
    real = {name: f"s3cr3t-{name}" for name in ("A_USER", "A_PASSWORD", "A_TOKEN", "A_KEY")}
    with Gateway(documents / "authentication.yaml", ["web"], "--sandbox", environment=real) as gateway:
        names = ("basic", "bearer", "key-header", "key-query")
        echoes = {name: call(gateway.urls["web"], f"/{name}") for name in names}
    basic = base64.b64encode(b"<A_USER>:<A_PASSWORD>").decode()
    assert echoes["basic"].json["headers"]["authorization"] == f"Basic {basic}"
    assert echoes["bearer"].json["headers"]["authorization"] == "Bearer <A_TOKEN>"
    assert echoes["key-header"].json["headers"]["x-api-key"] == "Key <A_KEY>"
    assert echoes["key-query"].json["url"] == "http://api.invalid/key-query/who?api%20key=%3CA_KEY%3E"
    assert not any(b"s3cr3t" in echo.body for echo in echoes.values())
    assert "s3cr3t" not in gateway.output


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.own_server
@pytest.mark.parametrize(
    ("responses", "place", "words"),
    [
        ("operations:\n  api.list-itms: {}\n", "2:3", ["api.list-itms", "did you mean 'api.list-items'"]),
        ("operations:\n  api.find:\n    text: a\n    json: 1\n", "2:3", ["one body"]),
        ("operations:\n  api.find:\n    base64: '%%%'\n", "2:3", ["base64"]),
        ("operations:\n  api.find:\n    file: none.bin\n", "2:3", ["none.bin", "No such file"]),
        ("operations:\n  api.find:\n    status: 99\n", "3:13", ["200"]),
        ("operations:\n  api.find:\n    stauts: 200\n", "3:5", ["stauts", "status"]),
        ("operations:\n  api.find:\n    text: [a]\n", "3:11", []),
        ("operation: {}\n", "1:1", ["operation"]),
        ("operations: {a: &x *x", "1:", []),
        ("", "1:1", []),
    ],
)
def test_a_mistake_in_the_file_is_a_diagnostic(
    documents: Path, tmp_path: Path, responses: str, place: str, words: list[str]
) -> None:
    file = tmp_path / "responses.yaml"
    file.write_text(responses)
    ended = run_naftiko("run", documents / "rest.yaml", "--sandbox", file, "--port", "web=0")
    assert ended.returncode == 1, ended.stderr
    assert f"{file}:{place}" in ended.stderr
    assert "error[" in ended.stderr
    assert [word for word in words if word not in ended.stderr] == []
    assert "Traceback" not in ended.stderr


@pytest.mark.own_server
def test_a_diagnostic_shows_the_line_of_the_sandbox_file(documents: Path, tmp_path: Path) -> None:
    file = tmp_path / "responses.yaml"
    file.write_text("operations:\n  api.list-itms: {}\n")
    ended = run_naftiko("run", documents / "rest.yaml", "--sandbox", file, "--port", "web=0")
    assert "2 |   api.list-itms: {}" in ended.stderr


@pytest.mark.own_server
@pytest.mark.parametrize("header", ["'a b': x", "'a:b': x", '"a\\nb": x', "ü: x", "'': x", 'a: "b\\r\\nSet-Cookie: c"'])
def test_a_header_that_http_cannot_carry_is_a_diagnostic(documents: Path, tmp_path: Path, header: str) -> None:
    file = tmp_path / "responses.yaml"
    file.write_text(f"operations:\n  api.find:\n    headers:\n      {header}\n")
    ended = run_naftiko("run", documents / "rest.yaml", "--sandbox", file, "--port", "web=0")
    assert (ended.returncode, f"{file}:2:3" in ended.stderr) == (1, True)
    assert "Traceback" not in ended.stderr


@pytest.mark.own_server
def test_a_missing_file_is_an_error(documents: Path, tmp_path: Path) -> None:
    ended = run_naftiko("run", documents / "rest.yaml", "--sandbox", tmp_path / "none.yaml", "--port", "web=0")
    assert ended.returncode in (1, 2)
    assert "none.yaml" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_file_beside_the_capability_everything_is_echoed(documents: Path) -> None:
    with Gateway(documents / "rest.yaml", ["web"], "--sandbox") as gateway:
        assert call(gateway.urls["web"], "/items").json["operation"] == "api.list-items"


def test_a_sandbox_does_not_warn_of_variables_that_nothing_uses(pixel_file: Path) -> None:
    names = ["pixel-tracking-pixel-tracking-rest", "pixel-tracking-pixel-tracking-mcp"]
    with Gateway(pixel_file, names, "--sandbox") as gateway:
        assert {line["level"] for line in gateway.lines} == {"info"}


# -- workflows --------------------------------------------------------------------------------------------------------


def preview(response: Any) -> list[dict[str, Any]]:
    assert response["sandbox"].startswith("no upstream was called")
    return [step | {"requests": [one["url"] for one in step["requests"]]} for step in response["steps"]]


def test_a_workflow_without_responses_says_what_its_steps_send(documents: Path) -> None:
    with Gateway(documents / "workflows.yaml", ["web", "tools"], "--sandbox") as gateway:
        response = call(gateway.urls["web"], "/chain").json
        assert preview(response) == [
            {
                "step": "first",
                "operation": "api.one",
                "outcome": "the sandbox has no response for 'api.one'",
                "requests": ["http://api.example/one"],
            },
            {
                "step": "then",
                "operation": "api.item",
                "outcome": "not run: it uses the output of 'first', which is not known",
                "requests": [],
            },
            {
                "step": "last",
                "operation": "api.two",
                "outcome": "not run: it uses the output of 'then', which is not known",
                "requests": [],
            },
        ]
        (request,) = response["steps"][0]["requests"]
        assert request["headers"]["authorization"] == "Bearer <WORKFLOW_TOKEN>"
        result = tool_call(gateway.urls["tools"], "chain", {})
        assert preview(result["structuredContent"]) == preview(response)
        sent = preview(call(gateway.urls["web"], "/changes", "POST").json)
        assert [(step["step"], step["requests"]) for step in sent] == [
            ("one", ["http://api.example/one"]),
            ("other", ["http://api.example/one"]),
            ("read", ["http://api.example/three"]),
        ]
        assert [step["outcome"][:7] for step in preview(call(gateway.urls["web"], "/found").json)] == [
            "the san",
            "not run",
        ]


def test_a_workflow_with_some_responses_runs_as_far_as_it_can(documents: Path, tmp_path: Path) -> None:
    responses = tmp_path / "some.yaml"
    responses.write_text("operations: {api.one: {json: {id: a/b}}, api.two: {json: {n: 2}}}")
    with Gateway(documents / "workflows.yaml", ["web", "tools"], "--sandbox", str(responses)) as gateway:
        steps = preview(call(gateway.urls["web"], "/chain").json)
        assert [(step["outcome"], step["requests"]) for step in steps] == [
            ("complete", ["http://api.example/one"]),
            ("the sandbox has no response for 'api.item'", ["http://api.example/items/a%2Fb"]),
            ("not run: it uses the output of 'then', which is not known", []),
        ]
        # A condition that is about a known output decides.
        assert preview(call(gateway.urls["web"], "/control").json)[2]["requests"] == ["http://api.example/items/a%2Fb"]


def test_a_preview_runs_loops_and_says_which_steps_a_condition_skips(documents: Path, tmp_path: Path) -> None:
    responses = tmp_path / "some.yaml"
    responses.write_text("operations: {api.one: {json: {id: 1, list: [a/b, c]}}, api.two: {json: {n: 1}}}")
    with Gateway(documents / "workflows.yaml", ["web", "tools"], "--sandbox", str(responses)) as gateway:
        skipped = preview(call(gateway.urls["web"], "/control").json)[2]
        assert (skipped["outcome"], skipped["requests"]) == ("not run: its condition does not hold", [])
        _, items, own = preview(call(gateway.urls["web"], "/each?list=x").json)
        assert items["outcome"] == "the sandbox has no response for 'api.item'"
        assert items["requests"] == ["http://api.example/items/a%2Fb", "http://api.example/items/c"]
        # It uses no output that is not known.
        assert (own["outcome"], own["requests"]) == ("complete", ["http://api.example/two?of=x"])


def test_a_workflow_with_all_responses_runs(documents: Path, tmp_path: Path) -> None:
    responses = tmp_path / "all.yaml"
    responses.write_text(
        "operations: {api.one: {json: {id: 7}}, api.item: {json: {n: 1}}, api.two: {status: 404, json: {n: 2}}}"
    )
    with Gateway(documents / "workflows.yaml", ["web", "tools"], "--sandbox", str(responses)) as gateway:
        problem = call(gateway.urls["web"], "/chain")
        assert (problem.status, problem.json["step"]) == (404, "last")
