"""What an import leaves out or changes, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

Effect = Literal["left out", "changed", "note"]


class Loss(Struct, frozen=True):
    """Why something is left out or changed.

    Attributes:
        code: A short name for programs.
        effect: ``left out`` for an operation that the capability does not have, ``changed`` for one that means less.
        text: The sentence, with places for names.
    """

    code: str
    effect: Effect
    text: str


METHOD: Final = Loss("method", "left out", "the language has no method {method}")
UNREADABLE: Final = Loss("unreadable", "left out", "it cannot be read: {problem}")
INVALID: Final = Loss("invalid", "left out", "it would not be valid: {problem}")
INPUT_NEEDED: Final = Loss("input-needed", "left out", "its required {what} '{name}' cannot be sent: {problem}")
NOT_CALLED: Final = Loss("not-called", "note", "{what} are requests of the API to others, so nothing calls them")

INPUT: Final = Loss("input", "changed", "{what} '{name}' is left out: {problem}")
INPUT_AS_TEXT: Final = Loss("input-as-text", "changed", "{what} '{name}' is given as JSON text")
REFERENCE: Final = Loss("reference", "changed", "a reference of {what} '{name}' cannot be read: {problem}")
LIMIT: Final = Loss("limit", "changed", "'{key}' of {what} '{name}' is not checked")
UNDECLARED: Final = Loss("undeclared", "changed", "the path's '{name}' is not declared: it is a required text")
RENAMED: Final = Loss("renamed", "changed", "{what} '{name}' is the input '{input}'")
DEFAULT: Final = Loss("default", "changed", "{what} '{name}' has no default: {problem}")
MEDIA_TYPE: Final = Loss("media-type", "changed", "the body is sent as {chosen}, never as {others}")
FIELDS_NEEDED: Final = Loss("fields-needed", "changed", "the body may be left out, but with it {names} is required")
BODY_FIELDS: Final = Loss("body-fields", "changed", "the body has only the fields that are declared, no others")
EMPTY_BODY: Final = Loss("empty-body", "changed", "without any field, the body {{}} is sent instead of none")
NO_ROUTE: Final = Loss("no-route", "changed", "it is a tool only: a route with its method and path exists")
NO_EFFECT: Final = Loss("no-effect", "changed", "'{key}' of {what} '{name}' has no effect")
SECURITY: Final = Loss("security", "changed", "its credentials cannot be sent: {problem}")
SECURITY_CHOICE: Final = Loss("security-choice", "changed", "it is called with {chosen}, never {others}")
TOKEN: Final = Loss("token", "note", "the security scheme '{name}' needs a token from elsewhere, in {variable}")
SERVER: Final = Loss("server", "note", "of several servers, '{chosen}' is called; --base-uri of 'run' changes that")
SERVER_VARIABLE: Final = Loss("server-variable", "note", "'{name}' of the server's URL is '{value}'")
BRIEF: Final = Loss(
    "brief", "note", "descriptions of inputs are shortened: with all of them, the file has more than {most} bytes"
)
NO_SERVER: Final = Loss("no-server", "note", "no server has a whole URL: set {variable} to the URL of the API")


class ReportPlace(Struct, frozen=True):
    """What a line is about.

    Attributes:
        method: The method in capitals. Empty for what is no operation.
        path: The path in the OpenAPI document.
        operation: The operationId. Empty without one.
        pointer: The JSON pointer to it.
    """

    method: str = ""
    path: str = ""
    operation: str = ""
    pointer: str = ""

    def __str__(self) -> str:
        named = self.operation or self.pointer
        return f"{self.method} {self.path} ({named})" if self.method else named


class ReportLine(Struct, frozen=True):
    """One line of a report."""

    place: ReportPlace
    reason: Loss
    values: dict[str, Any]

    def __str__(self) -> str:
        effect = "" if self.reason.effect == "note" else f"{self.reason.effect}: "
        return f"{self.place}: {effect}{self.reason.text.format_map(self.values)}"


class Report:
    """Collects the lines of an import, each once, in order.

    Attributes:
        operations: How many operations the document has.
        imported: How many of them the capability has.
    """

    def __init__(self) -> None:
        self._lines: dict[str, ReportLine] = {}
        self.operations = 0
        self.imported = 0

    def add(self, place: ReportPlace, reason: Loss, **values: Any) -> None:
        """Add a line."""
        line = ReportLine(place, reason, values)
        self._lines.setdefault(str(line), line)

    @property
    def lines(self) -> list[ReportLine]:
        """The lines in order."""
        return list(self._lines.values())

    def count(self, effect: Effect) -> int:
        """Count the operations that lines with an effect name."""
        return len({line.place for line in self.lines if line.reason.effect == effect})

    def write_data(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "operations": self.operations,
            "imported": self.imported,
            "lines": [_write_line(line) for line in self.lines],
        }


def _write_line(line: ReportLine) -> dict[str, Any]:
    place = line.place
    named = {"method": place.method, "path": place.path, "operationId": place.operation, "pointer": place.pointer}
    return {
        **{key: value for key, value in named.items() if value},
        "effect": line.reason.effect,
        "code": line.reason.code,
        "reason": line.reason.text.format_map(line.values),
        **({"name": line.values["name"]} if "name" in line.values else {}),
    }


def join_names(names: Iterable[str]) -> str:
    """Return names in quotes, separated by commas."""
    return ", ".join(f"'{name}'" for name in names)
