"""Large bodies through a contender, in both directions: whether every byte arrives, the speed, and the memory."""

import http
import json
import socket
import time
import zlib

from bench import payloads
from bench.contenders import Running, Setup
from bench.load import Load, Round
from bench.process import run_on_cores

TRANSFER_SECONDS = 60.0
PIECE_BYTES = 1 << 20
REPEATED = 3


def run_transfers(running: Running, setup: Setup, _load: Load) -> Round:
    """Send 100 MB up and down, three times each; measure the throughput and the peak growth of memory."""
    figures: dict[str, float] = {}
    faults, large = 0, payloads.make_large_body()
    for name, direction in (("up", _upload), ("down", _download)):
        running.process.reset_peak()
        before, cpu = running.process.rss_bytes(), running.process.cpu_seconds()
        with run_on_cores(setup.cores.load):
            began = time.monotonic()
            good = [direction(running.port, large) for _ in range(REPEATED)]
            seconds = (time.monotonic() - began) / REPEATED
        faults += good.count(False)
        figures[f"{name}_mb_per_second"] = len(large) / seconds / 1e6
        figures[f"{name}_cpu_ms"] = (running.process.cpu_seconds() - cpu) * 1e3 / REPEATED
        figures[f"{name}_growth_mb"] = max(0, running.process.peak_bytes() - before) / 1e6
    return Round(figures, {"transfer": faults, "ended": int(running.process.exited())})


def find_wrong_transfers(port: int) -> list[str]:
    """Describe the directions in which not every byte arrives."""
    found, large = [], payloads.make_large_body()
    with connect(port) as connection:
        _send(connection, f"PUT /v1/upload?crc32 HTTP/1.1\r\nContent-Length: {len(large)}\r\n", large)
        _, body = receive_response(connection)
        received = json.loads(bytes(body) or b"null")
        if received != {"bytes": len(large), "crc32": zlib.crc32(large)}:
            found.append(f"PUT /v1/upload: the upstream received something else: {received}")
    with connect(port) as connection:
        _send(connection, "GET /v1/large HTTP/1.1\r\n", b"")
        if bytes(receive_response(connection)[1]) != large:
            found.append("GET /v1/large: the bytes are not the upstream's")
    return found


def _upload(port: int, large: bytes) -> bool:
    with connect(port) as connection:
        _send(connection, f"PUT /v1/upload HTTP/1.1\r\nContent-Length: {len(large)}\r\n", large)
        status, body = receive_response(connection)
        return status == http.HTTPStatus.OK and json.loads(bytes(body))["bytes"] == len(large)


def _download(port: int, large: bytes) -> bool:
    with connect(port) as connection:
        _send(connection, "GET /v1/large HTTP/1.1\r\n", b"")
        buffer, count = memoryview(bytearray(PIECE_BYTES)), 0
        while read := connection.recv_into(buffer):
            count += read
        return count > len(large)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), TRANSFER_SECONDS)


def _send(connection: socket.socket, head: str, body: bytes) -> None:
    connection.sendall(f"{head}Host: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    connection.sendall(body)


def receive_response(connection: socket.socket) -> tuple[int, bytes | bytearray]:
    """Read the status and body of a response that ends with the connection; chunks are joined."""
    got = bytearray()
    buffer = memoryview(bytearray(PIECE_BYTES))
    while read := connection.recv_into(buffer):
        got += buffer[:read]
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return 0, b""
    head, body = got[:end].lower(), got[end + 4 :]
    return int(head.split(None, 2)[1]), _join_chunks(body) if b"transfer-encoding: chunked" in head else body


def _join_chunks(body: bytearray) -> bytearray:
    whole, place = bytearray(), 0
    while (end := body.find(b"\r\n", place)) >= 0 and (length := int(body[place:end], 16)):
        whole += body[end + 2 : end + 2 + length]
        place = end + 2 + length + 2
    return whole
