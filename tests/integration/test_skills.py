"""Skills over HTTP: what is served, caching, authentication, and paths that try to get more."""

from __future__ import annotations

import io
import os
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from zipfile import ZipFile

import pytest

from support.caller import Response, call
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENT: Final = """\
naftiko: 1.0.0-alpha2
info: {label: Ships}
capability:
  binds: [{namespace: env, keys: {PASSWORD: PASSWORD}}]
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.example/v1
    resources: [{path: /ships, operations: [{name: list}]}]
  exposes:
  - type: rest
    namespace: web
    port: 8080
    resources: [{path: /ships, operations: [{name: list-ships, description: Lists ships., call: api.list}]}]
  - type: mcp
    namespace: ships
    port: 9090
    tools: [{name: list, description: Lists ships., call: api.list}]
  - type: skill
    namespace: skills
    port: 3010
    skills:
    - name: find-ships
      description: Finds ships. Use it for ships.
      location: file:///./find-ships
      tools:
      - {name: find, description: Finds a ship., from: {sourceNamespace: ships, action: list}}
      - {name: read, from: {sourceNamespace: web, action: list-ships}}
      - {name: learn, description: How to., instruction: references/LEARN.md}
    - name: sail
      description: "Sails: \\u007f\\u2028 \\U0001F6A2"
      license: MIT
      metadata: {version: "1.0"}
      allowed-tools: Read Bash
      user-invocable: false
  - type: skill
    namespace: closed
    port: 3011
    authentication: {type: basic, username: ann, password: "{{PASSWORD}}"}
    skills: [{name: secret-sail, description: Not for all.}]
"""
SKILL: Final = """\
---
name: find-ships
description: Finds ships. Use it for ships.
license: Apache-2.0
metadata: {version: "2.0", count: 2}
---
# Ships\r
"""
ANN: Final = {"authorization": f"Basic {b64encode(b'ann:p4ss').decode()}"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("skills")
    skill = folder / "find-ships"
    (skill / "references" / "deep").mkdir(parents=True)
    (skill / "SKILL.md").write_bytes(SKILL.encode())
    (skill / "references" / "LEARN.md").write_bytes(b"# Learn\n")
    (skill / "references" / "deep" / "a b#é.bin").write_bytes(b"\0\xff")
    (skill / "page.html").write_bytes(b"<script>alert(1)</script>")
    (skill / ".env").write_text("s3cr3t")
    (folder / "secret.txt").write_text("s3cr3t")
    (skill / "link.html").symlink_to(skill / "page.html")
    (folder / "ships.yaml").write_text(DOCUMENT, encoding="utf-8")
    return folder / "ships.yaml"


@pytest.fixture(scope="module")
def gateway(file: Path) -> Iterator[Gateway]:
    names = ["web", "ships", "skills", "closed"]
    with Gateway(file, names, environment={"PASSWORD": "p4ss"}) as gateway:
        yield gateway


@pytest.fixture
def url(gateway: Gateway) -> str:
    return gateway.urls["skills"]


def get(url: str, target: str, **headers: str) -> Response:
    return call(url, target, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_the_catalog(url: str) -> None:
    response = get(url, "/skills")
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    assert response.json["count"] == 2
    first, second = response.json["skills"]
    assert first == {
        "name": "find-ships",
        "description": "Finds ships. Use it for ships.",
        "license": "Apache-2.0",
        "metadata": {"version": "2.0", "count": 2},
        "tools": ["find", "read", "learn"],
    }
    assert second["allowed-tools"] == "Read Bash"
    assert second["user-invocable"] is False


def test_a_skill_names_its_tools(url: str) -> None:
    found = get(url, "/skills/find-ships").json
    assert found["license"] == "Apache-2.0"
    assert found["tools"] == [
        {
            "name": "find",
            "description": "Finds a ship.",
            "type": "derived",
            "invocationRef": {"targetNamespace": "ships", "action": "list", "mode": "mcp"},
        },
        {
            "name": "read",
            "description": "Lists ships.",
            "type": "derived",
            "invocationRef": {"targetNamespace": "web", "action": "list-ships", "mode": "rest"},
        },
        {"name": "learn", "description": "How to.", "type": "instruction", "instruction": "references/LEARN.md"},
    ]


def test_the_contents_and_each_file(url: str) -> None:
    listed = get(url, "/skills/find-ships/contents").json
    assert listed["name"] == "find-ships"
    assert [file["path"] for file in listed["files"]] == [
        "SKILL.md",
        "link.html",
        "page.html",
        "references/LEARN.md",
        "references/deep/a b#é.bin",
    ]
    targets = ["SKILL.md", "link.html", "page.html", "references/LEARN.md", "references/deep/a%20b%23%C3%A9.bin"]
    for target, about in zip(targets, listed["files"], strict=True):
        response = get(url, f"/skills/find-ships/contents/{target}")
        assert response.status == 200
        assert len(response.body) == about["size"]
        assert about["digest"] == f"sha256:{sha256(response.body).hexdigest()}"
        assert response.headers["content-type"].partition(";")[0] == about["type"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-security-policy"] == "sandbox"
    assert get(url, "/skills/find-ships/contents/SKILL.md").body == SKILL.encode()
    assert get(url, "/skills/find-ships/contents/SKILL.md").headers["content-type"] == "text/markdown; charset=utf-8"


def test_a_skill_without_a_folder_gets_a_file(url: str) -> None:
    text = get(url, "/skills/sail/contents/SKILL.md").body.decode()
    assert text.startswith(
        '---\nname: "sail"\ndescription: "Sails: \\u007f\\u2028 \U0001f6a2"\nlicense: "MIT"\n'
        'metadata:\n  "version": "1.0"\nallowed-tools: "Read Bash"\nuser-invocable: false\n---\n\n# sail\n\n'
    )


def test_the_archive_is_the_folder_and_always_the_same(url: str, file: Path) -> None:
    response = get(url, "/skills/find-ships/download")
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"] == 'attachment; filename="find-ships.zip"'
    with ZipFile(io.BytesIO(response.body)) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "find-ships/SKILL.md"
        assert archive.read("find-ships/references/deep/a b#é.bin") == b"\0\xff"
    os.utime(file.parent / "find-ships" / "SKILL.md", (1, 1))
    with Gateway(file, ["web", "ships", "skills", "closed"], environment={"PASSWORD": "p4ss"}) as other:
        again = get(other.urls["skills"], "/skills/find-ships/download")
    assert (again.body, again.headers["etag"]) == (response.body, response.headers["etag"])


@pytest.mark.parametrize("target", ["", "/find-ships", "/find-ships/download", "/find-ships/contents/page.html"])
def test_what_a_caller_has_is_not_sent_again(url: str, target: str) -> None:
    whole = get(url, f"/skills{target}")
    tag = whole.headers["etag"]
    assert whole.headers["cache-control"] == "no-cache"
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        response = get(url, f"/skills{target}", if_none_match=given)
        assert (response.status, response.body, response.headers["etag"]) == (304, b"", tag)
        assert call(url, f"/skills{target}", "HEAD", headers={"if-none-match": given}).status == 304
    for given in ('"other"', tag.strip('"'), f'{tag[:-2]}"'):
        assert get(url, f"/skills{target}", if_none_match=given).status == 200


@pytest.mark.parametrize(
    "target", ["", "/find-ships", "/find-ships/download", "/find-ships/contents", "/find-ships/contents/page.html"]
)
def test_methods(url: str, target: str) -> None:
    whole, head = get(url, f"/skills{target}"), call(url, f"/skills{target}", "HEAD")
    assert (head.status, head.body) == (200, b"")
    same = ("content-length", "content-type", "etag", "cache-control")
    assert [head.headers[name] for name in same] == [whole.headers[name] for name in same]
    options = call(url, f"/skills{target}", "OPTIONS")
    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        refused = call(url, f"/skills{target}", method)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "target",
    [
        "/skills/find-ships/contents/../../secret.txt",
        "/skills/find-ships/contents/../secret.txt",
        "/skills/find-ships/contents/..%2Fsecret.txt",
        "/skills/find-ships/contents/..%2f..%2f..%2fetc%2fpasswd",
        "/skills/find-ships/contents/%2e%2e/secret.txt",
        "/skills/find-ships/contents/%2E%2E%2Fsecret.txt",
        "/skills/find-ships/contents/%252e%252e%252fsecret.txt",
        "/skills/find-ships/contents/..%5Csecret.txt",
        "/skills/find-ships/contents/..%c0%afsecret.txt",
        "/skills/find-ships/contents/%c0%ae%c0%ae/secret.txt",
        "/skills/find-ships/contents//etc/passwd",
        "/skills/find-ships/contents/%2Fetc%2Fpasswd",
        "/skills/find-ships/contents/references%2FLEARN.md",
        "/skills/find-ships/contents/references/../SKILL.md",
        "/skills/find-ships/contents/./SKILL.md",
        "/skills/find-ships/contents/references",
        "/skills/find-ships/contents/references/",
        "/skills/find-ships/contents/",
        "/skills/find-ships/contents/SKILL.md%00",
        "/skills/find-ships/contents/SKILL.md/",
        "/skills/find-ships/contents/.env",
        "/skills/find-ships/contents/%2eenv",
        "/skills/find-ships/contents/skill.md",
        "/skills/../skills/find-ships",
        "/skills/..",
        "/skills/",
        "/skills/find-ships/",
        "/skills/Find-Ships",
        "/skills/secret-sail",
        "/",
        "//skills",
    ],
)
def test_no_path_leads_to_another_file(url: str, target: str) -> None:
    response = get(url, target)
    assert response.status == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert b"s3cr3t" not in response.body
    assert b"root:" not in response.body


def test_a_misspelt_skill_is_suggested(url: str) -> None:
    assert get(url, "/skills/find-ship").json["detail"] == "no skill 'find-ship'; did you mean 'find-ships'?"


@pytest.mark.parametrize(
    "target",
    ["/skills", "/skills/secret-sail", "/skills/secret-sail/download", "/skills/secret-sail/contents/SKILL.md"],
)
def test_only_authenticated_callers_get_closed_skills(gateway: Gateway, target: str) -> None:
    closed = gateway.urls["closed"]
    for headers in ({}, {"authorization": "Basic YTpi"}, {"if-none-match": "*"}):
        refused = call(closed, target, headers=headers)
        assert refused.status == 401
        assert "www-authenticate" in refused.headers
        assert b"secret-sail" not in refused.body
    allowed = call(closed, target, headers=ANN)
    assert (allowed.status, allowed.headers["cache-control"]) == (200, "private, no-cache")


def test_foreign_pages_are_rejected(url: str) -> None:
    assert get(url, "/skills", origin="https://evil.example").status == 403
    assert get(url, "/skills", host="evil.example").status == 403


def test_pages_of_an_allowed_origin_read_skills(file: Path) -> None:
    names, environment = ["web", "ships", "skills", "closed"], {"PASSWORD": "p4ss"}
    with Gateway(file, names, "--allow-origin", "https://app.example", environment=environment) as gateway:
        response = get(gateway.urls["skills"], "/skills", origin="https://app.example")
        assert response.status == 200
        assert response.headers["access-control-allow-origin"] == "https://app.example"


def test_the_start_tells_what_is_served(gateway: Gateway) -> None:
    line = gateway.wait_log_line("listening", namespace="skills")
    assert (line["kind"], line["serves"]) == (
        "skill",
        ["GET /skills/find-ships -> 5 files, 3 tools", "GET /skills/sail -> 1 file"],
    )


@pytest.mark.parametrize("leads", ["secret.txt", ".", "missing"])
def test_a_link_that_leads_out_is_not_served(file: Path, tmp_path: Path, leads: str) -> None:
    (tmp_path / "find-ships").mkdir()
    (tmp_path / "find-ships" / "SKILL.md").write_bytes(SKILL.encode())
    (tmp_path / "find-ships" / "references").mkdir()
    (tmp_path / "find-ships" / "references" / "LEARN.md").write_bytes(b"x")
    (tmp_path / "find-ships" / "leak").symlink_to(file.parent / leads)
    (tmp_path / "ships.yaml").write_text(DOCUMENT, encoding="utf-8")
    names, environment = ["web", "ships", "skills", "closed"], {"PASSWORD": "p4ss"}
    with Gateway(tmp_path / "ships.yaml", names, "--skip-broken", environment=environment) as gateway:
        url = gateway.urls["skills"]
        refused = get(url, "/skills/find-ships")
        assert (refused.status, refused.json["type"]) == (501, "urn:naftiko:problem:broken-skill")
        assert get(url, "/skills/find-ships/contents/leak").status == 501
        assert [skill["name"] for skill in get(url, "/skills").json["skills"]] == ["sail"]
