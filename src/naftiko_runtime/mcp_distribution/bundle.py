"""Bundles (``.mcpb``): a zip file with a capability and this program, which desktop clients install and start.

The client installs the dependencies with uv, for its own platform (ADR 32).
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.shorten_text import shorten_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.plan import McpServer

_VERSION: Final = "0.4"
_PYTHON: Final = ">=3.11"
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o644 << 16
_DESCRIPTION_CHARACTERS_MAX: Final = 1000
_FOLDER: Final = "${__dirname}"


def make_manifest(
    server: McpServer, file: str, author: str, variables: Sequence[str], arguments: Sequence[str]
) -> dict[str, Any]:
    """Return the manifest of a bundle.

    Args:
        server: The server that the bundle starts.
        file: The path of the capability in the bundle.
        author: The name of the author.
        variables: The environment variables that it needs. The client asks for their values.
        arguments: More arguments of ``naftiko run``.
    """
    keys = {name: name.lower() for name in variables}
    command = ["run", "--directory", _FOLDER, "naftiko", "run", f"{_FOLDER}/{file}", *arguments]
    environment = {name: f"${{user_config.{key}}}" for name, key in keys.items()}
    manifest: dict[str, Any] = {
        "manifest_version": _VERSION,
        "name": server.namespace,
        "display_name": server.title,
        "version": server.version,
        "description": shorten_text(server.instructions or server.title, _DESCRIPTION_CHARACTERS_MAX),
        "author": {"name": author},
        "server": {
            "type": "uv",
            "entry_point": file,
            "mcp_config": {"command": "uv", "args": command, "env": environment},
        },
        "tools": [{"name": tool.name, "description": tool.description} for tool in server.tools],
        "compatibility": {"platforms": ["darwin", "linux", "win32"], "runtimes": {"python": _PYTHON}},
    }
    if keys:
        manifest["user_config"] = {key: _make_question(name) for name, key in keys.items()}
    return manifest


def _make_question(name: str) -> dict[str, Any]:
    """Return how a client asks for a variable. It keeps the value encrypted."""
    return {
        "type": "string",
        "title": name,
        "description": f"The value of the variable {name}",
        "required": True,
        "sensitive": True,
    }


def make_project(name: str, version: str, wheel: str, extras: Sequence[str]) -> str:
    """Return the ``pyproject.toml`` of a bundle, which tells uv what to install.

    Args:
        name: The name of the bundle.
        version: Its version.
        wheel: The path of this program's wheel in the bundle.
        extras: The extras of this program that the capability needs.
    """
    wanted = f"naftiko-runtime[{','.join(extras)}]" if extras else "naftiko-runtime"
    return "\n".join(
        [
            "[project]",
            f"name = {json.dumps(f'{name.lower()}-bundle')}",
            'version = "0"',
            f"description = {json.dumps(f'{name} {version}')}",
            f"requires-python = {json.dumps(_PYTHON)}",
            f"dependencies = [{json.dumps(wanted)}]",
            "",
            "[tool.uv]",
            "package = false",
            "",
            "[tool.uv.sources]",
            f"naftiko-runtime = {{ path = {json.dumps(wheel)} }}",
            "",
        ]
    )


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of files by their paths. Equal files give equal bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _TIME)
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, files[path])
    return packed.getvalue()
