"""Formats log records as lines of JSON."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN_FIELDS: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""What every record has; the rest is what a call of a logger adds as ``extra``."""


class MaskFields(Protocol):
    """Returns the fields of a record without secrets."""

    def __call__(self, fields: Mapping[str, Any], /) -> Mapping[str, Any]:
        """Return them."""


class JsonLogFormatter(logging.Formatter):
    """Formats a record as one line of JSON: what happened, how severe it is, which logger, its fields, and when."""

    def __init__(self, mask: MaskFields) -> None:
        super().__init__()
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end. Values that JSON does not have are texts."""
        added = {name: value for name, value in record.__dict__.items() if name not in _OWN_FIELDS}
        created = datetime.fromtimestamp(record.created, UTC)
        fields = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            **added,
            "timestamp": created.isoformat().replace("+00:00", "Z"),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = self.formatStack(record.stack_info)
        return _write_json(self._mask(fields))


def _write_json(fields: Mapping[str, Any]) -> str:
    """Return a line for any fields: without one, logging would write the record without masks."""
    try:
        return orjson.dumps(fields, default=str).decode()
    except TypeError:  # a name of a file that is no Unicode, a large number, a key that is no text
        return json.dumps(fields, default=str, skipkeys=True)
