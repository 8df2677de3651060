"""Resources over both eras: folders, operations, templates, and URIs that try to get more."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final

import pytest
from mcp import Client, MCPError
from mcp_types import ResourceTemplateReference

from support.gateway import Gateway
from support.mcp_faults import ERAS, MODERN, request, send
from support.upstream import GIF, Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENT: Final = """\
naftiko: 1.0.0-alpha2
info: {label: Ships, version: 2.0.1}
capability:
  binds: [{namespace: env, keys: {KEY: KEY}}]
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.example/v1
    authentication: {type: apikey, key: X-Key, value: "{{KEY}}", placement: header}
    resources:
    - path: /ships/{imo}
      operations: [{name: get}]
    - path: /ships/{imo}/photo
      operations: [{name: photo}]
    - path: /crews/{crew}
      operations: [{name: crew}]
  exposes:
  - type: mcp
    namespace: ships
    port: 9090
    %s
    resources:
    - {name: guides, label: Guides, uri: "docs://guides", description: How to., location: "file:///./guides"}
    - {name: ship, label: A ship, uri: "ships://{imo}", description: A ship., call: api.get,
       inputParameters: [{name: imo, type: integer, description: A number}]}
    - {name: photo, uri: "ships://{imo}/photo", description: Its photo., call: api.photo}
    - {name: title, uri: "ships://{imo}/name", mimeType: text/plain, call: api.get,
       outputParameters: [{type: string, mapping: $.name}]}
    - name: captain
      uri: ships://{imo}/captain
      mimeType: application/json
      steps:
      - {type: call, name: ship, call: api.get, with: {imo: "{{imo}}"}}
      - {type: call, name: crew, call: api.crew, with: {crew: $.ship.captain}}
      mappings: [{targetName: captain, value: $.crew.name}]
    - {name: about, uri: "ships://about", description: A constant., outputParameters: [{type: string, value: Ships}]}
    - {name: raw, uri: "ships://raw/{imo}", mimeType: application/x-ship, binary: true, call: api.get}
    - {name: flag, uri: "ships://flags/{on}", inputParameters: [{name: on, type: boolean}],
       outputParameters: [{type: string, value: "{{on}}"}]}
    - {name: deck, uri: "ships://decks/{deck}", inputParameters: [{name: deck, enum: [1, 2, 10]}],
       outputParameters: [{type: string, value: "Deck {{deck}}"}]}
"""
MARKDOWN: Final = "# Grüße\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resources")
    (folder / "guides" / "deep").mkdir(parents=True)
    (folder / "guides" / "intro.md").write_bytes(MARKDOWN.encode())
    (folder / "guides" / "deep" / "a b#é.gif").write_bytes(GIF)
    (folder / "guides" / "NOTES").write_text("plain")
    (folder / "guides" / ".env").write_text("TOKEN=s3cr3t")
    (folder / "guides" / "latin.txt").write_bytes(b"gr\xfc\xdfe")
    (folder / "secret.txt").write_text("s3cr3t")
    (folder / "ships.yaml").write_text(DOCUMENT % "description: Ships.")
    return folder


@pytest.fixture(scope="module")
def url(folder: Path, module_upstream: Upstream) -> Iterator[str]:
    base = f"api={module_upstream.url}/v1"
    with Gateway(folder / "ships.yaml", ["ships"], "--base-uri", base, environment={"KEY": "k3y-of-api"}) as gateway:
        yield gateway.urls["ships"]


@pytest.fixture
def ships(api: Upstream) -> Upstream:
    api.on("GET", "/v1/ships/7", Reply(200, {"content-type": "application/json"}, b'{"name":"Ann","captain":"c/1"}'))
    api.on("GET", "/v1/ships/7/photo", Reply(200, {"content-type": "image/gif"}, GIF))
    api.on("GET", "/v1/crews/c%2F1", Reply(200, {"content-type": "application/json"}, b'{"name":"Bo"}'))
    return api


def read(url: str, version: str, uri: str) -> Any:
    """The whole response to a read."""
    header = f"=?base64?{b64encode(uri.encode()).decode()}?=" if not (uri.isascii() and uri.isprintable()) else uri
    return send(url, version, request(version, "resources/read", {"uri": uri}), mcp_name=header[:60_000])


def content(url: str, version: str, uri: str) -> Any:
    """The only content of a resource."""
    (only,) = read(url, version, uri).json["result"]["contents"]
    assert only["uri"] == uri
    return only


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_what_a_client_lists(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        assert client.server_capabilities.resources is not None
        assert client.server_capabilities.tools is None
        assert client.server_capabilities.prompts is None
        listed = {str(one.uri): one for one in (await client.list_resources()).resources}
        assert list(listed) == [
            "docs://guides/NOTES",
            "docs://guides/deep/a%20b%23%C3%A9.gif",
            "docs://guides/intro.md",
            "docs://guides/latin.txt",
            "ships://about",
        ]
        intro = listed["docs://guides/intro.md"]
        assert (intro.name, intro.title, intro.mime_type, intro.size) == (
            "intro.md",
            "Guides: intro.md",
            "text/markdown",
            len(MARKDOWN.encode()),
        )
        assert (listed["ships://about"].description, listed["ships://about"].size) == ("A constant.", None)
        templates = {one.uri_template: one for one in (await client.list_resource_templates()).resource_templates}
        assert list(templates)[:2] == ["ships://{imo}", "ships://{imo}/photo"]
        assert templates["ships://{imo}"].title == "A ship"
        assert templates["ships://{imo}/name"].mime_type == "text/plain"


@pytest.mark.parametrize("version", ERAS)
def test_files_are_served_as_they_are(url: str, version: str) -> None:
    assert content(url, version, "docs://guides/intro.md")["text"] == MARKDOWN
    assert content(url, version, "docs://guides/NOTES") == {
        "uri": "docs://guides/NOTES",
        "mimeType": "text/plain",
        "text": "plain",
    }
    picture = content(url, version, "docs://guides/deep/a%20b%23%C3%A9.gif")
    assert (picture["mimeType"], b64decode(picture["blob"])) == ("image/gif", GIF)
    assert b64decode(content(url, version, "docs://guides/latin.txt")["blob"]) == b"gr\xfc\xdfe"


@pytest.mark.parametrize("version", ERAS)
def test_operations_give_resources(url: str, ships: Upstream, version: str) -> None:
    ship = content(url, version, "ships://7")
    assert (ship["mimeType"], json.loads(ship["text"])) == ("application/json", {"name": "Ann", "captain": "c/1"})
    assert ships.last.header("x-key") == "k3y-of-api"
    assert b64decode(content(url, version, "ships://7/photo")["blob"]) == GIF
    assert content(url, version, "ships://7/name") == {"uri": "ships://7/name", "mimeType": "text/plain", "text": "Ann"}
    assert json.loads(content(url, version, "ships://7/captain")["text"]) == {"captain": "Bo"}
    assert content(url, version, "ships://about")["text"] == '"Ships"'
    raw = content(url, version, "ships://raw/7")
    assert (raw["mimeType"], b64decode(raw["blob"])) == ("application/x-ship", b'{"name":"Ann","captain":"c/1"}')


@pytest.mark.parametrize("version", ERAS)
def test_what_clients_may_cache(url: str, ships: Upstream, version: str) -> None:
    assert ships.received == []
    for method, params, ttl_ms in (
        ("resources/list", {}, 300_000),
        ("resources/templates/list", {}, 300_000),
        ("resources/read", {"uri": "docs://guides/intro.md"}, 300_000),
        ("resources/read", {"uri": "ships://7"}, 0),
    ):
        result = send(url, version, request(version, method, params), mcp_name=params.get("uri")).json["result"]
        expected = (ttl_ms, "public", "complete") if version == MODERN else (None, None, None)
        assert (result.get("ttlMs"), result.get("cacheScope"), result.get("resultType")) == expected


# -- errors -----------------------------------------------------------------------------------------------------------


def error(url: str, version: str, uri: str) -> tuple[int, str, Any]:
    failed = read(url, version, uri).json["error"]
    return failed["code"], failed["message"], failed.get("data")


def not_found(version: str) -> int:
    return -32602 if version == MODERN else -32002


HOSTILE: Final = [
    *("docs://guides/../secret.txt", "docs://guides/..%2Fsecret.txt", "docs://guides/%2e%2e/secret.txt"),
    *(
        "docs://guides/deep/../intro.md",
        "docs://guides//intro.md",
        "docs://guides/./intro.md",
        "docs://guides/intro.md/",
    ),
    *("docs://guides/intro.md%00", "docs://guides/intro.md\0", "docs://guides/intro.md\n", "docs://guides/.env"),
    *("docs://guides", "docs://guides/", "docs://guides/deep", "docs://guides/%69ntro.md", "DOCS://guides/intro.md"),
    *("docs://guides/deep\\a", "docs://guides/deep/a b#é.gif", "file:///etc/passwd", "/etc/passwd", "", "x", "{imo}"),
    *("ships://", "ships://7/", "ships://7/photo/", "ships://{imo}/x/y", "ships:///7", "ships://7?x=1", "ships://7#x"),
]


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize("uri", HOSTILE)
def test_only_what_is_listed_is_there(url: str, api: Upstream, version: str, uri: str) -> None:
    code, message, data = error(url, version, uri)
    assert (code, data) == (not_found(version), {"uri": uri})
    assert "unknown resource" in message
    assert api.received == []


@pytest.mark.parametrize("version", ERAS)
def test_a_huge_uri(url: str, api: Upstream, version: str) -> None:
    code, message, _ = error(url, version, "ships://" + "7" * 50_000)
    assert (code, len(message) < 1_000, api.received) == (not_found(version), True, [])


@pytest.mark.parametrize("version", ERAS)
def test_a_near_miss_gets_the_right_uri(url: str, version: str) -> None:
    assert "did you mean 'docs://guides/intro.md'?" in error(url, version, "docs://guides/intr.md")[1]


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize("value", ["x", "7.5", "%2E%2E", "7%2F8", "..", "7%00"])
def test_a_value_that_the_contract_rejects(url: str, api: Upstream, version: str, value: str) -> None:
    code, message, _ = error(url, version, f"ships://{value}")
    assert code == -32602
    assert message.startswith("params.uri does not fit ships://{imo}: 'imo' ")
    assert api.received == []


@pytest.mark.parametrize("version", ERAS)
def test_a_value_that_is_not_allowed(url: str, version: str) -> None:
    assert content(url, version, "ships://decks/10")["text"] == '"Deck 10"'
    code, message, _ = error(url, version, "ships://decks/3")
    assert code == -32602
    assert message.endswith("'deck' must be one of '1', '2', '10'; received 3")


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize("value", ["..", "%2e%2e", ".", "%2E"])
def test_no_value_leaves_its_segment(url: str, api: Upstream, version: str, value: str) -> None:
    code, _, _ = error(url, version, f"ships://{value}/photo")
    assert (code, api.received) == (-32602, [])


@pytest.mark.parametrize("version", ERAS)
def test_an_encoded_slash_stays_in_its_segment(url: str, api: Upstream, version: str) -> None:
    api.on("GET", "/v1/ships/a%2F..%2Fb/photo", Reply(200, {"content-type": "text/plain"}, b"here"))
    assert content(url, version, "ships://a%2F..%2Fb/photo")["text"] == "here"


@pytest.mark.parametrize("version", ERAS)
def test_a_resource_that_the_api_lacks_is_not_found(url: str, ships: Upstream, version: str) -> None:
    for status in (404, 410):
        ships.on("GET", "/v1/ships/7", Reply(status, {"content-type": "text/plain"}, b"none of k3y-of-api"))
        for uri in ("ships://7", "ships://7/name", "ships://7/captain"):
            code, message, data = error(url, version, uri)
            assert (code, data) == (not_found(version), {"uri": uri})
            assert str(status) in message
            assert "k3y-of-api" not in message


@pytest.mark.parametrize("version", ERAS)
def test_other_failures_are_internal_and_say_what_happened(url: str, ships: Upstream, version: str) -> None:
    ships.on("GET", "/v1/ships/7", Reply(503, {"content-type": "text/plain"}, b"busy"))
    code, message, data = error(url, version, "ships://7")
    assert (code, message, data) == (
        -32603,
        "'api.get' responded with 503 Service Unavailable; try again later\nbusy",
        None,
    )
    ships.on("GET", "/v1/ships/7", Reply(200, {"content-type": "application/json"}, b"no JSON"))
    code, message, _ = error(url, version, "ships://7/name")
    assert code == -32603
    assert "request id" in message


def test_the_name_header_must_be_that_of_the_uri(url: str) -> None:
    message = request(MODERN, "resources/read", {"uri": "ships://about"})
    for name in ("ships://7", None):
        response = send(url, MODERN, message, mcp_name=name)
        assert (response.status, response.json["error"]["code"]) == (400, -32020)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_template_completes_what_is_known(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        flag = ResourceTemplateReference(uri="ships://flags/{on}")
        found = await client.complete(flag, {"name": "on", "value": "T"})
        assert (found.completion.values, found.completion.total, found.completion.has_more) == (["true"], 1, False)
        nothing = await client.complete(ResourceTemplateReference(uri="ships://{imo}"), {"name": "imo", "value": ""})
        assert nothing.completion.values == []
        deck = ResourceTemplateReference(uri="ships://decks/{deck}")
        assert (await client.complete(deck, {"name": "deck", "value": "1"})).completion.values == ["1", "10"]
        for reference, name in ((flag, "of"), (ResourceTemplateReference(uri="ships://flag/{on}"), "on")):
            with pytest.raises(MCPError, match=r"did you mean|known") as caught:
                await client.complete(reference, {"name": name, "value": ""})
            assert caught.value.code == -32602


# -- several servers, broken parts, limits ----------------------------------------------------------------------------


def test_what_the_document_says_wins(folder: Path) -> None:
    text = (DOCUMENT % "ttlMs: 60\n    cacheScope: private").partition("    resources:\n    - {name: guides")[0]
    text += "    resources: [{name: a, uri: 'x:a', outputParameters: [{type: string, value: A}]}]\n"
    (folder / "said.yaml").write_text(text)
    with Gateway(folder / "said.yaml", ["ships"], environment={"KEY": "k"}) as gateway:
        result = read(gateway.urls["ships"], MODERN, "x:a").json["result"]
        assert (result["ttlMs"], result["cacheScope"]) == (60, "private")


def test_broken_resources_say_why(folder: Path, module_upstream: Upstream) -> None:
    (folder / "broken.yaml").write_text((DOCUMENT % "").replace("file:///./guides", "file:///./nothing"))
    options = ("--skip-broken", "--base-uri", f"api={module_upstream.url}/v1")
    with Gateway(folder / "broken.yaml", ["ships"], *options, environment={"KEY": "k"}) as gateway:
        url = gateway.urls["ships"]
        assert content(url, MODERN, "ships://about")["text"] == '"Ships"'
        code, message, _ = error(url, MODERN, "docs://guides")
        assert code == -32603
        assert "there is no folder" in message


def test_a_long_list_has_pages(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(501):
        (tmp_path / "many" / f"{number:03}.txt").write_text(str(number))
    (tmp_path / "many.yaml").write_text(
        "naftiko: 1.0.0-alpha2\ncapability:\n  exposes:\n  - {type: mcp, namespace: m, port: 9090, resources: "
        "[{name: many, uri: 'many://x/', location: 'file:///./many'}]}\n"
    )
    with Gateway(tmp_path / "many.yaml", ["m"]) as gateway:
        for version in ERAS:
            first = send(gateway.urls["m"], version, request(version, "resources/list")).json["result"]
            more = {"cursor": first["nextCursor"]}
            second = send(gateway.urls["m"], version, request(version, "resources/list", more)).json["result"]
            uris = [one["uri"] for one in (*first["resources"], *second["resources"])]
            assert uris == [f"many://x/{number:03}.txt" for number in range(501)]
            assert "nextCursor" not in second
            wrong = send(gateway.urls["m"], version, request(version, "resources/templates/list", more)).json
            assert wrong["error"]["code"] == -32602
