"""The README's picture of the terminal shows what the commands print today."""

from __future__ import annotations

import html
import re
import runpy
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "terminal_picture.py"))
PORTS = ("8080", "9090")


def list_texts(svg: str) -> list[str]:
    return [html.unescape(text) for text in re.findall("<text[^>]*>([^<]*)", svg)]


def find_free_ports() -> Iterator[str]:
    """As many as the capability has, with as many digits."""
    with ExitStack() as stack:
        found = 0
        for port in range(5000, 9999):
            one = stack.enter_context(socket.socket())
            try:
                one.bind(("", port))
            except OSError:
                continue
            yield str(port)
            if (found := found + 1) == len(PORTS):
                return


def test_the_picture_shows_what_the_commands_print() -> None:
    weather = SCRIPT["WEATHER"].read_text("utf-8")
    ports = dict(zip(PORTS, find_free_ports(), strict=True))
    for ours, free in ports.items():
        weather = weather.replace(f"port: {ours}", f"port: {free}")
    drawn = SCRIPT["draw"](weather)
    for ours, free in ports.items():
        drawn = drawn.replace(f":{free}", f":{ours}")
    assert list_texts(drawn) == list_texts(SCRIPT["PICTURE"].read_text("utf-8"))
