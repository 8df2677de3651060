"""The servers that are compared: how each is started and when it is ready. One core and worker each."""

import http.client
import importlib.util
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.process import Cores, Process, StartError, free_port
from bench.upstream import COMMON, Upstream, nginx
from bench.work import Work

ROOT = Path(__file__).resolve().parent.parent
BASELINE = "fastapi-httpx"
READY_SECONDS = 30.0
ANSWER_SECONDS = 5.0

NGINX_PROXY = """\
  upstream behind {{ server 127.0.0.1:{upstream_port}; keepalive 256; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = {path} {{
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Cookie "";
      proxy_set_header Authorization "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What all variants of a run share: the work, the upstream, the cores, the folder for files and logs."""

    work: Work
    upstream: Upstream
    cores: Cores
    folder: Path

    def launch(self, name: str, command: list[str], env: Mapping[str, str]) -> Process:
        """Start a variant's program on the server's core."""
        return Process.start(command, self.cores.server, self.folder / f"{name}.log", env)


@dataclass(frozen=True, slots=True)
class Variant:
    """A server that can do the work."""

    name: str
    about: str
    start: Callable[[Scene, int], Process]


@dataclass(frozen=True, slots=True)
class Running:
    """A variant that answers."""

    variant: Variant
    process: Process
    port: int
    ready_seconds: float


def start_naftiko(scene: Scene, port: int) -> Process:
    name = "pixel-tracking-pixel-tracking"
    command = [sys.executable, "-m", "naftiko_runtime", "run", str(ROOT / "capabilities/pixel-tracking.yaml")]
    command += ["--base-uri", f"{name}={scene.upstream.base}", "--host", "127.0.0.1"]
    command += ["--port", f"{name}-rest={port}", "--port", f"{name}-mcp={free_port()}"]
    installed = importlib.util.find_spec("naftiko_runtime") is not None
    return scene.launch("naftiko", command, {} if installed else {"PYTHONPATH": str(ROOT / "src")})


def start_fastapi_httpx(scene: Scene, port: int) -> Process:
    peer = ROOT / "bench/peers/fastapi_httpx.py"
    command = [sys.executable, str(peer), "--port", str(port), "--upstream", scene.upstream.base]
    return scene.launch("fastapi-httpx", command, {})


def start_nginx(scene: Scene, port: int) -> Process:
    folder = scene.folder / "nginx"
    folder.mkdir(mode=0o755)
    config = (COMMON + NGINX_PROXY).format(
        folder=folder, port=port, upstream_port=scene.upstream.port, path=scene.work.path
    )
    return nginx("proxy", config, folder, scene.cores.server)


VARIANTS: tuple[Variant, ...] = (
    Variant("naftiko", "this runtime, `naftiko run capabilities/pixel-tracking.yaml`", start_naftiko),
    Variant(BASELINE, "the proxy written by hand with FastAPI and httpx", start_fastapi_httpx),
    Variant("nginx", "nginx `proxy_pass`, one worker: the limit", start_nginx),
)


def bring_up(variant: Variant, scene: Scene, started: Callable[[Process], object]) -> Running:
    """Start and wait for the first 200. `started` is told of the process before it is waited for."""
    port, began = free_port(), time.monotonic()
    process = variant.start(scene, port)
    started(process)
    while not _answers(port, scene.work):
        if process.exited():
            raise StartError(f"it ended before it answered:\n{process.log_tail()}")
        if time.monotonic() - began > READY_SECONDS:
            raise StartError(f"no 200 within {READY_SECONDS:.0f} s:\n{process.log_tail()}")
        time.sleep(0.02)
    return Running(variant, process, port, time.monotonic() - began)


def _answers(port: int, work: Work) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", work.target)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
