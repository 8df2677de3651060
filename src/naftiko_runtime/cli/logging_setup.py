"""Logs: structured lines, in which no secret can appear."""

from __future__ import annotations

import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.cli.json_log_formatter import JsonLogFormatter
from naftiko_runtime.masking import LENGTH_MIN, MASK, Masker, list_usual_spellings
from naftiko_runtime.process_lock import ProcessLock
from naftiko_runtime.secret import Secret
from naftiko_runtime.telemetry.log_writer import LogWriter
from naftiko_runtime.telemetry.mcp import MCP_PATH
from naftiko_runtime.telemetry.tracing import CURRENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

_QUOTED: Final = "body"
"""The field with the beginning of an upstream's response."""


def configure_logging(level: str, secrets: Iterable[Secret], *, console: bool, many: bool = False) -> Redactor:
    """Send the lines of all loggers to standard error. Return the redactor, to add secrets later.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        secrets: Values to mask wherever they occur.
        console: Lines for people instead of JSON.
        many: Whether other processes write to the same stream.
    """
    redact = Redactor(secrets)
    handler = LogWriter(sys.stderr.fileno(), ProcessLock() if many else None)
    handler.addFilter(_add_mcp_path)
    handler.setFormatter(_make_console_formatter(redact) if console else JsonLogFormatter(redact.mask_fields))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # They would log every step, and the headers of every response.
    for name in ("mcp", "httpcore2", "hpack"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return redact


def _make_console_formatter(redact: Redactor) -> logging.Formatter:
    """Return a formatter of lines for people."""
    import structlog

    def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return redact.mask_fields(event)

    fields: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    lines: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        mask,
        structlog.dev.ConsoleRenderer(),
    ]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=fields, processors=lines)


def add_worker_number(worker: int) -> None:
    """Add this worker's number and process id to every line of this process."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(partial(_add_worker, worker, os.getpid()))


def add_trace_ids() -> None:
    """Add the ids of trace and span to every line that belongs to a recorded request."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(_add_trace)


def _add_trace(record: logging.LogRecord) -> bool:
    if (trace := CURRENT.get()) is not None and (span := trace.find_log_span()) is not None and span.recorded:
        record.trace_id, record.span_id = span.trace_id, span.span_id
    return True


def _add_mcp_path(record: logging.LogRecord) -> bool:
    if (path := MCP_PATH.get()) is not None:
        record.mcp_path = path
    return True


def _add_worker(worker: int, pid: int, record: logging.LogRecord) -> bool:
    record.worker, record.pid = worker, pid
    return True


class Redactor:
    """Replaces every known secret in a log event's texts."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._masker = Masker(secret.reveal() for secret in secrets)
        spellings = {text for value in self._masker.values for text in list_usual_spellings(value)}
        self._encoded = sorted(spellings, key=len, reverse=True)

    def add_secrets(self, secrets: Iterable[Secret]) -> None:
        """Mask these as well, from the next line on."""
        more = Redactor([*map(Secret, self._masker.values), *secrets])
        self._encoded, self._masker = more._encoded, more._masker

    def mask_fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a log record with every secret masked."""
        if not self._encoded:
            return dict(fields)
        if isinstance(quoted := fields.get(_QUOTED), str):
            fields = {**fields, _QUOTED: self._masker.pattern.sub(MASK, self._mask_cut_secret(quoted))}
        return {self._clean(key): self._clean(value) for key, value in fields.items()}

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            for secret in self._encoded:
                value = value.replace(secret, MASK)
            return value
        if isinstance(value, dict):
            return {self._clean(key): self._clean(item) for key, item in value.items()}
        return [self._clean(item) for item in value] if isinstance(value, list | tuple) else value

    def _mask_cut_secret(self, text: str) -> str:
        """Return a quotation without a secret that is cut off at its end."""
        for spelling in self._encoded:
            for length in range(min(len(spelling) - 1, len(text)), LENGTH_MIN - 1, -1):
                if text.endswith(spelling[:length]):
                    return text[:-length] + MASK
        return text
