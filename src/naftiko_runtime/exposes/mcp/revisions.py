"""The protocol revisions: those with a handshake, and the stateless ones."""

from __future__ import annotations

from typing import Final

# As the library has them; a test compares the two. What is not named here is left to it.
HANDSHAKE: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
STATELESS: Final = ("2026-07-28",)
UNNAMED: Final = "2025-03-26"
"""The revision of a request without a version header."""
