"""The schemas of the specification's versions, as JSON Schema data in this package."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from jsonschema_rs import Draft202012Validator, RegexOptions

from naftiko_runtime.source import format_as_written

if TYPE_CHECKING:
    from collections.abc import Iterable

_FOLDER: Final = Path(__file__).parent
_FIRST: Final = "1.0.0-alpha2"
_LATEST: Final = "1.0.0-beta5"
_KNOWN: Final = (_FIRST, _LATEST)
_NEXT: Final = {
    "0.5": _FIRST,
    "1.0.0-alpha1": _FIRST,
    "1.0.0-alpha3": _LATEST,
    **{f"1.0.0-beta{n}": _LATEST for n in range(1, 5)},
}
"""For versions whose own schema is not known here, the next later one whose schema is."""
_VERSION_KEYS: Final = ("naftiko", "ikanos")


class Schema:
    """A JSON Schema and its validator.

    Attributes:
        document: The schema as data.
        validator: The compiled schema. It takes JSON's own types only.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.validator = Draft202012Validator(document, pattern_options=RegexOptions(), mask="value")

    def get_part(self, path: Iterable[str | int]) -> Any:
        """Return the part at a path.

        Args:
            path: The ``schema_path`` of an error, without references.
        """
        part: Any = self.document
        for step in path:
            part = part[step]
        return part

    def resolve(self, part: Any) -> Any:
        """Return the definition that a part refers to, or the part itself."""
        while isinstance(part, dict) and "$ref" in part:
            part = self.document["$defs"][part["$ref"].rpartition("/")[2]]
        return part


def choose_version(data: Any) -> tuple[str, str | None, str | None]:
    """Return the version whose schema applies, and the document's own version if its schema is unknown.

    Args:
        data: The document.
    """
    if not isinstance(data, dict):
        return _FIRST, None, None
    key = "naftiko" if "naftiko" in data else "ikanos"
    version = data.get(key)
    if version is None or isinstance(version, dict | list):
        return (_LATEST if key in data and key == "ikanos" else _FIRST), None, None
    text = format_as_written(version) if isinstance(version, float) else str(version)
    return (text, None, None) if text in _KNOWN else (_NEXT.get(text, _LATEST), key, text)


@cache
def load_schema(version: str, *, any_version: bool = False) -> Schema:
    """Return the schema of a version.

    Args:
        version: A version whose schema is known.
        any_version: Whether the document may name another version.
    """
    document = orjson.loads((_FOLDER / f"{version}.schema.json").read_bytes())
    if any_version:
        properties = document["properties"]
        document["properties"] = properties | {key: True for key in _VERSION_KEYS if key in properties}
    return Schema(document)
