"""The responses of the upstream, and the values mapped from them, for the documents and the checks."""

import json
import random
from functools import cache
from typing import Any

GIF = bytes.fromhex(
    "47494638396101000100800100000000ffffff21f90401000001002c00000000010001000002024c01003b",
)
GIF_HEADERS = (("Content-Type", "image/gif"), ("Cache-Control", "no-store, max-age=0"))


def encode_compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def make_thing(number: int, bytes_wanted: int) -> dict[str, Any]:
    """Return an object of nested values, padded to that number of bytes of JSON."""
    made = {
        "id": number,
        "name": "Aurora",
        "crew": {"captain": {"name": "Ann Bonny", "since": 2019}, "count": 21},
        "position": {"lat": 59.91, "lon": 10.75},
        "size": {"value": 112.5, "unit": "m"},
        "tags": ["ferry", "ice class"],
        "text": "",
    }
    made["text"] = "x" * (bytes_wanted - len(encode_compact(made)))
    return made


def pick_six_fields(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "name": one["name"],
        "captain": one["crew"]["captain"]["name"],
        "crew": one["crew"]["count"],
        "lat": one["position"]["lat"],
        "tags": one["tags"],
    }


def pick_four_fields(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "name": one["name"],
        "captain": one["crew"]["captain"]["name"],
        "lat": one["position"]["lat"],
    }


def pick_two_fields(one: dict[str, Any]) -> dict[str, Any]:
    return {"name": one["name"], "size": one["size"]["value"]}


THING = make_thing(7, 1024)
LIST = {"items": [make_thing(number, 255) for number in range(400)]}
LARGE_BYTES = 100_000_000
PIECES = 100
SLOW_BYTES = 3000
SLOW_BYTES_PER_SECOND = 1000


@cache
def make_large_body() -> bytes:
    """Return 100 MB that do not compress."""
    return random.Random(1).randbytes(LARGE_BYTES // PIECES) * PIECES  # noqa: S311 (it need only be odd)
