"""Responses that the server sends without the application."""

from __future__ import annotations

import pytest

from naftiko_runtime.http_server import rejection
from naftiko_runtime.http_server.app_config import render_plain_error
from naftiko_runtime.http_server.rejection import Rejection, reject_headers, render_rejection

HEADERS = [(b"date", b"today"), (b"connection", b"close")]
ALL = [value for value in vars(rejection).values() if isinstance(value, Rejection)] + [reject_headers(100)]


def test_a_rejection_is_a_whole_response_that_ends_its_connection() -> None:
    refused = Rejection(503, "full", "Come back later", "retry-after: 1")
    body = b"Come back later\n"
    assert render_rejection(refused, HEADERS, render_plain_error, bodyless=False) == (
        b"HTTP/1.1 503 Service Unavailable\r\ndate: today\r\nconnection: close\r\n"
        b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nretry-after: 1\r\n\r\n%b" % (len(body), body)
    )


def test_the_response_to_head_has_the_length_but_no_body() -> None:
    response = render_rejection(Rejection(400, "bad", "x"), (), render_plain_error, bodyless=True)
    assert response.endswith(b"content-length: 2\r\n\r\n")


def test_the_body_is_rendered_by_the_application() -> None:
    def render(status: int, code: str, detail: str) -> tuple[bytes, bytes]:
        return b"x/y", f"{status} {code} {detail}".encode()

    response = render_rejection(Rejection(400, "bad", "no"), (), render, bodyless=False)
    assert b"content-type: x/y\r\ncontent-length: 10\r\n" in response
    assert response.endswith(b"\r\n\r\n400 bad no")


@pytest.mark.parametrize("each", ALL, ids=[each.code for each in ALL])
def test_every_rejection_is_an_error_with_a_code_of_its_own(each: Rejection) -> None:
    assert each.status in (400, 431, 501, 503)
    assert [other.code for other in ALL].count(each.code) == 1
