"""URLs in response headers: which are rewritten, and that nothing else of a header changes."""

from __future__ import annotations

import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.exposes.rest.rewrite_header_urls import Locations, ProxiedRequest
from naftiko_runtime.loading import load
from naftiko_runtime.plan import DynamicResource, RestServer, Tool
from naftiko_runtime.sandbox_responses import SandboxTransport
from naftiko_runtime.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Rewrite = Callable[..., list[str]]

BASE = "https://api.example/v1"
SECRETS = {"env.KEY": Secret("s3cr3t"), "env.HOST": Secret("api.example")}
DOCUMENT: dict[str, Any] = {
    "naftiko": "1.0.0-alpha2",
    "info": {"label": "Links"},
    "capability": {
        "binds": [{"namespace": "env", "keys": {"KEY": "KEY"}}],
        "consumes": [
            {
                "type": "http",
                "namespace": "api",
                "baseUri": BASE,
                "authentication": {"type": "apikey", "key": "a key", "value": "{{KEY}}", "placement": "query"},
                "resources": [{"path": "/ships/{imo}", "operations": [{"name": "get"}]}],
            }
        ],
        "exposes": [
            {
                "type": "rest",
                "namespace": "web",
                "port": 0,
                "resources": [{"path": "/fleet/{imo}", "operations": [{"method": "GET", "call": "api.get"}]}],
            }
        ],
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("links")


async def rewritten(folder: Path, name: bytes, *values: str, document: dict[str, Any] = DOCUMENT) -> list[str]:
    """Headers of one name as callers get them."""
    (folder / "links.yml").write_text(yaml.safe_dump(document))
    plan = load(folder / "links.yml").plan
    assert plan is not None
    async with bind(plan, SECRETS, lambda: SandboxTransport({})) as bound:
        (server,) = bound.servers
        assert isinstance(server.server, RestServer)
        headers = [(name, value.encode("latin-1")) for value in values]
        proxied = ProxiedRequest(server.parts[0][1], f"{BASE}/ships/7?a+key=s3cr3t&x=1", None)
        parts = [(part, operation) for part, operation in server.parts if not isinstance(part, Tool | DynamicResource)]
        result = Locations(parts).rewrite_headers(headers, proxied)
    return [value.decode("latin-1") for _, value in result]


async def test_every_line_of_several_links(folder: Path) -> None:
    lines = [f"<{BASE}/ships/1>; rel=first, <8>; rel=next", '</v1/ships/9>; rel="last"; title="<8>"']
    assert await rewritten(folder, b"link", *lines) == [
        "</fleet/1>; rel=first, </fleet/8>; rel=next",
        '</fleet/9>; rel="last"; title="<8>"',
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"<{BASE}/ships/7?a+key=s3cr3t&page=2>", "</fleet/7?page=2>"),
        (f"<{BASE}/ships/7?page=2&%61%20key=other#x>", "</fleet/7?page=2#x>"),
        (f"<{BASE}/other?a%20key=s3cr3t>", f"<{BASE}/other>"),
        ("<?page=2>;rel=next", "</fleet/7?page=2>;rel=next"),
        ("< /v1/ships/8 >", "</fleet/8>"),
        ("<>; rel=self", "<>; rel=self"),
        ("<#part>; rel=self", "<#part>; rel=self"),
        ("</v2/ships/8>", "</v2/ships/8>"),
        ("<https://other.example/v1/ships/8>", "<https://other.example/v1/ships/8>"),
        ("<//api.example/v1/ships/8>", "</fleet/8>"),
        ("<HTTPS://API.example:443/v1/ships/8>", "</fleet/8>"),
        ("<http://[>", "<http://[>"),
        ("</v1/../v1/ships/8>", "</fleet/8>"),
        ('<8>; anchor="/v1/ships/9"', '</fleet/8>; anchor="/fleet/9"'),
        ('<8>; anchor="#part"; rel=x', '</fleet/8>; anchor="#part"; rel=x'),
        ('<8>; title="a, \\"<9>; anchor=\\"</v1/ships/9>"', '</fleet/8>; title="a, \\"<9>; anchor=\\"</v1/ships/9>"'),
        ('<8>; x-anchor="/v1/ships/9"', '</fleet/8>; x-anchor="/v1/ships/9"'),
        ('<8>; title="never ends, <9>', '</fleet/8>; title="never ends, <9>'),
        ("<8", "<8"),
    ],
)
async def test_targets_and_anchors(folder: Path, value: str, expected: str) -> None:
    assert await rewritten(folder, b"link", value) == [expected]


@pytest.mark.parametrize("name", [b"location", b"content-location"])
async def test_a_header_that_is_a_url(folder: Path, name: bytes) -> None:
    assert await rewritten(folder, name, f"{BASE}/ships/8?a+key=s3cr3t") == ["/fleet/8"]


async def test_a_long_header_takes_no_long_time(folder: Path) -> None:
    """Time that grows with the square of the length would be minutes."""
    before = time.process_time()
    for piece in ("<", '"', '\\"', 'anchor="', "<8>,"):
        await rewritten(folder, b"link", piece * (60_000 // len(piece)))
    assert time.process_time() - before < 10


TEXTS = st.text(st.sampled_from('<>",;= \\/axé'), max_size=30)


@given(TEXTS)
async def test_a_header_without_urls_below_the_base_stays_as_it_is(folder: Path, text: str) -> None:
    foreign = text.replace("<", "<https://other.example/")
    (target,) = await rewritten(folder, b"link", foreign)
    assert target.replace(" ", "") == foreign.replace(" ", "")


async def test_below_a_base_uri_that_is_a_variable(folder: Path) -> None:
    document = deepcopy(DOCUMENT)
    document["capability"]["binds"][0]["keys"]["HOST"] = "HOST"
    document["capability"]["consumes"][0]["baseUri"] = "https://{{HOST}}/v1"
    assert await rewritten(folder, b"location", f"{BASE}/ships/8", f"{BASE}/other", document=document) == [
        "/fleet/8",
        f"{BASE}/other",
    ]
