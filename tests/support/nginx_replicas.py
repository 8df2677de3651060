"""nginx in front of several servers, which it asks in turn."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from support.debian import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_SECONDS: Final = 30
# Without a keep-alive to the servers, nginx does not send two requests of one connection to one server by preference.
_CONFIGURATION: Final = """\
daemon off;
worker_processes 1;
error_log {folder}/error.log;
pid {folder}/pid;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream replicas {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_read_timeout 1h;
      proxy_next_upstream off;
      add_header X-Replica $upstream_addr always;
    }}
  }}
}}
"""


@contextmanager
def balance(urls: Sequence[str], folder: Path) -> Iterator[str]:
    """Send each request to the next of these servers, and repeat none. Gives the base URL."""
    program = require("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    servers = " ".join(f"server {urlsplit(url).netloc} max_fails=0;" for url in urls)
    file = folder / "nginx.conf"
    file.write_text(_CONFIGURATION.format(folder=folder, servers=servers, port=port), encoding="utf-8")
    folder.chmod(0o755)
    process = subprocess.Popen([program, "-c", str(file), "-p", str(folder)], stderr=subprocess.PIPE, text=True)
    try:
        _wait_listening(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=_SECONDS)


def _wait_listening(process: subprocess.Popen[str], port: int) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError(f"nginx does not listen on {port}")
