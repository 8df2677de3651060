"""``naftiko export`` as a command: its output, its exit status, and the files that it does not touch."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from support.command import run_naftiko
from support.linked import make_document, make_mcp_expose, make_rest_expose

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = [f"/v1/pixel/{name}" for name in ("alias", "group", "identify", "page", "screen", "track")]


def test_the_pixel_file_is_written_as_yaml_with_its_warning_aside(pixel_file: Path) -> None:
    ended = run_naftiko("export", "openapi", pixel_file)
    assert ended.returncode == 0
    assert "warning[unused-binding]" in ended.stderr
    written = yaml.safe_load(ended.stdout)
    assert written["openapi"] == "3.1.0"
    assert written["info"]["title"] == "Segment Pixel Tracking API — Pixel Tracking"
    assert written["servers"] == [{"url": "http://localhost:8080"}]
    assert [*written["paths"]] == PIXELS
    assert "&id" not in ended.stdout


def test_json_is_the_same(pixel_file: Path) -> None:
    text = run_naftiko("export", "openapi", pixel_file).stdout
    assert json.loads(run_naftiko("export", "openapi", pixel_file, "--format", "json").stdout) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("name", "options", "is_json"),
    [("a.yaml", [], False), ("a.json", [], True), ("a.json", ["--format", "yaml"], False), ("a", [], False)],
)
def test_a_file_is_written_as_its_name_says(
    pixel_file: Path, tmp_path: Path, name: str, options: list[str], is_json: bool
) -> None:
    ended = run_naftiko("export", "openapi", pixel_file, "-o", tmp_path / name, *options)
    assert (ended.returncode, ended.stdout) == (0, "")
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert text.startswith("{") == is_json
    assert [*yaml.safe_load(text)["paths"]] == PIXELS


def test_it_needs_no_environment_and_writes_utf8(documents: Path, pixel_file: Path) -> None:
    for file in (documents / "secrets.yaml", pixel_file):
        command = [sys.executable, "-m", "naftiko_runtime", "export", "openapi", str(file)]
        ended = subprocess.run(command, check=False, capture_output=True, env={"PYTHONIOENCODING": "ascii"})
        assert ended.returncode == 0, ended.stderr
        assert yaml.safe_load(ended.stdout.decode("utf-8"))["paths"]


def test_a_broken_file_is_status_1_with_its_findings(documents: Path, tmp_path: Path) -> None:
    target = tmp_path / "openapi.yaml"
    ended = run_naftiko("export", "openapi", documents / "broken.yaml", "-o", target)
    assert (ended.returncode, ended.stdout, target.exists()) == (1, "", False)
    assert "error[unresolved-call]: no consumed operation 'api.lst'" in ended.stderr


def test_what_is_sound_of_it_is_written_when_that_is_wanted(documents: Path) -> None:
    ended = run_naftiko("export", "openapi", documents / "broken.yaml", "--skip-broken")
    assert ended.returncode == 0
    assert "error[unresolved-call]" in ended.stderr
    paths = yaml.safe_load(ended.stdout)["paths"]
    assert [*paths["/typo/{id}"]["get"]["responses"]] == ["501"]


def test_of_several_ports_one_is_chosen(documents: Path) -> None:
    guarded = documents / "guarded.yaml"
    ended = run_naftiko("export", "openapi", guarded)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "'bearer' (port 8082)" in ended.stderr
    assert "--namespace" in ended.stderr
    chosen = yaml.safe_load(run_naftiko("export", "openapi", guarded, "--namespace", "bearer").stdout)
    assert chosen["servers"] == [{"url": "http://localhost:8082"}]
    assert chosen["security"] == [{"bearer": []}]


@pytest.mark.parametrize("namespace", ["baerer", "tools"])
def test_an_unknown_namespace_is_status_2(documents: Path, namespace: str) -> None:
    ended = run_naftiko("export", "openapi", documents / "guarded.yaml", "--namespace", namespace)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"no REST expose '{namespace}'" in ended.stderr
    assert "bearer" in ended.stderr


def test_a_file_without_rest_is_status_1(tmp_path: Path) -> None:
    file = tmp_path / "tools.json"
    file.write_text(json.dumps(make_document(exposes=[make_mcp_expose()])))
    ended = run_naftiko("export", "openapi", file)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "has no REST expose" in ended.stderr


def test_the_file_itself_is_never_overwritten(pixel_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "pixel.yaml"
    file.write_bytes(pixel_file.read_bytes())
    ended = run_naftiko("export", "openapi", file, "-o", tmp_path / "." / "pixel.yaml")
    assert ended.returncode == 2
    assert file.read_bytes() == pixel_file.read_bytes()


def test_an_output_that_cannot_be_written_is_an_error(pixel_file: Path, tmp_path: Path) -> None:
    ended = run_naftiko("export", "openapi", pixel_file, "-o", tmp_path / "nowhere" / "a.yaml")
    assert ended.returncode == 1
    assert "nowhere" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_schema_is_printed_or_written(tmp_path: Path) -> None:
    printed = run_naftiko("schema", cwd=tmp_path)
    assert printed.returncode == 0
    assert json.loads(printed.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert run_naftiko("schema", "--version", "1.0.0-beta5", "-o", "x.json", cwd=tmp_path).stdout == ""
    assert "ikanos" in json.loads((tmp_path / "x.json").read_text())["properties"]
    assert run_naftiko("schema", "--version", "9", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("endpoint", ["", "{{TOKEN_URL}}", "https://auth.example/token"])
def test_a_token_endpoint_that_openapi_lacks_is_noted(tmp_path: Path, endpoint: str) -> None:
    proof = {"type": "oauth2", "authorizationServerUri": "https://auth.example", "resource": "https://web.example"}
    proof |= {"tokenEndpoint": endpoint} if endpoint else {}
    file = tmp_path / "web.json"
    file.write_text(json.dumps(make_document(exposes=[{**make_rest_expose(), "authentication": proof}])))
    written = run_naftiko("export", "openapi", file, "--format", "json")
    assert written.returncode == 0
    (scheme,) = json.loads(written.stdout)["components"]["securitySchemes"].values()
    assert scheme["type"] == ("oauth2" if endpoint.startswith("https") else "http")
    assert ("has no constant 'tokenEndpoint'" in written.stderr) == (scheme["type"] == "http")


def test_the_server_is_the_public_url(pixel_file: Path) -> None:
    command = ("export", "openapi", pixel_file, "--format", "json", "--public-url", "https://api.example.com/pixels/")
    written = run_naftiko(*command)
    assert json.loads(written.stdout)["servers"] == [{"url": "https://api.example.com/pixels"}]
    unknown = run_naftiko("export", "openapi", pixel_file, "--public-url", "other=https://api.example.com")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "no expose 'other'" in unknown.stderr
