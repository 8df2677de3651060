"""Write docs/terminal.svg, a picture of the README's commands on a terminal. ``make picture`` runs it.

The script runs the commands on a pseudo-terminal and draws what they print.
"""

from __future__ import annotations

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parent.parent
WEATHER = ROOT / "capabilities" / "weather.yaml"
PICTURE = ROOT / "docs" / "terminal.svg"
COLUMNS, ROWS = 110, 60
SECONDS_MAX = 30
NAFTIKO = str(Path(sys.executable).parent / "naftiko")


def run_on_terminal(command: Sequence[str], folder: Path, is_complete: Callable[[str], bool]) -> str:
    """Return what a command prints on a terminal until it ends; when its output is complete, it gets a SIGTERM."""
    parent, child = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "LINES": str(ROWS), "TERM": "xterm-256color"}
    process = subprocess.Popen(  # noqa: S603 - the project's own command
        command, cwd=folder, env=environment, stdin=child, stdout=child, stderr=child, start_new_session=True
    )
    os.close(child)
    printed, end = b"", time.monotonic() + SECONDS_MAX
    try:
        while time.monotonic() < end and not is_complete(printed.decode(errors="replace")):
            if not select.select([parent], [], [], 1)[0]:
                continue
            try:
                piece = os.read(parent, 65536)
            except OSError:  # the terminal has no more readers
                break
            if not piece:
                break
            printed += piece
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(SECONDS_MAX)
        os.close(parent)
    return printed.decode().replace("\r\n", "\n").rstrip()


def main() -> None:
    """Run the commands and write the picture."""
    PICTURE.write_text(draw(WEATHER.read_text(encoding="utf-8")), encoding="utf-8")


def draw(weather: str) -> str:
    """Return the picture of the commands with a capability, as SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "weather.yaml").write_text(weather.replace("call: meteo.current}]}]}", "call: meteo.curent}]}]}"))
        show(console, folder, "naftiko validate weather.yaml", lambda _: False)
        (folder / "weather.yaml").write_text(weather)
        show(console, folder, "naftiko run weather.yaml", lambda text: "tools/call" in text and text.endswith("\n"))
    svg = console.export_svg(title="naftiko", theme=MONOKAI)
    return re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)


def show(console: Console, folder: Path, command: str, is_complete: Callable[[str], bool]) -> None:
    """Run a command and print its prompt, its text and its output."""
    console.print(Text("$ ", style="bold green") + Text(command, style="bold"))
    _, *arguments = command.split()
    console.print(Text.from_ansi(run_on_terminal([NAFTIKO, *arguments], folder, is_complete)), soft_wrap=False)
    console.print()


if __name__ == "__main__":
    main()
