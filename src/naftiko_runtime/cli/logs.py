"""Logs: structured lines, in which no secret can appear."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from naftiko_runtime.secret import Secret

_SHORTEST = 4
"""A shorter value is no secret worth the name, and striking it out would strike out half of every line."""


def configure(level: str, secrets: Iterable[Secret], *, console: bool) -> None:
    """Send every logger's lines to standard error.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        secrets: Values to strike out, wherever they turn up.
        console: Lines for people instead of JSON.
    """
    redact = Redactor(secrets)
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
    ]
    final.append(structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(serializer=_json))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("mcp").setLevel(logging.WARNING)
    # What uvicorn would say of a broken connection is said here in our words, or is no news.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


class Redactor:
    """Replaces every known secret in a log event's texts."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        values = {secret.reveal() for secret in secrets}
        self._values = sorted((v for v in values if len(v) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A structlog processor."""
        return {key: self._clean(value) for key, value in event.items()} if self._values else event

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            for secret in self._values:
                value = value.replace(secret, "***")
            return value
        if isinstance(value, dict):
            return {key: self._clean(item) for key, item in value.items()}
        return [self._clean(item) for item in value] if isinstance(value, list | tuple) else value
