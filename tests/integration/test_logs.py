"""The log of the real program: no request waits for its reader, and lines have a size limit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from support.caller import call
from support.command import make_clean_environment
from support.gateway import Gateway

if TYPE_CHECKING:
    from pathlib import Path

MANY = 300
LINE_BYTES_MAX = 8 * 1024


def document(routes: int) -> str:
    """An API with so many operations and a route for each; nothing listens at its address."""
    names = [f"operation-with-a-name-of-some-length-{number}" for number in range(routes)]
    consumed = [
        {"path": f"/v1/{name}/{{id}}", "name": name, "operations": [{"name": name, "method": "GET"}]} for name in names
    ]
    exposed = [{"path": f"/{name}/{{id}}", "operations": [{"method": "GET", "call": f"api.{name}"}]} for name in names]
    tools = [{"name": name, "description": "One of many", "call": f"api.{name}"} for name in names]
    whole = {
        "naftiko": "1.0.0-alpha2",
        "capability": {
            "consumes": [{"type": "http", "namespace": "api", "baseUri": "http://127.0.0.1:9", "resources": consumed}],
            "exposes": [
                {"type": "rest", "namespace": "web", "address": "127.0.0.1", "port": 8080, "resources": exposed},
                {"type": "mcp", "namespace": "tools", "address": "127.0.0.1", "port": 8081, "tools": tools},
            ],
        },
    }
    return yaml.safe_dump(whole)


def test_the_lines_of_a_start_are_short_however_much_is_served(tmp_path: Path) -> None:
    file = tmp_path / "many.yaml"
    file.write_text(document(MANY))
    with Gateway(file, ["web", "tools"]) as gateway:
        for kind in ("rest", "mcp"):
            line = gateway.wait_log_line("listening", kind=kind)
            assert len(line["serves"]) + line["serves_more"] == MANY
        assert max(map(len, gateway.output.splitlines())) < LINE_BYTES_MAX


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.skipif(sys.platform != "linux", reason=""))])
def test_a_reader_of_standard_error_that_stalls_stops_nothing(tmp_path: Path, workers: int) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(document(1))
    command = [
        sys.executable,
        "-m",
        "naftiko_runtime",
        "run",
        str(file),
        "--workers",
        str(workers),
        "--log-level",
        "info",
    ]
    process = subprocess.Popen(
        [*command, "--port", "web=0", "--port", "tools=0"],
        stderr=subprocess.PIPE,
        env=make_clean_environment(),
        text=True,
    )
    assert process.stderr is not None
    try:
        url = ""
        while '"started"' not in (line := process.stderr.readline()):
            line_fields = json.loads(line)
            url = line_fields["url"] if line_fields.get("kind") == "rest" else url
        for _ in range(1500):  # each writes a line; a pipe holds some three hundred
            assert call(url, "/operation-with-a-name-of-some-length-0/1").status == 502
        process.send_signal(signal.SIGTERM)
        ended = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < ended:
            process.stderr.readline()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.stderr.close()
        process.wait()
