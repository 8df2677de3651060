"""What the tests of REST share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.caller import Response
JSON = {"content-type": "application/json"}
ITEMS = {
    "count": 3,
    "items": [
        {"id": 1, "name": "pen", "price": 2.5},
        {"id": 12345678901234567890123456789, "name": "desk", "price": 120},
        {"id": 3, "name": "cup", "price": 9, "parts": [{"id": 31}]},
    ],
}


def problem(response: Response, status: int) -> Any:
    """The problem that a response must be."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status == response.json["status"] == status
    assert response.json["type"].startswith("urn:naftiko:problem:")
    assert response.json["title"]
    return response.json
