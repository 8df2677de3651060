"""Configuration of checks, ``naftiko.toml``, or ``[tool.naftiko]`` in ``pyproject.toml``: the nearest counts."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click

from naftiko_runtime.cli.rule_names import UnknownRule, expand_rule, expand_rules
from naftiko_runtime.rules import RULES, RULES_VERSION, Severity
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OWN: Final = "naftiko.toml"
_PROJECT: Final = "pyproject.toml"
_NAMES: Final = (_OWN, _PROJECT)
_MENTION: Final = re.compile(rb"^\s*\[?\s*[\"']?tool\b.*naftiko|^\s*\[\s*[\"']?tool[\"']?\s*\]", re.MULTILINE)
"""What a project's file has that may have our table; the others need no TOML reader."""

_SEVERITIES: Final[dict[str, Severity | None]] = {**{str(s): s for s in Severity}, "off": None}
_T = TypeVar("_T")
_W = TypeVar("_W")


class ConfigurationError(click.ClickException):
    """A configuration that cannot be read, or that is invalid."""

    exit_code = 2


class Configuration(NamedTuple):
    """The settings of a configuration file; empty if there is none.

    Attributes:
        folder: What ``exclude`` and ``allow-import`` are relative to.
        select: Slugs of the only rules to report. None for all.
        ignore: Slugs of rules not to report.
        error_on: The lowest severity that is a failure. None if it is not set.
        severity: The severity of rules, by slug. None if a rule is off.
        exclude: Patterns, as in ``.gitignore``, of files that folders and globs leave out.
        allowed_imports: Folders, besides a document's own, that imports may read.
        rules_version: The version of the set of rules: later rules are not reported.
    """

    folder: Path = Path()
    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    error_on: Severity | None = None
    severity: Mapping[str, Severity | None] = MappingProxyType({})
    exclude: tuple[str, ...] = ()
    allowed_imports: tuple[Path, ...] = ()
    rules_version: int = RULES_VERSION

    def selects(self, slug: str) -> bool:
        """Return whether a rule is reported."""
        wanted = (self.select is None or slug in self.select) and slug not in self.ignore
        rule = RULES[slug]  # a pinned version hides no error: the file does not run
        return wanted and (rule.since <= self.rules_version or rule.severity is Severity.ERROR)

    def excludes(self, path: Path, *, folder: bool = False) -> bool:
        """Return whether a file or folder is excluded."""
        if not self.exclude:
            return False
        from naftiko_runtime.gitignore import compile_patterns

        relative = os.path.relpath(path, self.folder).replace(os.sep, "/")
        return compile_patterns(self.exclude).match_file(relative + "/" * folder)


NONE: Final = Configuration()


class Configurations:
    """The configuration of each folder, read once."""

    def __init__(self) -> None:
        self._known: dict[Path, Configuration] = {}

    def find(self, folder: Path) -> Configuration:
        """Find the configuration for the files of a folder: the nearest one, up to the folder of the repository.

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
            raise ConfigurationError(f"cannot read {_shorten_path(file)}: {error.strerror}") from None
        if (table := _parse_toml(file, raw)) is not None:
            return _TableParser(file, table).parse()
    return None


def _parse_toml(file: Path, raw: bytes) -> dict[str, Any] | None:
    project = file.name == _PROJECT
    if project and not _MENTION.search(raw):
        return None
    import tomllib

    try:
        data = tomllib.loads(raw.decode())
    except UnicodeDecodeError:
        raise ConfigurationError(f"{_shorten_path(file)} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{_shorten_path(file)} is not valid TOML: {error}") from None
    if not project:
        return data
    tools = data.get("tool", {})
    table = tools.get("naftiko") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigurationError(f"{_shorten_path(file)}: 'tool.naftiko' must be a table")
    return table


def _shorten_path(file: Path) -> str:
    relative = os.path.relpath(file)
    return str(file) if relative.startswith(os.pardir) else relative


class _TableParser:
    """Parses one table; errors name its file."""

    def __init__(self, file: Path, table: dict[str, Any]) -> None:
        self._file = file
        self._table = table

    def parse(self) -> Configuration:
        """Return the settings of the table."""
        keys: dict[str, Callable[[str, object], object]] = {
            "select": self._parse_selected,
            "ignore": self._parse_rules,
            "error-on": self._parse_error_on,
            "rules-version": self._parse_version,
            "severity": self._parse_severities,
            "exclude": self._parse_strings,
            "allow-import": self._parse_folders,
        }
        values: dict[str, Any] = {}
        for key, value in self._table.items():
            if key not in keys:
                raise self._make_error(f"unknown key '{key}'; {suggest_text(key, keys)}")
            values[key.replace("-", "_")] = keys[key](key, value)
        if "allow_import" in values:
            values["allowed_imports"] = values.pop("allow_import")
        self._check_named(values.get("rules_version", RULES_VERSION))
        return Configuration(self._file.parent, **values)

    def _check_named(self, version: int) -> None:
        """Refuse a rule that is named and that the version of the set of rules does not have."""
        for key in ("select", "severity"):
            for word in self._table.get(key, ()):
                named = [RULES[slug] for slug in expand_rule(word)]
                if min(rule.since for rule in named) > version:
                    raise self._make_error(
                        f"'{key}': '{word}' is in rules-version {named[0].since} and later, and not in {version}"
                    )

    def _make_error(self, message: str) -> ConfigurationError:
        where = f"{_shorten_path(self._file)}: " + ("[tool.naftiko]: " if self._file.name == _PROJECT else "")
        return ConfigurationError(where + message)

    def _parse_strings(self, key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._make_error(f"'{key}' must be a list of texts")
        return tuple(value)

    def _parse_selected(self, key: str, value: Any) -> frozenset[str]:
        if not (selected := self._parse_rules(key, value)):
            raise self._make_error(f"'{key}' selects no rules")
        return selected

    def _parse_rules(self, key: str, value: Any) -> frozenset[str]:
        return self._expand(key, expand_rules, self._parse_strings(key, value))

    def _expand(self, key: str, expand: Callable[[_W], _T], words: _W) -> _T:
        try:
            return expand(words)
        except UnknownRule as error:
            raise self._make_error(f"'{key}': {error}") from None

    def _parse_error_on(self, key: str, value: Any) -> Severity:
        known = [str(severity) for severity in Severity]
        if value not in known:
            raise self._make_error(f"'{key}' must be one of {', '.join(known)}, not {value!r}")
        return Severity(value)

    def _parse_version(self, key: str, value: Any) -> int:
        if type(value) is not int or not 1 <= value <= RULES_VERSION:
            known = ", ".join(map(str, range(1, RULES_VERSION + 1)))
            raise self._make_error(f"'{key}' must be one of {known}, not {value!r}")
        return value

    def _parse_severities(self, key: str, value: Any) -> dict[str, Severity | None]:
        if not isinstance(value, dict):
            raise self._make_error(f"'{key}' must be a table of rules and severities")
        severities: dict[str, Severity | None] = {}
        for word, severity in value.items():
            slugs = self._expand(key, expand_rule, word)
            if not isinstance(severity, str) or severity not in _SEVERITIES:
                raise self._make_error(f"'{key}.{word}' must be one of {', '.join(_SEVERITIES)}, not {severity!r}")
            severities |= dict.fromkeys(slugs, _SEVERITIES[severity])
        return severities

    def _parse_folders(self, key: str, value: Any) -> tuple[Path, ...]:
        folders = tuple(self._file.parent / text for text in self._parse_strings(key, value))
        for folder in folders:
            if not folder.is_dir():
                raise self._make_error(f"'{key}': there is no folder {_shorten_path(folder)}")
        return folders
