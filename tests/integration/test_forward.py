"""``forward``, and the rewriting of ``Location``, over real sockets and with both clients."""

from __future__ import annotations

import gzip
import threading
from typing import TYPE_CHECKING

import pytest

from support.caller import RawConnection, call, make_head, open_stream
from support.gateway import Gateway
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

SECRETS = {"TOKEN": "s3cret", "TENANT": "acme"}


@pytest.fixture(scope="module", params=["native", "httpx2"])
def gateway(request: pytest.FixtureRequest, documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    bases = [f"registry={module_upstream.url}/v1", f"open={module_upstream.url}"]
    options = [part for base in bases for part in ("--base-uri", base)]
    client = ("--http-client", str(request.param), "--max-body", "3000000")
    with Gateway(documents / "forward.yaml", ["web", "only"], *options, *client, environment=SECRETS) as running:
        yield running


@pytest.fixture
def web(gateway: Gateway) -> str:
    return gateway.urls["web"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND"])
def test_method_path_and_query_go_through(web: str, api: Upstream, method: str) -> None:
    path = "/a/b%2Fc//d;x=1/%C3%A9%zz/@:!$&'()*+,="
    assert call(web, f"/raw{path}?q=a+b&q=%2a&&", method).status == 200
    assert (api.last.method, api.last.target) == (method, f"/v1{path}?api-version=3&q=a+b&q=%2a&&")


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/raw", "/v1"),
        ("/raw/", "/v1/"),
        ("/%72aw/x/y", "/v1/x/y"),
        ("/raw/x/", "/v1/x/"),
        ("/raw/openly/y", "/v1/openly/y"),
    ],
)
def test_the_rest_of_the_path_stands_behind_the_base_uri(web: str, api: Upstream, asked: str, sent: str) -> None:
    call(web, asked, "PUT")
    assert api.last.target == f"{sent}?api-version=3"


def test_the_longest_forward_wins(web: str, api: Upstream) -> None:
    call(web, "/raw/open/x/y?z=1", headers={"authorization": "Bearer mine"})
    assert api.last.target == "/x/y?z=1"
    assert api.last.header("authorization") == "Bearer mine"


def test_an_operation_wins_over_a_forward(web: str, api: Upstream) -> None:
    call(web, "/raw/IMO1")
    assert api.last.target == "/v1/ships/IMO1?api-version=3"
    call(web, "/raw/IMO1", "DELETE")
    assert (api.last.method, api.last.target) == ("DELETE", "/v1/IMO1?api-version=3")


def test_only_trusted_headers_go_and_ours_win(web: str, api: Upstream) -> None:
    own = {
        "authorization": "Bearer stolen",
        "cookie": "a=b",
        "x-tenant": "other",
        "x-secret": "1",
        "x-trusted": "yes",
        "accept": "text/csv",
        "user-agent": "caller/1",
        "range": "bytes=0-1",
        "x-forwarded-for": "6.6.6.6",
    }
    call(web, "/raw/a/b", headers=own)
    assert api.last.header("authorization") == "Bearer s3cret"
    assert api.last.header("x-tenant") == "t-acme"
    assert api.last.header("x-trusted") == "yes"
    assert api.last.header("accept") == "text/csv"
    assert api.last.header("user-agent") == "caller/1"
    assert api.last.header("range") == "bytes=0-1"
    assert api.last.header("x-forwarded-for") == "127.0.0.1"
    assert [api.last.header(name) for name in ("cookie", "x-secret", "x-caller")] == [None] * 3
    names = [name for name, _ in api.last.headers]
    assert len(names) == len(set(names))


def test_without_any_the_runtime_names_itself(web: str, api: Upstream) -> None:
    call(web, "/raw/open/x")
    assert (api.last.header("user-agent") or "").startswith("naftiko-runtime/")
    assert api.last.header("authorization") is None


@pytest.mark.parametrize(
    "path",
    [
        "/..",
        "/../x",
        "/a/..",
        "/%2e%2E/x",
        "/a%2f..%2fb",
        "/a/..%5cb",
        "/..;x/b",
        "/.",
        "/a/./b",
        "/%2e;v=1",
        "/a%00b",
        "/%0d%0a",
    ],
)
def test_no_path_leaves_the_base_uri(web: str, api: Upstream, path: str) -> None:
    with RawConnection(web) as raw:
        raw.send(make_head(f"PUT /raw/x{path}", [("content-length", "0")]))
        assert raw.read_response().status == 400
    assert api.received == []


def test_a_path_that_is_no_text_goes_through(web: str, api: Upstream) -> None:
    call(web, "/raw/%ff/x", "PUT")
    assert api.last.target == "/v1/%ff/x?api-version=3"
    assert call(web, "/else/%ff").status == 400


def test_dots_that_are_no_segment_go_through(web: str, api: Upstream) -> None:
    call(web, "/raw/...//a..b/.well-known/x.", "PUT")
    assert api.last.target == "/v1/...//a..b/.well-known/x.?api-version=3"


def test_trace_is_not_forwarded(web: str, api: Upstream) -> None:
    assert call(web, "/raw/a/b", "TRACE").status in (404, 405)
    assert api.received == []


def test_a_body_goes_through_with_its_type(web: str, api: Upstream) -> None:
    body = gzip.compress(b"x" * 100)
    call(web, "/raw/a/b", "POST", {"content-type": "text/x-odd; a=1", "content-encoding": "gzip"}, body)
    assert api.last.body == body
    assert [api.last.header(f"content-{n}") for n in ("type", "encoding", "length")] == [
        "text/x-odd; a=1",
        "gzip",
        str(len(body)),
    ]
    call(web, "/raw/a/b", "POST", {"content-type": "text/plain"}, iter([b"a" * 1_000_000, b"b" * 1_000_000]))
    assert len(api.last.body) == 2_000_000


@pytest.mark.own_server  # uvicorn closes the connection while the caller still sends
def test_a_body_that_is_too_large_is_413(web: str) -> None:
    assert call(web, "/raw/a/b", "POST", {"content-type": "text/plain"}, b"x" * 3_000_001).status == 413


def test_a_response_streams(web: str, api: Upstream) -> None:
    gate = Gate()
    headers = {"content-type": "text/plain", "content-range": "bytes 0-5/9", "set-cookie": "a=b", "etag": '"1"'}
    api.on("GET", "/v1/a/b", Reply(206, headers, chunks=[b"one", gate.wait, b"two"]))
    timer = threading.Timer(20, gate.open)
    timer.start()
    with open_stream(web, "/raw/a/b") as response:
        assert response.read(3) == b"one"
        gate.open()
        assert response.read() == b"two"
    timer.cancel()
    assert (response.status, response.headers["content-range"], response.headers["etag"]) == (206, "bytes 0-5/9", '"1"')
    assert response.headers["set-cookie"] is None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/v1/ships/IMO%2F7", "/vessels/IMO%2F7"),
        ("{url}/v1/ships/7?a=1#x", "/vessels/7?a=1#x"),
        ("ships/7", "/vessels/7"),
        ("{url}/v1/other", "/raw/other"),
        ("{url}/v2/ships/7", "{url}/v2/ships/7"),
        ("https://elsewhere.example/v1/ships/7", "https://elsewhere.example/v1/ships/7"),
        ("/login", "/login"),
        ("{url}/v1/../ships/7", "{url}/v1/../ships/7"),
        ("http://[", "http://["),
    ],
)
def test_a_location_below_the_base_uri_becomes_ours(web: str, api: Upstream, location: str, expected: str) -> None:
    api.on("POST", "/v1/ships", Reply(201, {"location": location.format(url=api.url)}))
    response = call(web, "/vessels", "POST", {"content-type": "application/json"}, b"{}")
    assert (response.status, response.headers["location"]) == (201, expected.format(url=api.url))


def test_what_is_not_exposed_is_made_absolute(gateway: Gateway, api: Upstream) -> None:
    api.on("POST", "/v1/ships", Reply(201, {"location": "/v1/other/7"}))
    response = call(gateway.urls["only"], "/vessels", "POST", {"content-type": "application/json"}, b"{}")
    assert response.headers["location"] == f"{api.url}/v1/other/7"


def test_a_location_of_a_forward_stays_in_it(web: str, api: Upstream) -> None:
    api.on("POST", "/v1/ships", Reply(303, {"location": f"{api.url}/v1/ships/7?x=1"}))
    assert call(web, "/raw/ships", "POST").headers["location"] == "/raw/ships/7?x=1"


def test_an_unreachable_api_is_reported_without_its_address(documents: Path) -> None:
    bases = [part for name in ("registry", "open") for part in ("--base-uri", f"{name}=http://127.0.0.1:1")]
    environment = {"TOKEN": "t0ken", "TENANT": "acme"}
    with Gateway(documents / "forward.yaml", ["web", "only"], *bases, environment=environment) as gateway:
        response = call(gateway.urls["web"], "/raw/open/x")
        assert (response.status, response.json["api"]) == (502, "open")
        assert response.json["detail"] == "'open.*' cannot be reached: the connection was refused"
        assert b"127.0.0.1" not in response.body
        line = gateway.wait_log_line("upstream failed", request_id=response.json["requestId"])
        assert line["reason"] == "connection refused by 127.0.0.1:1"


def test_startup_lists_forwards(gateway: Gateway) -> None:
    assert "* /raw/{path} -> all of registry" in gateway.wait_log_line("listening", namespace="web")["serves"]


def test_locations_begin_with_the_public_url(documents: Path, api: Upstream) -> None:
    options = ("--public-url", "https://api.example.com/fleet", "--base-uri", f"registry={api.url}/v1")
    links = {"location": "/v1/ships/7?x=1", "link": "<8>; rel=next, <https://other.example/7>; rel=up"}
    api.on("POST", "/v1/ships", Reply(201, links))
    with Gateway(documents / "forward.yaml", ["web", "only"], *options, environment=SECRETS) as running:
        urls = running.urls
        made = [call(urls[name], path, "POST") for name, path in (("web", "/vessels"), ("web", "/raw/ships"))]
    assert [one.headers["location"] for one in made] == [
        "https://api.example.com/fleet/vessels/7?x=1",
        "https://api.example.com/fleet/raw/ships/7?x=1",
    ]
    assert made[1].headers["link"] == (
        "<https://api.example.com/fleet/raw/8>; rel=next, <https://other.example/7>; rel=up"
    )
