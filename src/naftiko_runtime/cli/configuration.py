"""What ``naftiko.toml``, or ``[tool.naftiko]`` in ``pyproject.toml``, says of checks; the nearest to a file counts."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click

from naftiko_runtime.cli.rule_selection import UnknownRule, all_named, rules_named
from naftiko_runtime.rules import Severity
from naftiko_runtime.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OWN: Final = "naftiko.toml"
_PROJECT: Final = "pyproject.toml"
_NAMES: Final = (_OWN, _PROJECT)
_MENTION: Final = re.compile(rb"^\s*\[?\s*[\"']?tool\b.*naftiko|^\s*\[\s*[\"']?tool[\"']?\s*\]", re.MULTILINE)
"""What a project's file has that may have our table; the others need no TOML reader."""

_SEVERITIES: Final[dict[str, Severity | None]] = {**{str(s): s for s in Severity}, "off": None}
_T = TypeVar("_T")


class ConfigurationError(click.ClickException):
    """A configuration that cannot be read, or that says what there is not."""

    exit_code = 2


class Configuration(NamedTuple):
    """What a file says of checks; nothing where there is none.

    Attributes:
        folder: What ``exclude`` and ``allow-import`` are relative to.
        select: Slugs of the only rules to tell of; none for all.
        ignore: Slugs of rules not to tell of.
        error_on: The least severity that is a failure; none when it does not say.
        severity: By slug, how much a rule matters here; none when it is off.
        exclude: Patterns, as in ``.gitignore``, of files that folders and globs leave out.
        allowed_imports: Folders, besides a document's own, that imports may read.
    """

    folder: Path = Path()
    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    error_on: Severity | None = None
    severity: Mapping[str, Severity | None] = MappingProxyType({})
    exclude: tuple[str, ...] = ()
    allowed_imports: tuple[Path, ...] = ()

    def selects(self, slug: str) -> bool:
        """Whether a rule is told of."""
        return (self.select is None or slug in self.select) and slug not in self.ignore

    def excludes(self, path: Path, *, folder: bool = False) -> bool:
        """Whether a file or folder is left out."""
        if not self.exclude:
            return False
        from naftiko_runtime.cli.gitignore import compiled

        relative = os.path.relpath(path, self.folder).replace(os.sep, "/")
        return compiled(self.exclude).match_file(relative + "/" * folder)


NONE: Final = Configuration()


class Configurations:
    """The configuration of each folder, read once."""

    def __init__(self) -> None:
        self._known: dict[Path, Configuration] = {}

    def of(self, folder: Path) -> Configuration:
        """What counts for the files of a folder: the nearest above them, up to the repository's folder.

        Raises:
            ConfigurationError: It is wrong.
        """
        absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - not resolve(): a link counts where it stands
        passed: list[Path] = []
        found = NONE
        for current in (absolute, *absolute.parents):
            if current in self._known:
                found = self._known[current]
                break
            passed.append(current)
            if (own := _read(current)) is not None:
                found = own
                break
            if os.path.exists(current / ".git"):  # noqa: PTH110 - False where one may not look
                break
        self._known |= dict.fromkeys(passed, found)
        return found


def _read(folder: Path) -> Configuration | None:
    for name in _NAMES:
        file = folder / name
        try:
            raw = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise ConfigurationError(f"cannot read {_shown(file)}: {error.strerror}") from None
        if (table := _table(file, raw)) is not None:
            return _Reader(file, table).configuration()
    return None


def _table(file: Path, raw: bytes) -> dict[str, Any] | None:
    project = file.name == _PROJECT
    if project and not _MENTION.search(raw):
        return None
    import tomllib

    try:
        data = tomllib.loads(raw.decode())
    except UnicodeDecodeError:
        raise ConfigurationError(f"{_shown(file)} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{_shown(file)} is no TOML: {error}") from None
    if not project:
        return data
    tools = data.get("tool", {})
    table = tools.get("naftiko") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigurationError(f"{_shown(file)}: 'tool.naftiko' has to be a table")
    return table


def _shown(file: Path) -> str:
    relative = os.path.relpath(file)
    return str(file) if relative.startswith(os.pardir) else relative


class _Reader:
    """Reads one table, and complains with its file's name."""

    def __init__(self, file: Path, table: dict[str, Any]) -> None:
        self._file = file
        self._table = table

    def configuration(self) -> Configuration:
        """What the table says."""
        keys: dict[str, Callable[[str, Any], Any]] = {
            "select": self._selected,
            "ignore": self._rules,
            "error-on": self._error_on,
            "severity": self._severities,
            "exclude": self._texts,
            "allow-import": self._folders,
        }
        values: dict[str, Any] = {}
        for key, value in self._table.items():
            if key not in keys:
                raise self._fault(f"unknown key '{key}'; {did_you_mean(key, keys)}")
            values[key.replace("-", "_")] = keys[key](key, value)
        if "allow_import" in values:
            values["allowed_imports"] = values.pop("allow_import")
        return Configuration(self._file.parent, **values)

    def _fault(self, message: str) -> ConfigurationError:
        where = f"{_shown(self._file)}: " + ("[tool.naftiko]: " if self._file.name == _PROJECT else "")
        return ConfigurationError(where + message)

    def _texts(self, key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._fault(f"'{key}' has to be a list of texts")
        return tuple(value)

    def _selected(self, key: str, value: Any) -> frozenset[str]:
        if not (named := self._rules(key, value)):
            raise self._fault(f"'{key}' names no rule, so that nothing would be told")
        return named

    def _rules(self, key: str, value: Any) -> frozenset[str]:
        return self._named(key, all_named, self._texts(key, value))

    def _named(self, key: str, named: Callable[[Any], _T], words: Any) -> _T:
        try:
            return named(words)
        except UnknownRule as error:
            raise self._fault(f"'{key}': {error}") from None

    def _error_on(self, key: str, value: Any) -> Severity:
        known = [str(severity) for severity in Severity]
        if value not in known:
            raise self._fault(f"'{key}' has to be one of {', '.join(known)}, not {value!r}")
        return Severity(value)

    def _severities(self, key: str, value: Any) -> dict[str, Severity | None]:
        if not isinstance(value, dict):
            raise self._fault(f"'{key}' has to be a table of rules and severities")
        severities: dict[str, Severity | None] = {}
        for word, severity in value.items():
            slugs = self._named(key, rules_named, word)
            if not isinstance(severity, str) or severity not in _SEVERITIES:
                raise self._fault(f"'{key}.{word}' has to be one of {', '.join(_SEVERITIES)}, not {severity!r}")
            severities |= dict.fromkeys(slugs, _SEVERITIES[severity])
        return severities

    def _folders(self, key: str, value: Any) -> tuple[Path, ...]:
        folders = tuple(self._file.parent / text for text in self._texts(key, value))
        for folder in folders:
            if not folder.is_dir():
                raise self._fault(f"'{key}': there is no folder {_shown(folder)}")
        return folders
