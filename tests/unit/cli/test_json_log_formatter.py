"""Log lines for programs."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from naftiko_runtime.cli.json_log_formatter import JsonLogFormatter
from naftiko_runtime.cli.logging_setup import Redactor
from naftiko_runtime.secret import Secret


def format_record(*secrets: str, **fields: Any) -> dict[str, Any]:
    record = logging.makeLogRecord(
        {"name": "ships", "levelname": "WARNING", "msg": "%s left", "args": ("one",)} | fields
    )
    line = JsonLogFormatter(Redactor(map(Secret, secrets)).mask_fields).format(record)
    assert "\n" not in line
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def fail(text: str) -> NoReturn:
    raise ValueError(text)


def test_a_line_has_the_message_its_fields_and_when_it_was() -> None:
    created = datetime(2026, 11, 1, 10, 0, 0, 250_000, UTC).timestamp()
    assert format_record(created=created, port=8080, serves=["a", "b"]) == {
        "event": "one left",
        "level": "warning",
        "logger": "ships",
        "port": 8080,
        "serves": ["a", "b"],
        "timestamp": "2026-11-01T10:00:00.250000Z",
    }


def test_values_that_json_does_not_have_are_texts() -> None:
    assert format_record(file=Path("a/b"), kinds=(Path("c"),))["file"] == "a/b"


def test_every_record_has_a_line() -> None:
    line = format_record("s3cr3t", file="x\udcff.yaml", size=2**70, counts={1: 2}, key="s3cr3t")
    assert (line["file"], line["size"], line["counts"], line["key"]) == ("x\udcff.yaml", 2**70, {"1": 2}, "***")


def test_an_exception_is_one_field() -> None:
    try:
        fail("it broke")
    except ValueError:
        text = format_record(exc_info=sys.exc_info())["exception"]
    assert text.startswith("Traceback (most recent call last):\n")
    assert text.endswith("ValueError: it broke")


def test_no_field_shows_a_secret() -> None:
    try:
        fail("s3cr3t/value")
    except ValueError:
        line = format_record(
            "s3cr3t/value",
            args=("s3cr3t/value",),
            exc_info=sys.exc_info(),
            stack_info="in s3cr3t/value",
            body='{"a": "s3cr3t\\u002fvalue", "b": "s3cr',  # in another encoding, and cut off
            nested={"s3cr3t%2Fvalue": ["s3cr3t/value"]},
        )
    assert "s3cr" not in json.dumps(line)
    assert line["event"] == "*** left"
    assert line["body"].endswith("***")
