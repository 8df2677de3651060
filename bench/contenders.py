"""The servers that are compared: how each is started and when it is ready. One core and one worker each."""

import http.client
import importlib.util
import itertools
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from bench import documents
from bench.checks import Checks
from bench.client import Request, Response, send_request
from bench.process import Cores, Process, StartError, find_free_port
from bench.upstream import COMMON, Upstream, start_nginx

READY_SECONDS = 30.0
_NUMBERS = itertools.count()
LARGE_BODIES = ("--max-body", "1000000000")
# For a run from a tree that is not installed, and for the peers, which import from the bench.
IMPORTS = {"PYTHONPATH": f"{documents.ROOT / 'src'}:{documents.ROOT}"}

NGINX_PROXY = """\
  client_max_body_size 0;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Cookie "";
  proxy_set_header Authorization "";
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  upstream behind {{ server 127.0.0.1:{upstream_port}; keepalive 256; }}
  upstream sink {{ server 127.0.0.1:{sink_port}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location /v1/ {{ proxy_pass http://behind; }}
    location /v1/upload {{ proxy_pass http://sink; proxy_request_buffering off; client_body_buffer_size 1m; }}
    location /v1/large {{ proxy_pass http://behind; proxy_buffers 8 1m; proxy_max_temp_file_size 0; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Setup:
    """What all contenders of a run share: the upstreams, the cores, the folder for files and logs."""

    upstream: Upstream
    sink_port: int
    cores: Cores
    folder: Path

    def start_program(
        self, name: str, command: list[str], env: Mapping[str, str], *, everywhere: bool = False
    ) -> Process:
        """Start a contender's program on the server's core, or on all cores."""
        cores = self.cores.server | self.cores.load if everywhere else self.cores.server
        return Process.start(command, cores, self.write_file(name, ".log"), env)

    def write_file(self, name: str, suffix: str, text: str = "") -> Path:
        """Write a file with a name that no other contender uses."""
        path = self.folder / f"{name}-{next(_NUMBERS)}{suffix}"
        path.write_text(text)
        return path


Start = Callable[[Setup, int], Process]


@dataclass(frozen=True, slots=True)
class Contender:
    """A server that can do a workload.

    Attributes:
        name: In the table.
        about: One line about it.
        start: Starts it; it must listen on the given port.
        checks: Its requests and checks, if they differ from those of the workload.
        lacks: Why it cannot take part; None if it can.
        everywhere: Whether it runs on all cores, shared with the load.
    """

    name: str
    about: str
    start: Start
    checks: Checks | None = None
    lacks: str | None = None
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """A contender that is ready."""

    contender: Contender
    process: Process
    port: int
    checks: Checks
    response_bytes: int
    ready_seconds: float
    ready_cpu_seconds: float


def make_naftiko(
    text: str,
    about: str,
    *,
    name: str = "naftiko",
    mcp: bool = False,
    given: tuple[str, ...] = (),
    traced: float | None = None,
) -> Contender:
    """Make a contender of this runtime with a document, over MCP or REST; `traced` is the share of traced requests."""
    everywhere = "--workers" in given

    def start(setup: Setup, port: int) -> Process:
        file = _write_document(text, name, setup, port, mcp=mcp)
        command = [sys.executable, "-m", "naftiko_runtime", "run", str(file), "--host", "127.0.0.1", *given]
        traces = {} if traced is None else _make_trace_environment(traced, setup)
        return setup.start_program(name, command, {**_make_environment(), **traces}, everywhere=everywhere)

    lacks = "`naftiko run` has no option --workers" if everywhere and not _has_workers() else None
    return Contender(name, about, start, lacks=lacks, everywhere=everywhere)


def _make_trace_environment(share: float, setup: Setup) -> Mapping[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{setup.sink_port}",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": str(share),
    }


@cache
def _make_environment() -> Mapping[str, str]:
    return {} if importlib.util.find_spec("naftiko_runtime") is not None else IMPORTS


@cache
def _has_workers() -> bool:
    command = [sys.executable, "-m", "naftiko_runtime", "run", "--help"]
    completed = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **_make_environment()}
    )
    return "--workers" in completed.stdout


def make_engine(name: str, command: str, text: str, *, mcp: bool) -> Contender:
    """Make a contender of another engine that serves the same document; `{file}` in the command is its path."""

    def start(setup: Setup, port: int) -> Process:
        file = _write_document(text, name, setup, port, mcp=mcp)
        return setup.start_program(name, shlex.split(command.replace("{file}", shlex.quote(str(file)))), {})

    return Contender(name, f"`{command}`", start)


def _write_document(text: str, name: str, setup: Setup, port: int, *, mcp: bool) -> Path:
    rest_port, mcp_port = (find_free_port(), port) if mcp else (port, find_free_port())
    sink = f"http://127.0.0.1:{setup.sink_port}/v1"
    return setup.write_file(
        name, ".yaml", documents.replace_addresses(text, rest_port, mcp_port, setup.upstream.base, sink)
    )


def make_peer(name: str, about: str, module: str, *given: str) -> Contender:
    """Make a contender of a program of `bench/peers`."""

    def start(setup: Setup, port: int) -> Process:
        command = [sys.executable, "-m", f"bench.peers.{module}"]
        command += ["--port", str(port), "--upstream", setup.upstream.base, *given]
        return setup.start_program(name, command, IMPORTS)

    return Contender(name, about, start)


def make_fastmcp(operations: Mapping[str, str], parameters: Mapping[str, str]) -> Contender:
    """Make a contender of FastMCP's server of an OpenAPI document."""

    def start(setup: Setup, port: int) -> Process:
        file = setup.write_file("fastmcp", ".json", documents.generate_openapi(operations, parameters))
        made = make_peer("fastmcp-openapi", "", "fastmcp_openapi", "--openapi", str(file))
        return made.start(setup, port)

    return Contender("fastmcp-openapi", "FastMCP's `from_openapi`, httpx2", start)


def _start_nginx(setup: Setup, port: int) -> Process:
    folder = setup.folder / f"nginx-{port}"
    folder.mkdir(mode=0o755)
    config = (COMMON + NGINX_PROXY).format(
        folder=folder, port=port, upstream_port=setup.upstream.port, sink_port=setup.sink_port
    )
    return start_nginx("proxy", config, folder, setup.cores.server)


NGINX = Contender("nginx", "nginx `proxy_pass`, one worker: the limit, not a peer", _start_nginx)


def replace_checks(contender: Contender, checks: Checks) -> Contender:
    """Return the same contender with requests and checks of its own."""
    return replace(contender, checks=checks)


def start_contender(
    contender: Contender, checks: Checks, setup: Setup, started: Callable[[Process], object]
) -> Running:
    """Start a contender and wait for its first 200; `started` is called with the process before the wait."""
    port, began = find_free_port(), time.monotonic()
    process = contender.start(setup, port)
    started(process)
    while (response := _request_ready(port, checks.load)) is None:
        if process.exited():
            raise StartError(f"it ended before its first response:\n{process.log_tail()}")
        if time.monotonic() - began > READY_SECONDS:
            raise StartError(f"no 200 within {READY_SECONDS:.0f} s:\n{process.log_tail()}")
        time.sleep(0.01)
    seconds, cpu = time.monotonic() - began, process.cpu_seconds()
    return Running(contender, process, port, checks, response.wire_bytes, seconds, cpu)


def _request_ready(port: int, request: Request) -> Response | None:
    """Return the response, if it is a 200."""
    try:
        response = send_request(port, request)
    except (OSError, http.client.HTTPException):
        return None
    return response if response.status == http.HTTPStatus.OK else None
