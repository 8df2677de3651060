"""The command of the Dockerfile, run as its user: nothing is writable, and every value comes from the file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mcp import Client

from naftiko_runtime import __version__
from support.caller import call
from support.image import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.gateway import Program
    from support.image import Image

PORTS = (8080, 9090)
"""Where the pixel file listens; a test moves them, as they may be taken here."""
REST, MCP = "pixel-tracking-pixel-tracking-rest", "pixel-tracking-pixel-tracking-mcp"
Operator = dict[str, str]
"""The variables that an operator sets."""


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


@pytest.fixture
def operator(image: Image) -> Operator:
    return _elsewhere(image)


def _elsewhere(image: Image) -> Operator:
    """What moves the container to ports that nobody has here; it says nothing else that the image says."""
    host, _, control = image.environment["NAFTIKO_CONTROL"].rpartition(":")
    ports = [*PORTS, int(control)]
    first = 10_000 + os.getpid() % 10_000
    offset = next(n for n in range(first, first + 1000) if all(_free(port + n) for port in ports))
    return {
        "NAFTIKO_HOST": "127.0.0.1",
        "NAFTIKO_PORT_OFFSET": str(offset),
        "NAFTIKO_CONTROL": f"{host}:{int(control) + offset}",
    }


@pytest.fixture(scope="module")
def running(image: Image) -> Iterator[tuple[Program, Operator]]:
    operator = _elsewhere(image)
    with image.start(operator) as program:
        yield program, operator


def _files(image: Image) -> set[str]:
    return {f"{folder}/{name}" for folder, _, names in os.walk(image.folder) for name in names}


async def test_the_default_command_serves_the_pixel_file(running: tuple[Program, Operator]) -> None:
    container, _ = running
    assert call(container.urls[REST], "/v1/pixel/track", "OPTIONS").headers["allow"] == "GET, HEAD, OPTIONS"
    async with Client(container.urls[MCP]) as client:
        assert len((await client.list_tools()).tools) == 6


def test_the_health_check_succeeds_when_it_is_ready(image: Image, running: tuple[Program, Operator]) -> None:
    container, operator = running
    container.wait_log_line("started")
    health = image.health(operator)
    assert (health.returncode, health.stdout) == (0, "UP\n"), health.stderr


def test_a_balancer_can_ask_for_its_health_too(running: tuple[Program, Operator]) -> None:
    container, _ = running
    assert container.wait_log_line("listening", kind="control")["address"] == "0.0.0.0"


def test_it_runs_as_a_user_without_rights(image: Image, running: tuple[Program, Operator]) -> None:
    container, _ = running
    user, group = map(int, image.final.value("USER").split(":"))
    assert 0 not in (user, group)
    owner = Path(f"/proc/{container.process.pid}").stat()
    expected = (user, group) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    assert (owner.st_uid, owner.st_gid) == expected


def test_its_user_has_no_shell(image: Image) -> None:
    (creation,) = image.final.values("RUN")
    user, group = image.final.value("USER").split(":")
    assert f"groupadd --gid {group} " in creation
    assert f"useradd --uid {user} --gid {group} " in creation
    assert "--shell /usr/sbin/nologin" in creation


def test_its_stop_signal_ends_it_cleanly_having_written_nothing(image: Image, operator: Operator) -> None:
    before = _files(image)
    with image.start(operator) as container:
        container.wait_log_line("started")
        assert container.stop(signal.Signals[image.final.value("STOPSIGNAL")]) == 0, container.output
    assert _files(image) == before
    health = image.health(operator)
    assert (health.returncode, health.stdout) == (1, ""), health.stderr


def test_exposed_are_the_ports_of_the_file_and_of_the_health_check(image: Image) -> None:
    control = int(image.environment["NAFTIKO_CONTROL"].rpartition(":")[2])
    assert [int(port) for port in image.final.value("EXPOSE").split()] == [*PORTS, control]


def test_the_environment_is_copied_whole_to_where_it_was_made(image: Image) -> None:
    (copy,) = [value for value in image.final.values("COPY") if value.startswith("--from")]
    assert copy == "--from=build /opt/naftiko /opt/naftiko"


def test_it_has_the_engines_of_scripts(image: Image) -> None:
    code = "from naftiko_runtime.scripting.script_program import LANGUAGES, describe_missing_engine\n"
    code += "print([describe_missing_engine(language) for language in LANGUAGES])"
    command = [str(image.venv / "bin/python"), "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, **image.unprivileged())
    assert done.stdout == "[None, None]\n"


def test_the_label_has_the_version(image: Image) -> None:
    arguments = image.final.pairs("ARG", {})
    labels = image.final.pairs("LABEL", arguments)
    assert labels["org.opencontainers.image.version"] == __version__


def test_the_build_context_has_what_is_copied(image: Image) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = {source for stage in image.stages for sources, _, _ in stage.copies() for source in sources}
    assert ignored[0] == "*"
    sent = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    assert all(any(f"{name}/".startswith(f"{part}/") for part in sent) for name in copied)
    assert all(any(f"{name}/".startswith(f"{part}/") for name in copied) for part in sent)
