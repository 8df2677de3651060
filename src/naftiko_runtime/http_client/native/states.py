"""The states of a connection, one for each direction: see docs/adr/0015."""

from __future__ import annotations

from typing import Final

NOTHING: Final = 0
"""Request: not begun."""
WRITING: Final = 1
"""Request: the head was written, the body not completely."""
WRITTEN: Final = 2
"""Request: head and body were written completely, as long as declared."""

NONE: Final = 0
"""Response: none is expected; bytes that arrive belong to no exchange."""
AWAITING: Final = 1
"""Response: its head has not arrived."""
READING: Final = 2
"""Response: the head has arrived, the body is not complete."""
COMPLETE: Final = 3
"""Response: complete."""
FAILED: Final = 4
"""Response: there is none, or no more of it; ``failure`` says why. The connection is closed. This state is final."""
