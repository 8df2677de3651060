"""The upstream behind every contender: one nginx process with keep-alive and responses from memory.

It counts its requests, so that responses without a request to it are noticed, and records the headers of every request
except those of the load.
"""

import http.client
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench import debian_programs, payloads
from bench.process import Cores, Process, StartError, find_free_port

WAIT_SECONDS = 5.0
RECORD_SECONDS = 2.0

COMMON = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 8192; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  access_log off;
  tcp_nodelay on;
"""

UPSTREAM = """\
  map_hash_bucket_size 1024;
  map $request_uri $shown {{ default 1; {loaded} }}
  log_format seen escape=json '{{"uri":"$request_uri","User-Agent":"$http_user_agent",'
    '"Referer":"$http_referer","Accept-Language":"$http_accept_language","X-Forwarded-For":"$http_x_forwarded_for",'
    '"X-Forwarded-Proto":"$http_x_forwarded_proto","X-Forwarded-Host":"$http_x_forwarded_host",'
    '"Cookie":"$http_cookie","Authorization":"$http_authorization"}}';
  sendfile on;
  open_file_cache max=16;
  default_type application/json;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    access_log {folder}/seen.log seen if=$shown;
    location /v1/pixel/ {{ {gif_headers} empty_gif; }}
    location ^~ /v1/things/ {{ return 200 '{thing}'; }}
    location ~ ^/v1/things-[0-9]+/ {{ return 200 '{thing}'; }}
    location = /v1/things {{ alias {folder}/list.json; }}
    location = /v1/large {{ alias {folder}/large.bin; default_type application/octet-stream; }}
    location = /v1/slow {{ alias {folder}/slow.bin; limit_rate {slow_rate}; }}
    location = /status {{ stub_status; access_log off; }}
  }}
}}
"""


def start_nginx(name: str, config: str, folder: Path, cores: frozenset[int]) -> Process:
    """Start nginx with a configuration, whose files are below `folder`."""
    file = folder / f"{name}.conf"
    file.write_text(config)
    program = debian_programs.find("nginx") or "nginx"
    command = [program, "-p", str(folder), "-c", str(file)]
    return Process.start(command, cores, folder / f"{name}.log", {})


@dataclass(frozen=True, slots=True)
class Upstream:
    """The running upstream, and the file with its record of requests."""

    process: Process
    port: int
    seen_file: Path

    @classmethod
    def start(cls, loaded: Iterable[str], folder: Path, cores: Cores) -> Self:
        """Start it; `wait_ready` waits for its first response. It does not record the URIs in `loaded`."""
        port = find_free_port()
        (folder / "list.json").write_bytes(payloads.encode_compact(payloads.LIST))
        (folder / "slow.bin").write_bytes(b"x" * payloads.SLOW_BYTES)
        config = (COMMON + UPSTREAM).format(
            folder=folder,
            port=port,
            loaded=" ".join(f'"{uri}" 0;' for uri in sorted(set(loaded))),
            gif_headers=" ".join(f'add_header {name} "{value}";' for name, value in payloads.GIF_HEADERS[1:]),
            thing=payloads.encode_compact(payloads.THING).decode(),
            slow_rate=payloads.SLOW_BYTES_PER_SECOND,
        )
        return cls(start_nginx("upstream", config, folder, cores.load), port, folder / "seen.log")

    @property
    def base(self) -> str:
        """The base URI of the consumed API."""
        return f"http://127.0.0.1:{self.port}/v1"

    def offer_large(self) -> None:
        """Offer 100 MB at `/v1/large`."""
        self.seen_file.with_name("large.bin").write_bytes(payloads.make_large_body())

    def wait_ready(self) -> None:
        """Wait for its first response."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                self.requests()
            except OSError as error:
                if self.process.exited() or time.monotonic() > deadline:
                    raise StartError(f"the upstream does not respond: {self.process.log_tail()}") from error
                time.sleep(0.02)
            else:
                return

    def requests(self) -> int:
        """Return how many requests it has received, including this one."""
        return int(self._status()[2].split()[2])

    def connections(self) -> int:
        """Return how many connections it has open, without this one."""
        return int(self._status()[0].split()[-1]) - 1

    def _status(self) -> list[str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        try:
            connection.request("GET", "/status")
            return connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()

    def clear_record(self) -> None:
        """Empty the record; nginx appends to the file, so it continues at the start."""
        self.seen_file.write_bytes(b"")

    def wait_records(self, count: int) -> list[dict[str, Any]]:
        """Wait for `count` records since `forget`: nginx writes a line shortly after the response."""
        deadline = time.monotonic() + RECORD_SECONDS
        while True:
            lines = self.seen_file.read_bytes().splitlines()
            if len(lines) >= count or time.monotonic() > deadline:
                return [json.loads(line) for line in lines]
            time.sleep(0.005)
