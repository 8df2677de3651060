"""An authorization server for the protected cases of `make instructions`: its metadata, its key, and one token."""

import http.server
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from joserfc import jwt
from joserfc.jwk import RSAKey

HOST = "127.0.0.1"
RESOURCE = "https://ships.example"
VALID_SECONDS = 86_400


class _Server(http.server.ThreadingHTTPServer):
    documents: Mapping[str, bytes]


class _Documents(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        body = self.server.documents.get(self.path, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """What the server and its callers need to know."""

    url: str
    token: str

    @classmethod
    @contextmanager
    def run(cls) -> Iterator[Self]:
        """For the time of a block."""
        key = RSAKey.generate_key(2048, {"kid": "bench"})
        with _Server((HOST, 0), _Documents) as server:
            url = f"http://{HOST}:{server.server_address[1]}"
            server.documents = {
                "/.well-known/oauth-authorization-server": json.dumps(
                    {"issuer": url, "jwks_uri": f"{url}/keys"}
                ).encode(),
                "/keys": json.dumps({"keys": [key.as_dict(private=False)]}).encode(),
            }
            now = int(time.time())
            claims = {"iss": url, "aud": RESOURCE, "sub": "bench", "client_id": "bench", "scope": "ships:read"}
            header = {"alg": "RS256", "kid": "bench", "typ": "at+jwt"}
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield cls(url, jwt.encode(header, claims | {"iat": now, "exp": now + VALID_SECONDS}, key, ["RS256"]))
            finally:
                server.shutdown()
                thread.join()
