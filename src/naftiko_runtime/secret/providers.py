"""Providers of bound values: the environment, files, mounted folders, Vault. The ``location`` of a bind selects one.

No error of this module shows a value.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote

import orjson
from dotenv.parser import parse_stream

from naftiko_runtime.limits import SECRET_BYTES_MAX
from naftiko_runtime.source import SourceError, format_as_written, parse_source
from naftiko_runtime.vault_client import VaultAccess, VaultError, check_installed, read_vault

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS_FOLDER: Final = "NAFTIKO_SECRETS_DIR"
"""The environment variable that says where secrets are mounted."""

_DEFAULT_SECRETS_FOLDER: Final = "/var/run/secrets"


class ProviderError(Exception):
    """A location cannot be read. The message says why."""


class Provider(Protocol):
    """A source of values by key."""

    def get_value(self, key: str) -> str | None:
        """Return the value at a key, or None if there is none or it is not text.

        Raises:
            ProviderError: The place, or the key's part of it, cannot be read.
        """

    def describe(self, key: str) -> str:
        """Name the place of a key, for an error."""


def open_provider(location: str | None, environment: Mapping[str, str], folder: Path) -> Provider:
    """Open the provider of a bind.

    Args:
        location: The location in the document. None for the environment.
        environment: The process environment, with the variables of ``--env-file``.
        folder: The folder of the file that has the bind.

    Raises:
        ProviderError: The location cannot be read.
    """
    scheme, _, rest = (location or "").partition("://")
    match scheme:
        case "" | "github-secrets":  # in a workflow, those are variables of the environment
            return _Environment(environment)
        case "file":
            return _FileProvider(location or "", _find_path(unquote(rest), folder))
        case "k8s-secret" | "k8s":
            root = Path(environment.get(SECRETS_FOLDER) or _DEFAULT_SECRETS_FOLDER)
            return _Folder(location or "", root, unquote(rest))
        case "vault":
            mount, _, path = unquote(rest).partition("/")
            return _open_vault(location or "", mount, path, environment)
        case _:
            raise ProviderError("the scheme is unknown")


class _Environment:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def get_value(self, key: str) -> str | None:
        return self._environment.get(key)

    def describe(self, key: str) -> str:
        return f"the environment variable '{key}'"


def _find_path(text: str, folder: Path) -> Path:
    """``/./x`` and ``./x`` are relative: to the document's folder, or else to the working directory."""
    if text.startswith(("/./", "/../")):
        text = text[1:]
    beside = folder / text
    return beside if beside.exists() or Path(text).is_absolute() else Path(text)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(SECRET_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a path"
        raise ProviderError(f"{path}: {reason}") from None
    if len(raw) > SECRET_BYTES_MAX:
        raise ProviderError(f"{path} is larger than {SECRET_BYTES_MAX:,} bytes")
    return raw


class _FileProvider:
    """JSON, YAML or ``KEY=value`` lines, by the suffix of the file; a key with dots is a path into nested mappings."""

    def __init__(self, location: str, path: Path) -> None:
        self._location = location
        self._values = _parse(path, _read(path))

    def get_value(self, key: str) -> str | None:
        found: Any = self._values
        for part in (key,) if key in self._values else key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return _format_scalar(found)

    def describe(self, key: str) -> str:
        return f"the key '{key}' of {self._location}"


def _format_scalar(value: Any) -> str | None:
    """Format a scalar as its author wrote it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_as_written(value)
    return value if isinstance(value, str) else None


def _parse(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        match path.suffix:
            case ".json":
                data = orjson.loads(raw)
            case ".yaml" | ".yml":
                data = parse_source(raw, path.name).data
            case _:
                data = _parse_assignments(raw)
    except SourceError as error:
        raise ProviderError(f"{path} is not YAML: line {_get_line(error)}") from None
    except ValueError as error:
        kind = "JSON" if path.suffix == ".json" else "a list of KEY=value lines"
        at = f": line {error}" if kind != "JSON" else ""
        raise ProviderError(f"{path} is not {kind}{at}") from None
    if not isinstance(data, dict):
        raise ProviderError(f"{path} is not a mapping of keys")
    return data


def _get_line(error: SourceError) -> int:
    span = error.diagnostics[0].span
    return span.line if span is not None else 1


def _parse_assignments(raw: bytes) -> dict[str, str]:
    """Parse ``KEY=value`` lines, as in dotenv files.

    Raises:
        ValueError: A line is invalid. The message has its number.
    """
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(raw.decode("utf-8-sig"))):
        if binding.error or (binding.key is not None and binding.value is None):
            raise ValueError(str(binding.original.line))
        if binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    return values


_FILE_NAME: Final = re.compile(r"(?!\.\.)[A-Za-z0-9._-]+")


class _Folder:
    """A mounted secret: a folder with a file for each key."""

    def __init__(self, location: str, root: Path, name: str) -> None:
        self._location = location
        if not all(_FILE_NAME.fullmatch(part) for part in name.split("/")):
            raise ProviderError("it is not the name of a secret")
        self._folder = root / name
        if not self._folder.is_dir():
            raise ProviderError(f"there is no folder {self._folder} ({SECRETS_FOLDER} sets its parent)")

    def get_value(self, key: str) -> str | None:
        if not _FILE_NAME.fullmatch(key):
            return None
        path = self._folder / key
        if not path.resolve().is_relative_to(self._folder.resolve()):  # a mount's own links stay in it
            raise ProviderError(f"{path} links to a file outside of its folder")
        if not path.is_file():
            return None
        try:
            return _read(path).decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise ProviderError(f"{path} is not UTF-8 text") from None

    def describe(self, key: str) -> str:
        return f"the key '{key}' of {self._location}"


class _Vault:
    """A secret of a Vault server's key-value engine, read once."""

    def __init__(self, location: str, values: Mapping[str, Any]) -> None:
        self._location = location
        self._values = values

    def get_value(self, key: str) -> str | None:
        return _format_scalar(self._values.get(key))

    def describe(self, key: str) -> str:
        return f"the key '{key}' of {self._location}"


def _open_vault(location: str, mount: str, path: str, environment: Mapping[str, str]) -> _Vault:
    address, token = environment.get("VAULT_ADDR"), environment.get("VAULT_TOKEN")
    try:
        check_installed()
    except VaultError as error:
        raise ProviderError(str(error)) from None
    if not address or not token:
        raise ProviderError("VAULT_ADDR or VAULT_TOKEN is not set")
    if not mount or not path:
        raise ProviderError("its form is not vault://mount/path")
    try:
        access = VaultAccess(address, token, environment.get("VAULT_NAMESPACE", ""))
        return _Vault(location, read_vault(access, mount, path))
    except VaultError as error:
        raise ProviderError(str(error)) from None
