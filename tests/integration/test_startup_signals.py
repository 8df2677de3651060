"""Signals just after the start of a command: no traceback, and no lost signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support.command import make_clean_environment
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INTERRUPTED = 130
COMMANDS = [["validate", "{file}"], ["run", "{file}", "--sandbox"], ["export", "openapi", "{file}"], ["schema"]]
SIGNALLED = """
import os, signal, sys

class Signalling:
    @staticmethod
    def find_spec(name, *_):
        if name == MODULE:
            sys.meta_path.remove(Signalling)
            os.kill(os.getpid(), signal.NUMBER)

sys.meta_path.insert(0, Signalling)
from naftiko_runtime.__main__ import main
main()
"""
"""The program, to which a signal comes when it begins to import a module."""


def signalled(module: str, number: str) -> list[str]:
    return [sys.executable, "-c", SIGNALLED.replace("MODULE", repr(module)).replace("NUMBER", number)]


def command(arguments: list[str], file: Path) -> list[str]:
    return [part.replace("{file}", str(file)) for part in arguments]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("after", [0.0, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4])
def test_ctrl_c_at_any_moment_leaves_no_traceback(pixel_file: Path, arguments: list[str], after: float) -> None:
    """Before our first line, Python itself handles the signal. The wait begins after it."""
    script = "from naftiko_runtime.__main__ import main; print('begun', flush=True); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *command(arguments, pixel_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=make_clean_environment({"NAFTIKO_PORT_OFFSET": "21000"}),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode in (0, INTERRUPTED), stderr
    assert "Traceback" not in stderr
    assert "Aborted" not in stderr


@pytest.mark.parametrize("module", ["click", "yaml", "pydantic_core"])
@pytest.mark.parametrize("arguments", COMMANDS[:3], ids=lambda arguments: arguments[0])
def test_ctrl_c_while_something_is_imported(pixel_file: Path, arguments: list[str], module: str) -> None:
    ended = subprocess.run(
        [*signalled(module, "SIGINT"), *command(arguments, pixel_file)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env=make_clean_environment(),
    )
    assert (ended.returncode, ended.stderr) == (INTERRUPTED, "")


@pytest.fixture
def heeded() -> Iterator[None]:
    """SIGHUP as a shell leaves it: under ``nohup`` it is ignored, and programs inherit that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("heeded")
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.skipif(sys.platform != "linux", reason=""))])
def test_sighup_before_the_start_reads_anew_afterwards(pixel_file: Path, workers: int) -> None:
    namespace = "pixel-tracking-pixel-tracking"
    options = ("--sandbox", "--workers", str(workers))
    ports = [f"{namespace}-rest", f"{namespace}-mcp"]
    with Gateway(pixel_file, ports, *options, command=signalled("click", "SIGHUP")) as gateway:
        gateway.wait_log_line("reloaded")
        assert gateway.stop() == 0
