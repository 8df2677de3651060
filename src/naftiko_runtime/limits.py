"""Every limit of the runtime, in one place. Sizes in bytes, durations in seconds."""

from typing import Final

# A document: generous for the largest real files (about 250 KB), small enough that nothing explodes.
DOCUMENT_BYTES_MAX: Final = 8 * 1024 * 1024
DOCUMENT_DEPTH_MAX: Final = 64
DOCUMENT_NODES_MAX: Final = 1_000_000
"""Counted after aliases are expanded, so that a small file cannot stand for a huge one."""
DOCUMENT_ALIASES_MAX: Final = 1_000
SCALAR_DIGITS_MAX: Final = 400

# A JSONPath.
JSONPATH_LENGTH_MAX: Final = 1_000
"""Characters of an expression."""
JSONPATH_NESTING_MAX: Final = 20
"""Filters, parentheses and negations within one another."""
JSONPATH_DESCENTS_MAX: Final = 3
"""Each ``..`` can multiply the number of values found by the depth of the value it searches."""

# Diagnostics: past this many a file is not a capability file, and a reader stops reading.
DIAGNOSTICS_MAX: Final = 1_000

# Inbound.
REQUEST_HEAD_BYTES_MAX: Final = 64 * 1024
REQUEST_HEADERS_MAX: Final = 100
REQUEST_BODY_BYTES_MAX: Final = 10 * 1024 * 1024
REQUEST_HEAD_SECONDS: Final = 10.0
REQUEST_BODY_IDLE_SECONDS: Final = 30.0
REFUSED_SECONDS: Final = 5.0
"""How long what a refused caller still sends is read away, so that it gets to read why instead of a reset."""
KEEP_ALIVE_SECONDS: Final = 75.0
"""Longer than the 60 s idle time-out of common load balancers, which must be the side that closes."""

# Outbound.
UPSTREAM_DEADLINE_SECONDS: Final = 30.0
UPSTREAM_CONNECT_SECONDS: Final = 10.0
UPSTREAM_CONNECTIONS_MAX: Final = 512
UPSTREAM_HEAD_BYTES_MAX: Final = 64 * 1024
RESPONSE_BYTES_MAX: Final = 10 * 1024 * 1024
"""Of an answer that has to be held in memory (mapped, or for MCP). Streamed answers have no limit."""

# Shutdown.
GRACE_SECONDS: Final = 30.0
LINGER_SECONDS: Final = 1.5
"""How long a listener goes on accepting after readiness fell, so that balancers notice first."""
