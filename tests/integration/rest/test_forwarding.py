"""What goes through a route untouched, and which route a request takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.caller import RawConnection, call, make_head, open_stream
from support.gateway import Gateway
from support.rest_routes import ITEMS, JSON, problem
from support.upstream import GIF, Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

ROUTES = ["alias", "group", "identify", "page", "screen", "track"]
NAMESPACE = "pixel-tracking-pixel-tracking"
CACHING = {"cache-control": "no-cache, max-age=0", "expires": "Thu, 01 Jan 1970 00:00:00 GMT", "etag": '"43"'}


@pytest.fixture(scope="module")
def pixels(client: str, pixel_file: Path, module_upstream: Upstream) -> Iterator[str]:
    """The pixel capability's REST URL."""
    names = [f"{NAMESPACE}-rest", f"{NAMESPACE}-mcp"]
    base = f"{NAMESPACE}={module_upstream.url}/v1"
    with Gateway(pixel_file, names, "--base-uri", base, "--http-client", client) as gateway:
        yield gateway.urls[names[0]]


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
    call(pixels, "/v1/pixel/track", headers={"host": "localhost:8443"})
    forwarded = {name: api.last.header(f"x-forwarded-{name}") for name in ("for", "proto", "host")}
    assert forwarded == {"for": "127.0.0.1", "proto": "http", "host": "localhost:8443"}
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
    trusted = ("--trusted-proxy", "127.0.0.1/32", "--allowed-host", "shop.example")
    given = {
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "shop.example",
        "forwarded": "for=203.0.113.9;proto=https",
    }
    with Gateway(pixel_file, names, "--base-uri", base, *trusted) as gateway:
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
    assert response.json["detail"] == "POST is not served here; use GET, HEAD, OPTIONS"
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
