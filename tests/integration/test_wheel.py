"""The built wheel, in an empty environment and outside the checkout, serves the pixel file."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import tomllib
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from zipfile import ZipFile

import pytest
from mcp import Client
from mcp_types import ImageContent

from naftiko_runtime import __version__
from support.caller import call
from support.gateway import Gateway
from support.image import ROOT
from support.upstream import GIF, Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from support.image import Image

NAMESPACE = "pixel-tracking-pixel-tracking"
REST, MCP = f"{NAMESPACE}-rest", f"{NAMESPACE}-mcp"


@pytest.fixture(scope="module")
def wheel(image: Image) -> Iterator[ZipFile]:
    with ZipFile(image.wheel) as file:
        yield file


@pytest.fixture(scope="module")
def metadata(wheel: ZipFile) -> Message:
    return HeaderParser().parsestr(_read(wheel, "METADATA"))


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)["project"]
    return project


@pytest.fixture(scope="module")
def gateway(image: Image, module_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    file = image.folder / "capabilities/pixel-tracking.yaml"
    base_uri = ("--base-uri", f"{NAMESPACE}={module_upstream.url}/v1")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with Gateway(file, [REST, MCP], *base_uri, command=[f"{image.venv}/bin/naftiko"], cwd=elsewhere) as gateway:
        yield gateway


def _read(wheel: ZipFile, name: str) -> str:
    (path,) = [path for path in wheel.namelist() if path.endswith(f".dist-info/{name}")]
    return wheel.read(path).decode()


def _run(image: Image, folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [f"{image.venv}/bin/{program}", *arguments]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=60)


def test_it_holds_all_modules_the_type_marker_and_nothing_else(wheel: ZipFile) -> None:
    source = ROOT / "src"
    modules = {str(path.relative_to(source)) for path in source.rglob("*.py")}
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    pages = {f"naftiko_runtime/rule_pages/{page.name}" for page in (ROOT / "docs" / "rules").iterdir()}
    schemas = {str(path.relative_to(source)) for path in source.rglob("*.schema.json")}
    assert len(schemas) == 2
    harness = "naftiko_runtime/scripting/javascript.js"
    assert inside == {*modules, *pages, *schemas, harness, "naftiko_runtime/py.typed"}


def test_a_file_is_checked_strictly_where_only_the_wheel_is(image: Image, tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text("naftiko: 1.0.0-alpha2\nconsumes: [{location: a, import: b, x-c: d}]\n")
    ended = _run(image, tmp_path, "naftiko", "validate", "--strict", "x.yml")
    assert ended.returncode == 1, ended.stderr
    assert "the specification has no key 'x-c' here" in ended.stdout


def test_rules_are_explained_where_only_the_wheel_is(image: Image, tmp_path: Path) -> None:
    explained = _run(image, tmp_path, "naftiko", "explain", "NK201")
    assert explained.stdout == (ROOT / "docs" / "rules" / "unresolved-call.md").read_text(encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("naftiko: 1.0.0-alpha2\n", encoding="utf-8")
    found = _run(image, tmp_path, "naftiko", "validate", "--format", "json", "bad.yaml")
    urls = [one["url"] for one in json.loads(found.stdout)]
    assert [Path(unquote(urlsplit(url).path)).is_file() for url in urls] == [True]


def test_its_metadata_is_the_projects(metadata: Message, project: dict[str, Any]) -> None:
    found_metadata = {
        name: metadata[name] for name in ("Name", "Version", "Requires-Python", "License-Expression", "Summary")
    }
    assert found_metadata == {
        "Name": project["name"],
        "Version": __version__,
        "Requires-Python": project["requires-python"],
        "License-Expression": project["license"],
        "Summary": project["description"],
    }


def test_it_requires_what_the_project_depends_on(metadata: Message, project: dict[str, Any]) -> None:
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert required is not None
    assert sorted(map(_parts, required)) == sorted(map(_parts, project["dependencies"]))


def _parts(requirement: str) -> tuple[str, list[str]]:
    """A requirement's package and its versions in one order; without its marker, whose quotes may differ."""
    name, versions = re.fullmatch(r"([\w.-]+)\s*([^;]*?)\s*(?:;.*)?", requirement).groups()  # type: ignore[union-attr]
    return name.lower(), sorted(versions.split(","))


def test_it_has_the_command_and_the_licence(wheel: ZipFile) -> None:
    assert _read(wheel, "entry_points.txt").split() == [
        "[console_scripts]",
        "naftiko",
        "=",
        "naftiko_runtime.__main__:main",
    ]
    assert _read(wheel, "licenses/LICENSE") == (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_nothing_it_needs_is_missing_or_at_odds(image: Image, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "--python", f"{image.venv}/bin/python", "check"]
    checked = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout) == (0, "No broken requirements found.\n"), checked.stderr


def test_what_runs_is_the_installed_copy(image: Image, tmp_path: Path) -> None:
    where = "import naftiko_runtime; print(naftiko_runtime.__file__)"
    assert _run(image, tmp_path, "python", "-c", where).stdout.startswith(f"{image.venv}/lib/")


def test_version(image: Image, tmp_path: Path) -> None:
    assert _run(image, tmp_path, "naftiko", "--version").stdout == f"naftiko, version {__version__}\n"


def test_validate(image: Image, tmp_path: Path) -> None:
    done = _run(image, tmp_path, "naftiko", "validate", str(image.folder / "capabilities/pixel-tracking.yaml"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("1 file checked: 1 warning\n")


def test_rest(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/v1/pixel/track", Reply(headers={"content-type": "image/gif"}, body=GIF))
    response = call(gateway.urls[REST], "/v1/pixel/track?data=e30%3D+/=%2B")
    assert (response.status, response.headers["content-type"], response.body) == (200, "image/gif", GIF)
    assert [request.target for request in api.received] == ["/v1/pixel/track?data=e30%3D+/=%2B"]


async def test_mcp(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/v1/pixel/track", Reply(headers={"content-type": "image/gif"}, body=GIF))
    async with Client(gateway.urls[MCP]) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool("track-pixel", {"data": "e30="})
    assert tools == {f"{verb}-pixel" for verb in ("alias", "group", "identify", "page", "screen", "track")}
    (content,) = result.content
    assert isinstance(content, ImageContent)
    assert base64.b64decode(content.data) == GIF
    assert [request.target for request in api.received] == ["/v1/pixel/track?data=e30%3D"]
