"""The upstream for large bodies: reads them as fast as they arrive, and returns their number of bytes.

At `/v1/traces` it responds as a collector that accepts everything does: with an empty body.

    python -m bench.sink --port PORT

With `?crc32` in the target it also returns their checksum, which costs more than reading them.
"""

import argparse
import io
import json
import socketserver
import zlib
from collections.abc import Iterator

PIECE_BYTES = 1 << 20
TRACES = b"/v1/traces"


class Sink(socketserver.StreamRequestHandler):
    """One connection: any number of requests."""

    rbufsize = PIECE_BYTES
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Respond until the other side closes."""
        while line := self.rfile.readline():
            target = line.split()[1]
            headers = dict(self._headers())
            if headers.get(b"expect", b"").lower() == b"100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            count, checksum = 0, 0
            for piece in _iter_body(self.rfile, headers):
                count += len(piece)
                checksum = zlib.crc32(piece, checksum) if b"?crc32" in target else 0
            body = b"" if target == TRACES else json.dumps({"bytes": count, "crc32": checksum}).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)

    def _headers(self) -> Iterator[tuple[bytes, bytes]]:
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            yield name.strip().lower(), value.strip()


def _iter_body(stream: io.BufferedIOBase, headers: dict[bytes, bytes]) -> Iterator[memoryview]:
    if headers.get(b"transfer-encoding", b"").lower() != b"chunked":
        yield from _iter_pieces(stream, int(headers.get(b"content-length", b"0")))
        return
    while length := int(stream.readline().split(b";")[0], 16):
        yield from _iter_pieces(stream, length)
        stream.readline()
    while stream.readline() not in (b"\r\n", b""):
        pass


def _iter_pieces(stream: io.BufferedIOBase, left: int) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(PIECE_BYTES))
    while left:
        read = stream.readinto(buffer[: min(left, PIECE_BYTES)])
        if not read:
            raise EOFError("the body broke off")
        left -= read
        yield buffer[:read]


class Server(socketserver.ThreadingTCPServer):
    """A thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    with Server(("127.0.0.1", parser.parse_args().port), Sink) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
