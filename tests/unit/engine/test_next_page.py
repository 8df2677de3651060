"""The URL of the next page."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.engine.caller_query import fold_field_names
from naftiko_runtime.engine.next_page import NEVER, compile_next, set_first_page
from naftiko_runtime.engine.result import OperationResult
from naftiko_runtime.plan import Pagination
from naftiko_runtime.upstream.stub_response import Stub, StubResponse

BASE = "https://api.example/v1"


def plan(**fields: Any) -> Pagination:
    return Pagination(**{"pages_max": 10, "bytes_max": 1000, **fields})


def find(one: Pagination, url: str, value: Any = None, *, secrets: tuple[str, ...] = (), items: int = 0) -> str | None:
    result = OperationResult(StubResponse(Stub(200, (), b"")), url, 1000)
    return compile_next(one, BASE, fold_field_names(secrets))(value, result, 1, items)


@pytest.mark.parametrize(
    ("url", "first"),
    [
        (f"{BASE}/x", f"{BASE}/x?p=0"),
        (f"{BASE}/x?a=1&p=9&P=8&%70=7&b=a%26p=1", f"{BASE}/x?a=1&b=a%26p=1&p=0"),
    ],
)
def test_the_parameter_is_set_once(url: str, first: str) -> None:
    assert set_first_page(plan(type="offset", parameter="p"), url) == first


def test_a_cursor_is_not_sent_before_there_is_one() -> None:
    assert set_first_page(plan(type="cursor", parameter="p", next="$.n"), f"{BASE}/x?p=9&a=1") == f"{BASE}/x?a=1"
    assert set_first_page(plan(type="link"), f"{BASE}/x?p=9&a=1") == f"{BASE}/x?p=9&a=1"


def test_pages_and_items_are_counted() -> None:
    assert find(plan(type="page", parameter="p", start=1), f"{BASE}/x?p=1") == f"{BASE}/x?p=2"
    assert find(plan(type="offset", parameter="p", start=1), f"{BASE}/x?p=1", items=30) == f"{BASE}/x?p=31"


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_no_cursor_ends_the_list(value: object) -> None:
    assert find(plan(type="cursor", parameter="p", next="$.n"), f"{BASE}/x", {"n": value}) is None
    assert find(plan(type="link", next="$.n"), f"{BASE}/x", {"n": value}) is None


@pytest.mark.parametrize(("value", "written"), [(0, "0"), ("a&p=1#?", "a%26p%3D1%23%3F"), ("é", "%C3%A9")])
def test_a_cursor_stays_in_its_place(value: object, written: str) -> None:
    one = plan(type="cursor", parameter="p", next="$.n")
    assert find(one, f"{BASE}/x?p=0", {"n": value}) == f"{BASE}/x?p={written}"


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ("?at=2", f"{BASE}/ships?at=2&key=own"),
        ("/v1/crew", f"{BASE}/crew?key=own"),
        ("HTTPS://API.example:443/v1/x?KEY=theirs&at=2#f", f"{BASE}/x?at=2&key=own"),
        ("https://me:pw@api.example/v1/x", f"{BASE}/x?key=own"),
        ("https://api.example\\@evil.example/v1/x", NEVER),
        ("https://evil.example/v1/x", NEVER),
        ("http://api.example/v1/x", NEVER),
        ("https://api.example/v10", NEVER),
        ("https://api.example:444/v1/x", NEVER),
        ("https://api.example:x/v1/x", NEVER),
        ("/v1/..%2fv2", NEVER),
    ],
)
def test_links_stay_below_the_base_uri_and_cannot_set_a_key(link: str, following: str) -> None:
    one = plan(type="link", next="$.n")
    assert find(one, f"{BASE}/ships?at=1&key=own", {"n": link}, secrets=("key",)) == following


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("?q=日 本&r=%C3%A9+1", "/x?q=%E6%97%A5%20%E6%9C%AC&r=%C3%A9+1"),
        ("/v1/é b?a[]=1|2&b=x/y?z:@", "/é b?a[]=1|2&b=x/y?z:@"),
        ("?key=other&é=1", "/x?%C3%A9=1&key=own"),
        ("?q=\ud800", NEVER),
        ("/v1/\ud800", NEVER),
    ],
)
def test_a_link_is_percent_encoded_once(target: str, expected: str) -> None:
    one = plan(type="link", next="$.n")
    found = find(one, f"{BASE}/x?key=own" if "key" in target else f"{BASE}/x", {"n": target}, secrets=("key",))
    assert found == (NEVER if expected is NEVER else BASE + expected.replace("é b", "%C3%A9%20b"))
