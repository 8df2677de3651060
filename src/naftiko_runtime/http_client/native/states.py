"""The states of a connection, one for each direction: see docs/adr/0015."""

from __future__ import annotations

from typing import Final

NOTHING: Final = 0
"""Request: none was begun."""
WRITING: Final = 1
"""Request: the head was handed to the transport, and the body not in full."""
WRITTEN: Final = 2
"""Request: head and body were handed to the transport in full, as long as the head declares them."""

NONE: Final = 0
"""Response: none is asked for; whatever comes belongs to no exchange."""
AWAITING: Final = 1
"""Response: its head has not come."""
READING: Final = 2
"""Response: the head is there, the body is not complete."""
COMPLETE: Final = 3
"""Response: it is there in full."""
FAILED: Final = 4
"""Response: there is none, or no more of it; ``failure`` says why. The connection is closed; no state follows."""
