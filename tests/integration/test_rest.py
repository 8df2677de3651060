"""REST over real sockets, with an upstream that records requests, and with both clients."""

from __future__ import annotations

import base64
import gzip
import json
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import RawConnection, Response, call, make_head, open_stream
from support.command import run_naftiko
from support.gateway import Gateway
from support.upstream import GIF, Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

ROUTES = ["alias", "group", "identify", "page", "screen", "track"]
NAMESPACE = "pixel-tracking-pixel-tracking"
CACHING = {"cache-control": "no-cache, max-age=0", "expires": "Thu, 01 Jan 1970 00:00:00 GMT", "etag": '"43"'}
JSON = {"content-type": "application/json"}
ITEMS = {
    "count": 3,
    "items": [
        {"id": 1, "name": "pen", "price": 2.5},
        {"id": 12345678901234567890123456789, "name": "desk", "price": 120},
        {"id": 3, "name": "cup", "price": 9, "parts": [{"id": 31}]},
    ],
}


@pytest.fixture(scope="module", params=["native", "httpx2"])
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pixels(client: str, pixel_file: Path, module_upstream: Upstream) -> Iterator[str]:
    """The pixel capability's REST URL."""
    names = [f"{NAMESPACE}-rest", f"{NAMESPACE}-mcp"]
    base = f"{NAMESPACE}={module_upstream.url}/v1"
    with Gateway(pixel_file, names, "--base-uri", base, "--http-client", client) as gateway:
        yield gateway.urls[names[0]]


@pytest.fixture(scope="module")
def gateway(client: str, documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    base = f"api={module_upstream.url}/base"
    options = ("--base-uri", base, "--http-client", client, "--max-body", "2000")
    with Gateway(documents / "rest.yaml", ["web"], *options) as running:
        yield running


@pytest.fixture(scope="module")
def web(gateway: Gateway) -> str:
    """The REST URL of rest.yaml."""
    return gateway.urls["web"]


def problem(response: Response, status: int) -> Any:
    """The problem that a response must be."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status == response.json["status"] == status
    assert response.json["type"].startswith("urn:naftiko:problem:")
    assert response.json["title"]
    return response.json


# -- the six pixel routes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
def test_a_pixel_goes_through_untouched(pixels: str, api: Upstream, route: str) -> None:
    api.on("GET", f"/v1/pixel/{route}", Reply(headers={"content-type": "image/gif", **CACHING}, body=GIF))
    response = call(pixels, f"/v1/pixel/{route}?data=eyJ9")
    assert (response.status, response.body, len(response.body)) == (200, GIF, 43)
    assert {"content-type": "image/gif", "content-length": "43", **CACHING}.items() <= response.headers.items()
    assert [(r.method, r.target) for r in api.received] == [("GET", f"/v1/pixel/{route}?data=eyJ9")]


@pytest.mark.parametrize(
    "query",
    [
        "data=eyJhIjoiPz8+In0=",
        "data=a+b/c==&data=d%2Be%3D",
        "data=%00",
        "a=!*'();:@,$~&b=%21%2a%2A",
        "&&=&a&a=",
        'a="[]{}|^`\\',
        "a=b?c=d",
        "%zz=%",
    ],
)
def test_the_query_goes_through_byte_for_byte(pixels: str, api: Upstream, query: str) -> None:
    assert call(pixels, f"/v1/pixel/track?{query}").status == 200
    assert api.last.target == f"/v1/pixel/track?{query}"


@pytest.mark.parametrize("suffix", ["", "?"])
def test_an_empty_query_stays_empty(pixels: str, api: Upstream, suffix: str) -> None:
    assert call(pixels, f"/v1/pixel/track{suffix}").status == 200
    assert api.last.target == "/v1/pixel/track"


def test_the_callers_own_headers_go_through(pixels: str, api: Upstream) -> None:
    own = {"user-agent": "Browser/1.0 (X)", "referer": "https://shop.example/?q=1", "accept-language": "de, en;q=0.5"}
    trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=1"}
    call(pixels, "/v1/pixel/track", headers=own | trace)
    assert {name: api.last.header(name) for name in own | trace} == own | trace


def test_without_a_user_agent_the_runtime_names_itself(pixels: str, api: Upstream) -> None:
    call(pixels, "/v1/pixel/track")
    agent = api.last.header("user-agent")
    assert agent is not None
    assert agent.startswith("naftiko-runtime/")


def test_the_caller_is_named_in_forwarding_headers(pixels: str, api: Upstream) -> None:
    call(pixels, "/v1/pixel/track", headers={"host": "pixel.example:8443"})
    forwarded = {name: api.last.header(f"x-forwarded-{name}") for name in ("for", "proto", "host")}
    assert forwarded == {"for": "127.0.0.1", "proto": "http", "host": "pixel.example:8443"}
    assert api.last.header("host") == api.url.removeprefix("http://")


def test_untrusted_forwarding_headers_are_dropped(pixels: str, api: Upstream) -> None:
    lies = {"x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "gopher", "x-forwarded-host": "evil"}
    call(pixels, "/v1/pixel/track", headers={**lies, "forwarded": "for=6.6.6.6", "x-real-ip": "6.6.6.6"})
    assert api.last.header("x-forwarded-for") == "127.0.0.1"
    assert api.last.header("x-forwarded-proto") == "http"
    assert api.last.header("forwarded") is api.last.header("x-real-ip") is None
    assert "6.6.6.6" not in str(api.last.headers)


def test_a_trusted_proxys_forwarding_headers_are_continued(pixel_file: Path, api: Upstream) -> None:
    names = [f"{NAMESPACE}-rest", f"{NAMESPACE}-mcp"]
    base = f"{NAMESPACE}={api.url}/v1"
    given = {
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "shop.example",
        "forwarded": "for=203.0.113.9;proto=https",
    }
    with Gateway(pixel_file, names, "--base-uri", base, "--trusted-proxy", "127.0.0.1/32") as gateway:
        call(gateway.urls[names[0]], "/v1/pixel/track", headers=given)
    assert api.last.header("x-forwarded-for") == "203.0.113.9, 127.0.0.1"
    assert api.last.header("x-forwarded-proto") == "https"
    assert api.last.header("x-forwarded-host") == "shop.example"
    assert api.last.header("forwarded") == "for=203.0.113.9;proto=https, for=127.0.0.1"


def test_the_callers_credentials_stay_here(pixels: str, api: Upstream) -> None:
    own = {"cookie": "session=1", "authorization": "Bearer own", "proxy-authorization": "x", "x-api-key": "own"}
    call(pixels, "/v1/pixel/track", headers=own)
    assert {name: api.last.header(name) for name in own} == dict.fromkeys(own)


def test_what_the_upstream_says_of_itself_stays_here(pixels: str, api: Upstream) -> None:
    said = {
        "set-cookie": "a=1",
        "server": "nginx/9",
        "www-authenticate": "Basic",
        "x-powered-by": "php",
        "keep-alive": "timeout=5",
        "access-control-allow-origin": "*",
    }
    api.on("GET", "/v1/pixel/track", Reply(headers={"content-type": "image/gif", **said}, body=GIF))
    headers = call(pixels, "/v1/pixel/track").headers
    assert not said.keys() & headers.keys()


def test_what_a_caller_needs_of_the_response_goes_through(pixels: str, api: Upstream) -> None:
    passed = {
        "content-language": "en",
        "content-disposition": "inline",
        "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT",
        "vary": "accept",
        "link": "</next>; rel=next",
        "retry-after": "5",
        "ratelimit-limit": "10",
        "x-request-id": "r-1",
    }
    api.on("GET", "/v1/pixel/track", Reply(headers={"content-type": "image/gif", **passed}, body=GIF))
    assert passed.items() <= call(pixels, "/v1/pixel/track").headers.items()


def test_a_response_is_streamed(pixels: str, api: Upstream) -> None:
    gate = Gate()
    reply = Reply(headers={"content-type": "text/plain"}, chunks=[b"first", gate.wait, b"second"])
    api.on("GET", "/v1/pixel/page", reply)
    with open_stream(pixels, "/v1/pixel/page") as response:
        assert response.read(5) == b"first"
        gate.open()
        assert response.read() == b"second"


# -- methods and paths ------------------------------------------------------------------------------------------------


def test_an_unknown_path_is_404(pixels: str, api: Upstream) -> None:
    assert "/v1/pixel/nope" in problem(call(pixels, "/v1/pixel/nope"), 404)["detail"]
    assert problem(call(pixels, "/v1/pixel/track/"), 404)
    assert problem(call(pixels, "/V1/pixel/track"), 404)
    assert api.received == []


def test_another_method_is_405_and_says_which_fit(pixels: str, web: str, api: Upstream) -> None:
    response = call(pixels, "/v1/pixel/track", "POST", body=b"")
    assert problem(response, 405)
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    response = call(web, "/items/1", "POST")
    assert problem(response, 405)
    assert response.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert api.received == []


def test_head_follows_get(pixels: str, api: Upstream) -> None:
    api.on("GET", "/v1/pixel/track", Reply(headers={"content-type": "image/gif", **CACHING}, body=GIF))
    response = call(pixels, "/v1/pixel/track?a=1", "HEAD")
    assert (response.status, response.body) == (200, b"")
    assert {"content-type": "image/gif", "content-length": "43", **CACHING}.items() <= response.headers.items()
    assert api.last.target == "/v1/pixel/track?a=1"


def test_head_of_a_mapped_route_has_no_body(web: str, api: Upstream) -> None:
    api.on("GET", "/base/items/all", Reply(headers=JSON, body=json.dumps(ITEMS).encode()))
    whole = call(web, "/names")
    response = call(web, "/names", "HEAD")
    assert (response.status, response.body) == (200, b"")
    assert response.headers["content-length"] == str(len(whole.body))


def test_options_says_what_fits(pixels: str, web: str, api: Upstream) -> None:
    response = call(pixels, "/v1/pixel/track", "OPTIONS")
    assert (response.status, response.headers["allow"], response.body) == (204, "GET, HEAD, OPTIONS", b"")
    assert call(web, "/open", "OPTIONS").headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    assert problem(call(web, "/nope", "OPTIONS"), 404)
    assert api.received == []


def test_base_uri_and_path_are_joined_by_one_slash(web: str, api: Upstream) -> None:
    call(web, "/items")
    call(web, "/open")
    assert [r.target for r in api.received] == ["/base/items/all", "/base/open"]


def test_a_path_value_stays_one_segment(web: str, api: Upstream) -> None:
    call(web, "/items/a%2Fb%3Fc%23d%20%25%C3%A9")
    assert api.last.target == "/base/items/a%2Fb%3Fc%23d%20%25%C3%A9"


@pytest.mark.parametrize("value", ["..", ".", "%2e%2e", "%2E"])
def test_a_path_value_never_leaves_the_base(web: str, api: Upstream, value: str) -> None:
    with RawConnection(web) as raw:
        raw.send(make_head(f"GET /items/{value}"))
        assert raw.read_response().status in (400, 404)
    assert api.received == []


# -- mapped responses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("/names", ["pen", "desk", "cup"]),
        ("/cheap", ["pen", "cup"]),
        ("/ids", [1, 12345678901234567890123456789, 3, 31]),
        ("/summary", {"count": 3, "first": "pen", "absent": None}),
        (
            "/rows",
            [
                {"label": "pen", "number": 1},
                {"label": "desk", "number": 12345678901234567890123456789},
                {"label": "cup", "number": 3},
            ],
        ),
    ],
)
def test_a_json_response_is_mapped(web: str, api: Upstream, route: str, expected: Any) -> None:
    body = json.dumps(ITEMS).encode()
    api.on("GET", "/base/items/all", Reply(headers={**JSON, "etag": '"1"', "x-request-id": "7"}, body=body))
    response = call(web, route)
    assert response.status == 200
    assert response.json == expected
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"] == "7"


def test_big_integers_keep_their_digits(web: str, api: Upstream) -> None:
    api.on("GET", "/base/items/all", Reply(headers=JSON, body=b'{"items": [{"id": 12345678901234567890123456789}]}'))
    assert b"12345678901234567890123456789" in call(web, "/ids").body


def test_a_compressed_response_is_mapped(web: str, api: Upstream) -> None:
    headers = {**JSON, "content-encoding": "gzip"}
    api.on("GET", "/base/items/all", Reply(headers=headers, body=gzip.compress(json.dumps(ITEMS).encode())))
    response = call(web, "/names")
    assert response.json == ["pen", "desk", "cup"]
    assert "content-encoding" not in response.headers


def test_a_compressed_error_is_readable_by_a_caller_that_asked_for_no_compression(web: str, api: Upstream) -> None:
    headers = {"content-type": "text/plain", "content-encoding": "gzip"}
    api.on("GET", "/base/items/all", Reply(404, headers, gzip.compress(b"nothing here")))
    response = call(web, "/names")
    assert (response.status, response.body) == (404, b"nothing here")
    assert "content-encoding" not in response.headers


def test_a_compressed_nothing_is_nothing(web: str, api: Upstream) -> None:
    api.on("GET", "/base/items/all", Reply(200, {**JSON, "content-encoding": "gzip"}, gzip.compress(b"")))
    response = call(web, "/names")
    assert (response.status, response.body) == (200, b"")


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_upstreams_error_goes_through_unmapped(web: str, api: Upstream, status: int) -> None:
    body = b'{"items": [{"name": "not to be mapped"}]}'
    api.on("GET", "/base/items/all", Reply(status, {"content-type": "application/hal+json"}, body))
    response = call(web, "/names")
    assert (response.status, response.body) == (status, body)
    assert response.headers["content-type"] == "application/hal+json"


@pytest.mark.parametrize("route", ["/names", "/items"])
@pytest.mark.parametrize("status", [200, 204, 205, 304])
def test_a_response_without_a_body_stays_without(web: str, api: Upstream, route: str, status: int) -> None:
    chunks: list[Any] | None = [] if status in (204, 304) else None
    api.on("GET", "/base/items/all", Reply(status, {"etag": '"1"'}, b"", chunks))
    response = call(web, route)
    etag = 'W/"1"' if route == "/names" and status in (200, 304) else '"1"'  # a mapping's result is not the same bytes
    assert (response.status, response.body, response.headers["etag"]) == (status, b"", etag)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_passed_on_not_followed(web: str, api: Upstream, status: int) -> None:
    api.on("GET", "/base/items/all", Reply(status, {"location": "/base/elsewhere"}))
    response = call(web, "/items")
    # Nothing exposes it, so that it is made absolute: the path alone would be one of ours.
    assert (response.status, response.headers["location"]) == (status, f"{api.url}/base/elsewhere")
    assert len(api.received) == 1


def test_a_response_that_its_mapping_cannot_read_is_502(web: str, gateway: Gateway, api: Upstream) -> None:
    body = b"<html>Sorry, an internal matter" + b"." * 300
    api.on("GET", "/base/items/all", Reply(headers=JSON, body=body))
    response = call(web, "/names")
    assert "api.list-items" in problem(response, 502)["detail"]
    assert b"Sorry" not in response.body
    assert gateway.wait_log_line("response not decoded")["body"] == body[:200].decode()


@pytest.mark.parametrize("body", [b'{"a": ' * 500, b"[" * 100_000, b'{"items": "\\ud800"}', b"1e999", b"NaN", b"\xff"])
def test_a_hostile_response_is_a_problem_or_a_value(web: str, api: Upstream, body: bytes) -> None:
    api.on("GET", "/base/items/all", Reply(headers=JSON, body=body))
    assert call(web, "/names").status in (200, 502)


# -- problems ---------------------------------------------------------------------------------------------------------


def test_a_missing_required_parameter_is_400(web: str, api: Upstream) -> None:
    errors = problem(call(web, "/search"), 400)["errors"]
    assert [(e["name"], e["in"]) for e in errors] == [("q", "query")]
    assert api.received == []


def test_every_fault_of_a_request_is_reported(web: str, api: Upstream) -> None:
    errors = problem(call(web, "/search?limit=many"), 400)["errors"]
    assert {(e["name"], e["in"]): e["detail"] for e in errors} == {
        ("q", "query"): "required, but not given",
        ("limit", "query"): "must be a whole number",
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
        headers = "host: h\r\ncontent-type: application/json\r\ncontent-length: 100"
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


# -- a response that breaks off ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [{}, {"content-length": "100"}])
def test_a_response_that_breaks_off_never_looks_whole(web: str, api: Upstream, declared: dict[str, str]) -> None:
    headers = {"content-type": "text/plain", **declared}
    api.on("GET", "/base/items/all", Reply(headers=headers, chunks=[b"a beginning"], broken=True))
    with open_stream(web, "/items") as response:
        assert response.read(11) == b"a beginning"
        with pytest.raises((IncompleteRead, ConnectionResetError)):
            response.read()


def test_a_mapped_response_that_breaks_off_is_502(web: str, api: Upstream) -> None:
    api.on("GET", "/base/items/all", Reply(headers=JSON, chunks=[b'{"items": []'], broken=True))
    assert "broke off" in problem(call(web, "/names"), 502)["detail"]


def test_a_connection_serves_many_requests(web: str, api: Upstream) -> None:
    with RawConnection(web) as raw:
        for number in range(3):
            raw.send(make_head(f"GET /items/{number}"))
            assert raw.read_response().status == 200
    assert [r.target for r in api.received] == [f"/base/items/{number}" for number in range(3)]
