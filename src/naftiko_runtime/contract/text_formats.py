"""The formats of texts that are checked: those of JSON Schema, by a library."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXAMPLES: Final[Mapping[str, str]] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:30:00Z",
    "time": "12:30:00Z",
    "duration": "P1DT12H",
    "email": "captain@example.com",
    "idn-email": "captain@example.com",
    "hostname": "ships.example.com",
    "idn-hostname": "ships.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/ships",
    "uri-reference": "/ships?flag=NO",
    "iri": "https://example.com/ships",
    "iri-reference": "/ships?flag=NO",
    "uri-template": "/ships/{imo}",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "json-pointer": "/ships/0",
    "relative-json-pointer": "1/name",
}
"""The formats that are checked, each with a text that has it. Every other format only describes an input."""


@cache
def make_format_check(name: str) -> Callable[[str], bool]:
    """Return a function that tells whether a text has a format, which is one of :data:`EXAMPLES`."""
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - few documents have formats

    validator = Draft202012Validator({"format": name}, validate_formats=True)

    def check(text: str) -> bool:
        try:
            return validator.is_valid(text)
        except UnicodeEncodeError:  # half of a surrogate pair has no format
            return False

    return check
