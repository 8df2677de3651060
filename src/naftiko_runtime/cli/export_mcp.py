"""``naftiko export mcp-registry`` and ``mcpb``: an MCP expose for the registry, and as a bundle."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, cast
from urllib.parse import urlsplit

import click

from naftiko_runtime.cli.option_types import ALLOW_IMPORT
from naftiko_runtime.cli.print_errors import print_error
from naftiko_runtime.cli.print_findings import print_findings
from naftiko_runtime.client_configuration.needed_variables import list_variables
from naftiko_runtime.folder_files import FolderError, read_folder
from naftiko_runtime.link.narrow_plan import keep_stdio_server
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.mcp_distribution.bundle import make_manifest, make_project, pack
from naftiko_runtime.mcp_distribution.registry_entry import (
    is_registry_name,
    is_registry_version,
    make_bundle_package,
    make_registry_entry,
    make_remote,
)
from naftiko_runtime.source import read_source
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.plan import McpServer, Plan
    from naftiko_runtime.source import Source

_EXIT_FAILED: Final = 1
_WHEEL: Final = re.compile(r"naftiko_runtime-[^-]+(-\d[^-]*)?-py3-none-any\.whl")
_FOLDER: Final = "capability"
_FILE: Final = click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_NAMESPACE: Final = click.option("--namespace", help="The namespace of the MCP expose, if the file has several.")


class _ExportedCapability(NamedTuple):
    """A capability, one of its servers, and the files that it is made of."""

    plan: Plan
    server: McpServer
    others: int
    files: tuple[Path, ...]


@click.command("mcp-registry", short_help="Write the entry of the MCP registry (server.json).")
@_FILE
@click.option("--name", required=True, help="The name in the registry, such as io.github.acme/orders.")
@click.option("--url", "urls", multiple=True, help="The URL of the running server, with /mcp; repeatable.")
@click.option(
    "--bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A bundle that 'export mcpb' wrote."
)
@click.option("--bundle-url", help="The URL at which clients download the bundle.")
@_NAMESPACE
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The output file.")
@ALLOW_IMPORT
def mcp_registry(
    file: Path,
    name: str,
    urls: tuple[str, ...],
    bundle: Path | None,
    bundle_url: str | None,
    namespace: str | None,
    output: Path | None,
    allowed_imports: tuple[Path, ...],
) -> None:
    """Write the entry of an MCP expose of FILE for the MCP registry, which is a preview.

    Exit status: 0 if it is written, 1 if the file has errors or no MCP expose, 2 for wrong usage.
    """
    if not is_registry_name(name):
        raise click.BadParameter(f"'{name}' is not a name such as io.github.acme/orders", param_hint="--name")
    if (bundle is None) != (bundle_url is None):
        raise click.UsageError("--bundle and --bundle-url belong together.")
    for url in (*urls, *filter(None, (bundle_url,))):
        _check_url(url)
    if not urls and bundle is None:
        raise click.UsageError("Give the server's --url, or a --bundle with its --bundle-url.")
    if bundle_url is not None and "mcp" not in bundle_url:
        raise click.BadParameter("the registry accepts only URLs that contain 'mcp'", param_hint="--bundle-url")
    loaded = _load_or_exit(file, namespace, allowed_imports)
    if not is_registry_version(loaded.server.version):
        print_error(
            f"the registry does not take the version '{loaded.server.version}'", "give 'info.version' an exact one"
        )
        sys.exit(_EXIT_FAILED)
    packages = []
    if bundle is not None and bundle_url is not None:
        digest = hashlib.sha256(bundle.read_bytes()).hexdigest()
        packages = [make_bundle_package(bundle_url, digest)]
    entry = make_registry_entry(loaded.server, name, [make_remote(url) for url in urls], packages)
    text = json.dumps(entry, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        _write(output, text.encode(), file)


@click.command(short_help="Write a bundle that desktop clients install (.mcpb).")
@_FILE
@click.option(
    "--wheel",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The wheel of naftiko-runtime to put into the bundle.",
)
@click.option("--author", required=True, help="The name of the bundle's author.")
@click.option("--extra", "extras", multiple=True, help="An extra of naftiko-runtime that the file needs; repeatable.")
@click.option(
    "--include",
    "included",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Another file or folder that the capability reads, below its folder; repeatable. Imports are included.",
)
@_NAMESPACE
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The bundle.")
@ALLOW_IMPORT
def mcpb(
    file: Path,
    wheel: Path,
    author: str,
    extras: tuple[str, ...],
    included: tuple[Path, ...],
    namespace: str | None,
    output: Path,
    allowed_imports: tuple[Path, ...],
) -> None:
    """Write an MCP expose of FILE as a bundle, with all that it needs to start.

    The client asks for the values of variables. It installs the dependencies with uv.

    Exit status: 0 if it is written, 1 if the file has errors or no MCP expose, 2 for wrong usage.
    """
    if not _WHEEL.fullmatch(wheel.name):
        raise click.BadParameter(f"'{wheel.name}' is not a wheel of naftiko-runtime", param_hint="--wheel")
    known = metadata("naftiko-runtime").get_all("Provides-Extra") or []
    if (unknown := next((extra for extra in extras if extra not in known), None)) is not None:
        raise click.BadParameter(f"no extra '{unknown}'; {suggest_text(unknown, known)}", param_hint="--extra")
    loaded = _load_or_exit(file, namespace, allowed_imports)
    server = loaded.server
    contents = _read_files(file.resolve(), {*loaded.files, *_list_included(included)})
    _check_complete(contents, file.name)
    arguments = ["--stdio", *([server.namespace] if loaded.others else [])]
    path = f"{_FOLDER}/{file.name}"
    manifest = make_manifest(server, path, author, list_variables(keep_stdio_server(loaded.plan, server)), arguments)
    inner = f"wheels/{wheel.name}"
    files = {f"{_FOLDER}/{name}": content for name, content in contents.items()} | {
        "manifest.json": json.dumps(manifest, indent=2, ensure_ascii=False).encode() + b"\n",
        "pyproject.toml": make_project(server.namespace, server.version, inner, extras).encode(),
        inner: wheel.read_bytes(),
    }
    _write(output, pack(files), file)


def _load_or_exit(file: Path, namespace: str | None, allowed_imports: tuple[Path, ...]) -> _ExportedCapability:
    """Load a file, and choose its server. Exit if it has errors or no MCP expose."""
    read: dict[Path, None] = {file.resolve(): None}

    def record(path: Path, name: str | None = None) -> Source:
        read[path.resolve()] = None
        return read_source(path, name)

    loaded = load(file, Overrides(allowed_imports=allowed_imports, reading=record))
    print_findings(loaded, sys.stderr)
    if loaded.plan is None:
        sys.exit(_EXIT_FAILED)
    servers = {server.namespace: cast("McpServer", server) for server in loaded.plan.servers if server.kind == "mcp"}
    if not servers:
        print_error(f"{file} has no MCP expose: there is nothing to export")
        sys.exit(_EXIT_FAILED)
    if namespace is None and len(servers) > 1:
        raise click.UsageError(f"Several MCP exposes: {', '.join(servers)}. Choose one with --namespace.")
    server = servers.get(namespace or next(iter(servers)))
    if server is None:
        advice = suggest_text(namespace or "", list(servers), "the file has") or ""
        raise click.BadParameter(f"no MCP expose '{namespace}'; {advice}", param_hint="--namespace")
    return _ExportedCapability(loaded.plan, server, len(servers) - 1, tuple(read))


def _list_included(included: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the given files, and those files of the given folders that a `location` of a folder serves."""
    for path in included:
        if not path.is_dir():
            yield path.resolve()
            continue
        try:
            files = read_folder(path.resolve().as_uri(), path)
        except FolderError as error:
            problem = f"the folder {path} cannot be included: {error}"
            raise click.BadParameter(problem, param_hint="--include") from None
        yield from (path.resolve() / file.path for file in files)


def _read_files(file: Path, paths: set[Path]) -> dict[str, bytes]:
    """Return the contents of files, by their paths below the folder of the capability."""
    contents: dict[str, bytes] = {}
    for path in paths:
        if not path.is_relative_to(file.parent):
            raise click.UsageError(f"{path} is not below the folder of {file.name}: a bundle cannot contain it.")
        contents[path.relative_to(file.parent).as_posix()] = path.read_bytes()
    return contents


def _check_complete(contents: dict[str, bytes], name: str) -> None:
    """Check that the capability loads from the files of the bundle alone. Exit if it does not."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in contents.items():
            copy = Path(folder, path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
        loaded = load(Path(folder, name))
    if loaded.plan is None:
        errors = "; ".join(dict.fromkeys(finding.message for finding in loaded.diagnostics))
        print_error(f"the bundle would lack files: {errors}", "add them with --include, which takes files and folders")
        sys.exit(_EXIT_FAILED)


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    has_variables = "{" in url  # whose values the registry would want to know
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or has_variables:
        raise click.BadParameter(f"'{url}' is not an https URL such as https://orders.example.com/mcp")


def _write(output: Path, content: bytes, file: Path) -> None:
    if output.resolve() == file.resolve():
        raise click.UsageError(f"-o would overwrite {file} itself.")
    try:
        output.write_bytes(content)
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from None
