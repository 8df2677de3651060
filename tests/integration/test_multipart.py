"""Multipart forms: files from REST and MCP callers to an upstream that uses another parser."""

from __future__ import annotations

from base64 import b64encode
from email import policy
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp import Client

from support.gateway import Gateway
from support.upstream import GIF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import RecordedRequest, Upstream

META = ("meta", None, "application/json", b'{"v": 1}')


@pytest.fixture(scope="module")
def gateway(documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    base = ("--base-uri", f"files={module_upstream.url}")
    with Gateway(documents / "multipart.yaml", ["web", "tools"], *base) as running:
        yield running


def parts(request: RecordedRequest) -> list[tuple[Any, ...]]:
    """Name, file name, content type (as sent) and content of every part."""
    head = f"content-type: {request.header('content-type')}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(head + request.body)
    assert not message.defects
    found = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        kind = part.get_content_type() if part["content-type"] else None
        found.append((name, part.get_filename(), kind, part.get_payload(decode=True)))
    return found


def test_a_rest_caller_uploads_files(gateway: Gateway, api: Upstream) -> None:
    files = [("photo", ("mine.gif", GIF, "image/gif")), ("notes", ("n", b"a\r\nb", "text/x"))]
    response = httpx2.post(gateway.urls["web"] + "/photos", data={"title": "sun", "tags": ["a", "b"]}, files=files)
    assert response.status_code == 200, response.text
    assert parts(api.last) == [
        ("title", None, None, b"Photo sun"),
        ("tag", None, None, b"a"),
        ("tag", None, None, b"b"),
        ("photo", "sun.png", "image/png", GIF),
        ("notes", "notes.txt", "text/plain", b"a\r\nb"),
        META,
    ]


@pytest.mark.parametrize("photo", [b64encode(GIF).decode(), "data:image/gif;base64," + b64encode(GIF).decode()])
async def test_a_tool_gives_files_as_base64(gateway: Gateway, api: Upstream, photo: str) -> None:
    arguments = {"title": 'a"\r\nx: y', "photo": photo, "notes": "é --x\r\n"}
    async with Client(gateway.urls["tools"]) as client:
        result = await client.call_tool("upload", arguments)
    assert not result.is_error, result.content
    assert parts(api.last) == [
        ("title", None, None, b'Photo a"\r\nx: y'),
        ("photo", "a%22%0D%0Ax: y.png", "image/png", GIF),
        ("notes", "notes.txt", "text/plain", "é --x\r\n".encode()),
        META,
    ]


async def test_what_is_no_file_is_refused(gateway: Gateway, api: Upstream) -> None:
    async with Client(gateway.urls["tools"]) as client:
        result = await client.call_tool("upload", {"title": "x", "photo": "no base64!"})
    assert result.is_error
    assert "base64" in str(result.content)
    response = httpx2.post(gateway.urls["web"] + "/photos", json={"title": "x", "photo": "no base64!"})
    assert (response.status_code, response.json()["errors"][0]["in"]) == (400, "body")
    assert api.received == []


async def test_an_undescribed_form_goes_through(gateway: Gateway, api: Upstream) -> None:
    body, kind = (
        b"--q\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--q--\r\n",
        "multipart/form-data; boundary=q",
    )
    httpx2.put(gateway.urls["web"] + "/photos", content=body, headers={"content-type": kind})
    assert (api.last.body, api.last.header("content-type")) == (body, kind)
    async with Client(gateway.urls["tools"]) as client:
        await client.call_tool("any", {"a": "x", "b": [1, True], "c": None})
    assert parts(api.last) == [("a", None, None, b"x"), ("b", None, None, b"1"), ("b", None, None, b"true")]


def test_every_body_has_a_boundary_of_its_own(gateway: Gateway, api: Upstream) -> None:
    for _ in range(3):
        httpx2.post(gateway.urls["web"] + "/photos", json={"title": "x"})
    assert len({request.header("content-type") for request in api.received}) == 3
