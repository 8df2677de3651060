"""Responses: mapped, passed on, and broken off."""

from __future__ import annotations

import gzip
import json
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import RawConnection, call, make_head, open_stream
from support.rest_routes import ITEMS, JSON, problem
from support.upstream import Reply

if TYPE_CHECKING:
    from support.gateway import Gateway
    from support.upstream import Upstream


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
