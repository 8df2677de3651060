"""Skills for MCP clients: entries with digests, files as resources, directories, on both paths and in both eras."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pytest
from mcp import Client
from mcp_types import TextResourceContents

from naftiko_runtime.exposes.kinds import list_mcp_servers
from naftiko_runtime.exposes.mcp.compare_lists import find_changed_lists
from naftiko_runtime.loading import load
from support.gateway import Gateway
from support.mcp_faults import ERAS, LEGACY, META, MODERN, request, send
from support.stdio_program import StdioProgram, make_enveloped, make_request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.caller import Response

EXTENSION: Final = {"io.modelcontextprotocol/skills": {"directoryRead": True}}
AUTHENTICATION: Final = 'authentication: {type: bearer, token: "{{TOKEN}}"}'
DOCUMENT: Final = """\
naftiko: 1.0.0-alpha2
info: {label: Ships}
capability:
  binds: [{namespace: env, keys: {TOKEN: TOKEN}}]
  exposes:
  - type: mcp
    namespace: ships
    port: 9090
    tools: [{name: about, description: A constant., outputParameters: [{name: x, type: string, value: y}]}]
  - type: mcp
    namespace: guarded
    port: 9091
    authentication: {type: bearer, token: "{{TOKEN}}"}
    tools: [{name: about, description: A constant., outputParameters: [{name: x, type: string, value: y}]}]
  - type: skill
    namespace: skills
    port: 3010
    skills:
    - name: find-ships
      description: Finds ships.
      location: file:///./find-ships
      tools: [{name: about, description: About., from: {sourceNamespace: ships, action: about}}]
    - {name: sail, description: "Sails: \\"all\\" ships", metadata: {version: "1.0"}, allowed-tools: Read}
  - type: skill
    namespace: closed
    port: 3011
    authentication: {type: bearer, token: "{{TOKEN}}"}
    skills: [{name: secret-sail, description: Not for all.}]
"""
SKILL: Final = "---\nname: find-ships\ndescription: Finds ships.\nmetadata: {n: 2, deep: [true]}\n---\n# Grüße\r\n"
NAMES: Final = ["ships", "guarded", "skills", "closed"]
ROOT: Final = "skill://skills/find-ships"
ENVIRONMENT: Final = {"TOKEN": "t0ken"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("skills")
    (folder / "find-ships" / "references" / "a b").mkdir(parents=True)
    (folder / "find-ships" / "SKILL.md").write_bytes(SKILL.encode())
    (folder / "find-ships" / "references" / "a b" / "é.bin").write_bytes(b"\0\xff")
    (folder / "find-ships" / "latin.txt").write_bytes(b"gr\xfc\xdfe")
    (folder / "secret.txt").write_text("s3cr3t")
    (folder / "ships.yaml").write_text(DOCUMENT, encoding="utf-8")
    return folder / "ships.yaml"


@pytest.fixture(scope="module", params=["1", "0"], ids=["direct", "sdk"])
def gateway(request: pytest.FixtureRequest, file: Path) -> Iterator[Gateway]:
    environment = {**ENVIRONMENT, "NAFTIKO_MCP_FAST_PATH": request.param}
    with Gateway(file, NAMES, environment=environment) as gateway:
        yield gateway


@pytest.fixture
def url(gateway: Gateway) -> str:
    return gateway.urls["ships"]


def ask(url: str, version: str, method: str, **params: Any) -> Response:
    uri = params.get("uri")
    return send(url, version, request(version, method, params), mcp_name=uri if isinstance(uri, str) else None)


def result(url: str, version: str, method: str, **params: Any) -> Any:
    return ask(url, version, method, **params).json["result"]


def read(url: str, version: str, uri: str) -> bytes:
    (only,) = result(url, version, "resources/read", uri=uri)["contents"]
    return only["text"].encode() if "text" in only else b64decode(only["blob"])


def test_both_eras_learn_of_the_extension(url: str) -> None:
    discovered = result(url, MODERN, "server/discover")["capabilities"]
    client = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
    begun = result(url, LEGACY, "initialize", **client)["capabilities"]
    for capabilities in (discovered, begun):
        assert capabilities["extensions"] == EXTENSION
        assert "resources" in capabilities


@pytest.mark.parametrize("version", ERAS)
def test_entries_have_the_front_matter_and_the_digest_of_every_file(url: str, version: str) -> None:
    listed = result(url, version, "skills/list")
    caching = {key: listed.get(key) for key in ("ttlMs", "cacheScope", "resultType")}
    modern = {"ttlMs": 300_000, "cacheScope": "public", "resultType": "complete"}
    assert caching == (modern if version == MODERN else dict.fromkeys(modern))
    first, second = listed["skills"]
    assert first["uri"] == f"{ROOT}/SKILL.md"
    assert first["frontmatter"] == {
        "name": "find-ships",
        "description": "Finds ships.",
        "metadata": {"n": 2, "deep": [True]},
    }
    assert second["frontmatter"] == {
        "name": "sail",
        "description": 'Sails: "all" ships',
        "metadata": {"version": "1.0"},
        "allowed-tools": "Read",
    }
    assert [one["uri"].removeprefix(ROOT) for one in first["resources"]] == [
        "/SKILL.md",
        "/latin.txt",
        "/references/a%20b/%C3%A9.bin",
    ]
    for entry in (first, second):
        for one in entry["resources"]:
            content = read(url, version, one["uri"])
            assert (len(content), f"sha256:{sha256(content).hexdigest()}") == (one["size"], one["digest"])
        found = result(url, version, "skills/get", uri=entry["uri"])
        assert found["skill"] == entry
        assert {key: found.get(key) for key in caching} == caching
    assert read(url, version, f"{ROOT}/SKILL.md") == SKILL.encode()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_other_clients_see_resources(url: str, mode: str) -> None:
    async with Client(url, mode=mode) as client:
        listed = {str(one.uri): one for one in (await client.list_resources()).resources}
        skill = listed[f"{ROOT}/SKILL.md"]
        assert (skill.name, skill.description, skill.mime_type) == ("find-ships", "Finds ships.", "text/markdown")
        assert listed[f"{ROOT}/latin.txt"].size == 5
        (content,) = (await client.read_resource(f"{ROOT}/SKILL.md")).contents
        assert isinstance(content, TextResourceContents)
        assert content.text == SKILL


@pytest.mark.parametrize("version", ERAS)
def test_directories(url: str, version: str) -> None:
    found = result(url, version, "resources/directory/read", uri=ROOT)
    assert "ttlMs" not in found
    assert [(one["uri"].removeprefix(ROOT), one["name"], one["mimeType"]) for one in found["resources"]] == [
        ("/SKILL.md", "find-ships", "text/markdown"),
        ("/latin.txt", "find-ships/latin.txt", "text/plain"),
        ("/references", "references", "inode/directory"),
    ]
    below = result(url, version, "resources/directory/read", uri=f"{ROOT}/references")["resources"]
    assert [one["uri"] for one in below] == [f"{ROOT}/references/a%20b"]
    (file,) = result(url, version, "resources/directory/read", uri=below[0]["uri"])["resources"]
    assert file["uri"] == f"{ROOT}/references/a%20b/%C3%A9.bin"


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("skills/get", {"uri": f"{ROOT}/SKILLS.md"}, f"unknown skill: {ROOT}/SKILLS.md"),
        ("skills/get", {"uri": f"{ROOT}/latin.txt"}, f"unknown skill: {ROOT}/latin.txt"),
        ("skills/get", {"uri": ROOT}, f"unknown skill: {ROOT}"),
        ("skills/get", {"uri": "skill://closed/secret-sail/SKILL.md"}, "unknown skill: skill://closed/"),
        ("skills/get", {"uri": "x" * 5000}, f"unknown skill: {'x' * 200}…"),
        ("skills/get", {}, "params.uri: is required"),
        ("skills/get", {"uri": 5}, "params.uri: must be a string"),
        ("skills/list", {"cursor": 5}, "params.cursor: must be a string"),
        ("skills/list", {"cursor": "abc"}, "params.cursor: unknown"),
        ("resources/directory/read", {"uri": f"{ROOT}/SKILL.md"}, f"unknown directory: {ROOT}/SKILL.md"),
        ("resources/directory/read", {"uri": f"{ROOT}/"}, f"unknown directory: {ROOT}/"),
        ("resources/directory/read", {"uri": f"{ROOT}/references/.."}, "unknown directory: "),
        ("resources/directory/read", {"uri": "skill://skills"}, "unknown directory: skill://skills"),
        ("resources/directory/read", {"uri": ROOT, "cursor": "abc"}, "params.cursor: unknown"),
        ("resources/directory/read", {}, "params.uri: is required"),
    ],
)
def test_what_is_not_served_is_invalid(
    url: str, version: str, method: str, params: dict[str, Any], message: str
) -> None:
    response = ask(url, version, method, **params)
    assert response.status == (400 if version == MODERN else 200)
    error = response.json["error"]
    assert (error["code"], error["message"][: len(message)]) == (-32602, message)


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    "path",
    [
        "/../../secret.txt",
        "/..%2F..%2Fsecret.txt",
        "/%2e%2e/%2e%2e/secret.txt",
        "/references/../SKILL.md",
        "//SKILL.md",
    ],
)
def test_no_uri_leads_to_another_file(url: str, version: str, path: str) -> None:
    response = ask(url, version, "resources/read", uri=f"{ROOT}{path}")
    assert response.json["error"]["code"] == (-32602 if version == MODERN else -32002)
    assert b"s3cr3t" not in response.body


def test_the_headers_of_a_stateless_request_are_checked(url: str) -> None:
    message = request(MODERN, "skills/list", {})
    assert send(url, MODERN, message, mcp_method=None).json["error"]["code"] == -32020
    assert send(url, MODERN, message, mcp_method="skills/get").json["error"]["code"] == -32020
    wrong = {"_meta": {**META, "io.modelcontextprotocol/clientCapabilities": 5}}
    assert send(url, MODERN, request(MODERN, "skills/list", wrong)).json["error"]["code"] == -32602


@pytest.mark.parametrize("version", ERAS)
def test_skills_are_for_those_who_may_read_them(gateway: Gateway, version: str) -> None:
    guarded, ann = gateway.urls["guarded"], "Bearer t0ken"
    uri = "skill://closed/secret-sail/SKILL.md"
    for message in (request(version, "skills/list", {}), request(version, "skills/get", {"uri": uri})):
        refused = send(guarded, version, message)
        assert refused.status == 401
        assert b"secret-sail" not in refused.body
    listed = send(guarded, version, request(version, "skills/list", {}), authorization=ann).json["result"]
    assert [one["uri"] for one in listed["skills"]] == [uri]
    assert listed.get("cacheScope") == ("private" if version == MODERN else None)
    assert b"secret-sail" not in ask(gateway.urls["ships"], version, "skills/list").body


@pytest.mark.parametrize("version", ERAS)
def test_a_server_without_skills_says_so(tmp_path: Path, version: str) -> None:
    file = tmp_path / "ships.yaml"
    file.write_text(DOCUMENT[: DOCUMENT.index("  - type: skill")], encoding="utf-8")
    with Gateway(file, NAMES[:2], environment=ENVIRONMENT) as gateway:
        url = gateway.urls["ships"]
        for method in ("skills/list", "skills/get", "resources/directory/read"):
            response = ask(url, version, method)
            error = response.json["error"]
            assert (response.status, error["code"]) == (404 if version == MODERN else 200, -32601)
            assert error["message"] == f"'{method}' is not served: this server has no skills"
        capabilities = result(url, MODERN, "server/discover")["capabilities"]
        assert "extensions" not in capabilities


def test_long_lists_have_pages(tmp_path: Path) -> None:
    names = [f"skill-{number}" for number in range(501)]
    skills = "\n".join(f"    - {{name: {name}, description: One of many.}}" for name in names)
    text = DOCUMENT[: DOCUMENT.index("    - name: find-ships")] + skills + "\n"
    (tmp_path / "ships.yaml").write_text(text, encoding="utf-8")
    with Gateway(tmp_path / "ships.yaml", NAMES[:3], environment=ENVIRONMENT) as gateway:
        url = gateway.urls["ships"]
        first = result(url, MODERN, "skills/list")
        last = result(url, MODERN, "skills/list", cursor=first["nextCursor"])
    assert "nextCursor" not in last
    found = [one["frontmatter"]["name"] for one in (*first["skills"], *last["skills"])]
    assert (found, len(last["skills"])) == (names, 1)


def test_skills_over_stdio(file: Path) -> None:
    with StdioProgram(str(file), "--stdio", "ships", environment=ENVIRONMENT) as program:
        client = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
        begun = program.ask(make_request(1, "initialize", **client))
        assert begun["result"]["capabilities"]["extensions"] == EXTENSION
        legacy = program.ask(make_request(2, "skills/list"))["result"]["skills"]
        modern = program.ask(make_enveloped(3, "skills/list"))["result"]["skills"]
        assert [one["frontmatter"]["name"] for one in legacy] == ["find-ships", "sail"]
        assert modern == legacy
        root = program.ask(make_enveloped(4, "resources/directory/read", uri=ROOT))["result"]
        assert len(root["resources"]) == 3


def test_a_changed_file_changes_the_list_of_resources(tmp_path: Path) -> None:
    (tmp_path / "find-ships").mkdir()
    (tmp_path / "ships.yaml").write_text(DOCUMENT, encoding="utf-8")
    servers = []
    for ending in (b"one", b"two", b"two"):
        (tmp_path / "find-ships" / "SKILL.md").write_bytes(SKILL.encode() + ending)
        plan = load(tmp_path / "ships.yaml").plan
        assert plan is not None
        servers.append(list_mcp_servers(plan.servers))
    changed = find_changed_lists(servers[0], servers[1])
    assert set(changed.values()) == {frozenset({"resources"})}
    assert not any("9091" in topic for topic in changed)
    assert find_changed_lists(servers[1], servers[2]) == {}
