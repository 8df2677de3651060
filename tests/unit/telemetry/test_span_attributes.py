"""The attributes of spans of HTTP requests: all that the conventions require, and no secret."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.telemetry.span_attributes import AttributeBuilder, Value
from naftiko_runtime.upstream.interface import OutboundRequest


def of_request(**parts: Any) -> dict[str, Value]:
    scope = {"method": "GET", "scheme": "http", "raw_path": b"/", "query_string": b"", "http_version": "1.1"}
    return AttributeBuilder().build_request_attributes({**scope, "headers": [(b"host", b"a.example")], **parts})


def of_call(url: str, method: str = "GET") -> dict[str, Value]:
    builder = AttributeBuilder()
    builder.add_secrets(["s3cr3t"])
    return builder.build_call_attributes(OutboundRequest("a.b", method, url, []))


def test_a_request_says_all_that_is_required() -> None:
    assert of_request(raw_path=b"/x%20y", scheme="https") == {
        "http.request.method": "GET",
        "network.protocol.version": "1.1",
        "server.address": "a.example",
        "server.port": 443,
        "url.path": "/x%20y",
        "url.scheme": "https",
    }


@pytest.mark.parametrize(
    ("host", "address", "port"),
    [
        (b"a.example:8080", "a.example", 8080),
        (b"[::1]:81", "::1", 81),
        (b"", None, None),
        (b"a:b:c", None, None),
        (b"[", None, None),
    ],
)
def test_the_server_is_what_the_caller_calls_it(host: bytes, address: str | None, port: int | None) -> None:
    attributes = of_request(headers=[(b"host", host)])
    assert (attributes.get("server.address"), attributes.get("server.port")) == (address, port)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (b"a=1&b=2", "a=REDACTED&b=REDACTED"),
        (b"a=1=2&&b", "a=REDACTED&REDACTED&REDACTED"),
        (b"s3cr3t", "REDACTED"),
    ],
)
def test_a_query_has_names_only(query: bytes, shown: str) -> None:
    assert of_request(query_string=query)["url.query"] == shown


def test_an_invented_method_is_kept_beside_other() -> None:
    attributes = of_request(method="BREW" * 100)
    assert attributes["http.request.method"] == "_OTHER"
    assert attributes["http.request.method_original"] == "BREW" * 8


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a.example/x", "http://a.example/x"),
        ("https://user:pass@a.example/x?k=v", "https://REDACTED:REDACTED@a.example/x?k=REDACTED"),
        ("https://user@a.example/", "https://REDACTED@a.example/"),
        ("https://a.example/bot-s3cr3t/x", "https://a.example/bot-***/x"),
        ("https://a.example/ghp_abcdefghij0123456789/x", "https://a.example/***/x"),
    ],
)
def test_a_call_shows_its_url_without_secrets(url: str, shown: str) -> None:
    attributes = of_call(url)
    assert attributes["url.full"] == shown
    assert attributes["server.address"] == "a.example"
    assert attributes["server.port"] == (443 if url.startswith("https") else 80)
