"""Binary responses without a declared length, below and above the limit of the document, with both clients."""

from __future__ import annotations

import gzip
from http.client import IncompleteRead
from typing import TYPE_CHECKING

import pytest

from support.caller import call
from support.gateway import Gateway
from support.upstream import GIF, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

DOCUMENT = f"""\
ikanos: 1.0.0-beta5
info: {{display: Pictures, description: Of ships}}
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.example.com
    resources:
      picture:
        path: /picture
        operations:
          get: {{method: GET, outputRawFormat: binary, outputMediaType: image/gif, maxBinarySize: {len(GIF)}B}}
          film: {{method: GET, outputRawFormat: binary, maxBinarySize: 11MiB}}
  exposes:
  - type: rest
    namespace: web
    port: 8080
    resources:
      picture: {{path: /picture, operations: {{get: {{method: GET, call: api.get}}}}}}
      film: {{path: /film, operations: {{get: {{method: GET, call: api.film}}}}}}
"""


@pytest.fixture(scope="module", params=["native", "httpx2"])
def web(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, module_upstream: Upstream
) -> Iterator[str]:
    file: Path = tmp_path_factory.mktemp("binary") / "pictures.yaml"
    file.write_text(DOCUMENT)
    options = ("--base-uri", f"api={module_upstream.url}", "--http-client", str(request.param), "--strict")
    with Gateway(file, ["web"], *options) as running:
        yield running.urls["web"]


def test_a_response_without_length_below_the_limit(web: str, api: Upstream) -> None:
    api.on("GET", "/picture", Reply(chunks=[GIF[:10], GIF[10:]]))
    response = call(web, "/picture")
    assert (response.status, response.headers["content-type"], response.body) == (200, "image/gif", GIF)


def test_a_response_without_length_above_the_limit(web: str, api: Upstream) -> None:
    api.on("GET", "/picture", Reply(headers={"content-type": "image/gif"}, chunks=[GIF, b"\0"]))
    response = call(web, "/picture")
    assert (response.status, response.headers["content-type"]) == (502, "application/problem+json")
    assert response.json["detail"] == f"the upstream's response exceeds the limit of {len(GIF)} bytes"


def test_the_limit_counts_the_decompressed_response(web: str, api: Upstream) -> None:
    large = gzip.compress(bytes(100_000))
    api.on("GET", "/picture", Reply(headers={"content-encoding": "gzip"}, chunks=[large]))
    assert call(web, "/picture").status == 502


def test_more_than_can_be_held_is_streamed_and_cut_off_where_it_becomes_too_large(web: str, api: Upstream) -> None:
    api.on("GET", "/picture", Reply(chunks=[bytes(1024**2)] * 11))
    assert len(call(web, "/film").body) == 11 * 1024**2
    api.on("GET", "/picture", Reply(chunks=[bytes(1024**2)] * 12))
    with pytest.raises(IncompleteRead):
        call(web, "/film")


def test_no_response_has_no_type(web: str, api: Upstream) -> None:
    api.on("GET", "/picture", Reply(204))
    response = call(web, "/picture")
    assert (response.status, response.body) == (204, b"")
    assert "content-type" not in response.headers
