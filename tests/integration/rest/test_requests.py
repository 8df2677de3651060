"""Requests: their faults, their bodies, and the credentials that they are given."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from support.caller import RawConnection, call, make_head
from support.command import run_naftiko
from support.gateway import Gateway
from support.rest_routes import problem
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream


# -- problems ---------------------------------------------------------------------------------------------------------


def test_a_missing_required_parameter_is_400(web: str, api: Upstream) -> None:
    errors = problem(call(web, "/search"), 400)["errors"]
    assert [(e["name"], e["in"]) for e in errors] == [("q", "query")]
    assert api.received == []


def test_every_fault_of_a_request_is_reported(web: str, api: Upstream) -> None:
    errors = problem(call(web, "/search?limit=many"), 400)["errors"]
    assert {(e["name"], e["in"]): e["detail"] for e in errors} == {
        ("q", "query"): "required, but not given",
        ("limit", "query"): "must be a whole number; received 'many'",
    }
    assert api.received == []


def test_declared_parameters_reach_their_places(web: str, api: Upstream) -> None:
    assert call(web, "/search?q=a%26b&limit=5&other=x", headers={"X-Tenant": "t1"}).status == 200
    assert api.last.target == "/base/search?q=a%26b&limit=5&fixed=yes%26no"
    assert api.last.header("x-tenant") == "t1"


def test_an_absent_optional_parameter_is_not_sent(web: str, api: Upstream) -> None:
    assert call(web, "/search?q=x").status == 200
    assert api.last.target == "/base/search?q=x&fixed=yes%26no"
    assert api.last.header("x-tenant") is None


def test_a_declared_parameter_that_is_given_twice_is_400(web: str, api: Upstream) -> None:
    assert problem(call(web, "/search?q=a&q=b"), 400)["errors"][0]["name"] == "q"
    assert api.received == []


def test_a_body_declared_too_large_is_413(web: str, api: Upstream) -> None:
    response = call(web, "/open", "POST", body=b"x" * 2001)
    assert "2,000 bytes" in problem(response, 413)["detail"]
    assert api.received == []


def test_a_chunked_body_too_large_is_413(web: str, api: Upstream) -> None:
    response = call(web, "/open", "POST", body=(b"x" * 500 for _ in range(5)))
    assert problem(response, 413)
    assert api.received == []  # a part may have been on its way, but never the whole


def test_a_mapped_body_too_large_is_413(web: str, api: Upstream) -> None:
    body = b'{"name": "' + b"x" * 2000 + b'"}'
    assert problem(call(web, "/items/1", "PUT", body=body), 413)
    assert problem(call(web, "/items/1", "PUT", body=iter([body])), 413)
    assert api.received == []


def test_a_body_of_megabytes_gets_a_response_before_the_connection_ends(web: str, api: Upstream) -> None:
    with RawConnection(web) as raw:
        raw.send(make_head("POST /open", [("content-length", "4000000")]) + b"x" * 4_000_000)
        assert raw.read_response().status == 413
    assert api.received == []


def test_a_body_of_just_the_limit_is_taken(web: str, api: Upstream) -> None:
    assert call(web, "/open", "POST", body=b"x" * 2000).status == 200
    assert len(api.last.body) == 2000


def test_an_unreachable_upstream_is_502(documents: Path, client: str) -> None:
    options = ("--base-uri", "api=http://127.0.0.1:1/base", "--http-client", client)
    with Gateway(documents / "rest.yaml", ["web"], *options) as gateway:
        for route in ("/items", "/names"):
            found = problem(call(gateway.urls["web"], route), 502)
            assert found["detail"] == "'api.list-items' cannot be reached: the connection was refused"
            assert found["api"] == "api"
            line = gateway.wait_log_line("upstream failed", request_id=found["requestId"])
            assert line["reason"] == "connection refused by 127.0.0.1:1"


def test_the_operator_lets_more_headers_through(documents: Path, client: str, api: Upstream) -> None:
    options = ("--base-uri", f"api={api.url}/base", "--http-client", client, "--expose-header", "X-Quota")
    headers = {"x-quota": "1", "x-more": "2", "x-other": "3", "content-type": "application/json"}
    api.on("GET", "/base/items/all", Reply(200, headers, b"[]"))
    environment = {"NAFTIKO_EXPOSE_HEADERS": "X-Ignored"}  # the option counts more than its variable
    with Gateway(documents / "rest.yaml", ["web"], *options, environment=environment) as gateway:
        for route in ("/items", "/names"):
            headers = call(gateway.urls["web"], route).headers
            assert (headers.get("x-quota"), headers.get("x-more")) == ("1", None)
    environment = {"NAFTIKO_EXPOSE_HEADERS": "x-more X-Other"}
    with Gateway(documents / "rest.yaml", ["web"], *options[:-2], environment=environment) as gateway:
        headers = call(gateway.urls["web"], "/items").headers
        assert (headers.get("x-quota"), headers.get("x-more"), headers.get("x-other")) == (None, "2", "3")


@pytest.mark.parametrize("name", ["Set-Cookie", "server", "Transfer-Encoding", "WWW-Authenticate", "a b", ""])
def test_what_no_operator_can_let_through(documents: Path, name: str) -> None:
    ended = run_naftiko("run", documents / "rest.yaml", "--expose-header", name)
    assert ended.returncode == 2
    assert "Invalid value for '--expose-header'" in ended.stderr
    assert f"'{name}'" in ended.stderr


def test_a_slow_upstream_is_504(documents: Path, client: str, api: Upstream) -> None:
    options = ("--base-uri", f"api={api.url}/base", "--http-client", client, "--deadline", "0.5")
    api.on("*", "/base/items/all", Reply(until_gone=True))
    with Gateway(documents / "rest.yaml", ["web"], *options) as gateway:
        detail = problem(call(gateway.urls["web"], "/items"), 504)["detail"]
    assert detail == "'api.list-items' did not respond within 0.5 seconds"
    assert api.wait(lambda upstream: upstream.gone == 1)


@pytest.mark.parametrize("path", ["/items/7", "/open"])
def test_a_caller_whose_body_does_not_come_is_408(documents: Path, client: str, api: Upstream, path: str) -> None:
    options = ("--base-uri", f"api={api.url}/base", "--http-client", client, "--deadline", "2")
    with Gateway(documents / "rest.yaml", ["web"], *options) as gateway, RawConnection(gateway.urls["web"]) as raw:
        method = "PATCH" if path == "/items/7" else "POST"
        headers = "host: localhost\r\ncontent-type: application/json\r\ncontent-length: 100"
        raw.send(f'{method} {path} HTTP/1.1\r\n{headers}\r\n\r\n{{"name": '.encode())
        detail = problem(raw.read_response(), 408)["detail"]
    assert detail == "the request's body did not arrive within 2 seconds"


# -- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_an_open_body_goes_through_as_it_came(web: str, api: Upstream, method: str) -> None:
    body = bytes(range(256))
    api.on(method, "/base/open", Reply(201, {"content-type": "text/plain", "location": "/base/open/1"}, b"made"))
    response = call(web, "/open?a=%20+", method, {"content-type": "application/x-thing; a=b"}, body)
    assert (response.status, response.body, response.headers["location"]) == (201, b"made", f"{api.url}/base/open/1")
    assert (api.last.method, api.last.target, api.last.body) == (method, "/base/open?a=%20+", body)
    assert api.last.header("content-type") == "application/x-thing; a=b"
    assert api.last.header("content-length") == "256"


def test_an_open_body_in_chunks_goes_through(web: str, api: Upstream) -> None:
    assert call(web, "/open", "PUT", {"content-type": "text/plain"}, iter([b"one ", b"two"])).status == 200
    assert api.last.body == b"one two"
    assert api.last.header("content-type") == "text/plain"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_no_body_stays_no_body(web: str, api: Upstream, method: str) -> None:
    assert call(web, "/open", method).status == 200
    assert api.last.body == b""
    assert api.last.header("content-type") is None


def test_an_early_response_of_an_upstream_is_passed_on(web: str, api: Upstream) -> None:
    api.on("POST", "/base/open", Reply(403, {"content-type": "text/plain"}, b"no"))
    response = call(web, "/open", "POST", body=b"x" * 1500)
    assert (response.status, response.body) == (403, b"no")


def test_a_json_template_is_filled(web: str, api: Upstream) -> None:
    given = json.dumps({"name": 'a "quoted" {{id}} name', "tags": ["x", {"y": 1}]}).encode()
    assert call(web, "/items/7", "PUT", body=given).status == 200
    assert api.last.target == "/base/items/7"
    assert api.last.header("content-type") == "application/json"
    sent = json.loads(api.last.body)
    assert sent == {"id": "7", "note": 'about a "quoted" {{id}} name', "tags": ["x", {"y": 1}]}


def test_an_absent_value_leaves_its_key_out(web: str, api: Upstream) -> None:
    assert call(web, "/items/7", "PUT", body=b'{"name": "n"}').status == 200
    assert json.loads(api.last.body) == {"id": "7", "note": "about n"}


def test_no_value_breaks_out_of_a_json_text(web: str, api: Upstream) -> None:
    given = json.dumps({"name": '", "price": 0, "x": "', "price": 1.5}).encode()
    assert call(web, "/items/7", "PATCH", body=given).status == 200
    assert json.loads(api.last.body) == {"name": '", "price": 0, "x": "', "price": 1.5}


def test_an_absent_value_in_a_json_text_is_null(web: str, api: Upstream) -> None:
    assert call(web, "/items/7", "PATCH", body=b'{"name": "n"}').status == 200
    assert json.loads(api.last.body) == {"name": "n", "price": None}


def test_a_body_that_should_be_json_and_is_not_is_400(web: str, api: Upstream) -> None:
    assert problem(call(web, "/items/7", "PUT", body=b"{name"), 400)["errors"][0]["in"] == "body"
    assert problem(call(web, "/items/7", "PUT", body=b"[1]"), 400)["errors"][0]["in"] == "body"
    assert problem(call(web, "/items/7", "PUT", body=b'{"name": 3}'), 400)["errors"][0]["name"] == "name"
    assert api.received == []


@pytest.mark.parametrize("body", [b"[" * 1500, b'{"name":' * 150, b'{"name": "\xff"}', b'{"name": "\\ud800"}'])
def test_a_hostile_body_is_400(web: str, api: Upstream, body: bytes) -> None:
    assert problem(call(web, "/items/7", "PUT", body=body), 400)
    assert api.received == []


def test_a_form_is_encoded(web: str, api: Upstream) -> None:
    assert call(web, "/form", "POST", body=b'{"user": "J\\u00f6 & co=1"}').status == 200
    assert api.last.header("content-type") == "application/x-www-form-urlencoded"
    assert api.last.body == b"user=J%C3%B6%20%26%20co%3D1&mood=good%20%26%20bad"


# -- authentication ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authenticated(client: str, documents: Path, module_upstream: Upstream) -> Iterator[str]:
    namespaces = ("basic", "bearer", "key-header", "key-query")
    bases = [part for name in namespaces for part in ("--base-uri", f"{name}={module_upstream.url}/{name}/")]
    environment = {"A_USER": "ann", "A_PASSWORD": "p:w&ü", "A_TOKEN": "t0ken", "A_KEY": "k=e&y"}
    options = (*bases, "--http-client", client)
    with Gateway(documents / "authentication.yaml", ["web"], *options, environment=environment) as gateway:
        yield gateway.urls["web"]


@pytest.mark.parametrize(
    ("route", "target", "header", "value"),
    [
        ("/basic", "/basic/who", "authorization", "Basic " + base64.b64encode("ann:p:w&ü".encode()).decode()),
        ("/bearer", "/bearer/who", "authorization", "Bearer t0ken"),
        ("/key-header", "/key-header/who", "x-api-key", "Key k=e&y"),
        ("/key-query", "/key-query/who?api%20key=k%3De%26y", "authorization", None),
    ],
)
def test_authentication_reaches_the_upstream(
    authenticated: str, api: Upstream, route: str, target: str, header: str, value: str | None
) -> None:
    own = {"authorization": "Basic own", "x-api-key": "own"}
    assert call(authenticated, route, headers=own).status == 200
    assert api.last.target == target
    assert api.last.header(header) == value
    assert "own" not in str(api.last.headers)


def test_the_callers_query_stands_behind_the_key(authenticated: str, api: Upstream) -> None:
    call(authenticated, "/key-query?a=1&a=2")
    assert api.last.target == "/key-query/who?api%20key=k%3De%26y&a=1&a=2"
