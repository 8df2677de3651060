"""Every limit of the runtime, in one place. Sizes in bytes, durations in seconds."""

from typing import Final

# A document: generous for the largest real files (about 250 KB), small enough that nothing explodes.
DOCUMENT_BYTES_MAX: Final = 8 * 1024 * 1024
DOCUMENT_DEPTH_MAX: Final = 64
DOCUMENT_NODES_MAX: Final = 1_000_000
"""Counted after aliases are expanded, so that a small file cannot stand for a huge one."""
DOCUMENT_ALIASES_MAX: Final = 1_000
SCALAR_DIGITS_MAX: Final = 400

SECRET_BYTES_MAX: Final = 1024 * 1024
"""Of a file that bound values come from."""
VAULT_SECONDS: Final = 10

# A JSONPath.
JSONPATH_LENGTH_MAX: Final = 1_000
"""Characters of an expression."""
JSONPATH_NESTING_MAX: Final = 20
"""Filters, parentheses and negations within one another."""
JSONPATH_DESCENTS_MAX: Final = 3
"""Each ``..`` can multiply the number of values found by the depth of the value it searches."""
JSONPATH_VISITS_MAX: Final = 10_000_000
"""Values that the paths of a mapping may look at for one answer: five times as many as it may have."""

# Diagnostics: past this many a file is not a capability file, and a reader stops reading.
DIAGNOSTICS_MAX: Final = 1_000

# Fixing: a fix may make room for another one, a few times at most.
FIX_ROUNDS_MAX: Final = 10

# Inbound.
REQUEST_HEAD_BYTES_MAX: Final = 64 * 1024
REQUEST_HEADERS_MAX: Final = 100
REQUEST_BODY_BYTES_MAX: Final = 10 * 1024 * 1024
REQUEST_VALUES_MAX: Final = 250_000
"""Of a request's JSON."""
REQUEST_DEPTH_MAX: Final = 128
"""Lists and objects within one another in a request's JSON."""
MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of an MCP message; the MCP library has the same limit."""
DECODED_INLINE_BYTES_MAX: Final = 128 * 1024
"""Of a body that is decoded on the event loop; a larger one is decoded in a thread."""
REQUESTS_WAITING_MAX: Final = 32
"""On one connection, behind the one that is being answered."""
REQUEST_BUFFERED_BYTES_MAX: Final = 64 * 1024
"""What one connection takes in of a body ahead of its reader."""
REQUEST_HEAD_SECONDS: Final = 10.0
REQUEST_BODY_IDLE_SECONDS: Final = 30.0
REFUSED_SECONDS: Final = 5.0
"""How long what a refused caller still sends is read away, so that it gets to read why instead of a reset."""
KEEP_ALIVE_SECONDS: Final = 75.0
"""Longer than the 60 s idle time-out of common load balancers, which must be the side that closes."""
WRITE_STALL_SECONDS: Final = 30.0
"""How long a caller may leave its answer without reading any of it."""
HALF_CLOSED_SECONDS: Final = 10.0
"""How long a REST request goes on after its caller has ended its side: that looks the same as having left."""
HALF_CLOSED_MCP_SECONDS: Final = 2.0
"""The same for MCP, where a closed connection cancels the call."""
TIMER_GRACE_SECONDS: Final = 0.05
"""After a caller's time is over, for what has arrived and was not read yet: a busy loop looks at its timers first."""
LATE_TICK_SECONDS: Final = 5.0
"""A tick that comes so late tells of a loop that was busy, not of callers that did nothing."""
OPEN_FILES_WANTED: Final = 65_536
"""How many files and sockets a process asks to have open at once, as far as the system lets it."""
CONNECTIONS_MAX: Final = 10_000
"""Of one listener; further ones are told to come back later."""
CONNECTIONS_REFUSED_MAX: Final = 1_000
"""How many of those that are too many are told so; further ones are dropped."""

DIGEST_NONCE_SECONDS: Final = 60.0
"""How long a nonce may be answered after it was issued."""
DIGEST_NONCES_MAX: Final = 10_000
"""How many nonces a process remembers, so that no answer works twice there."""

# Outbound.
UPSTREAM_DEADLINE_SECONDS: Final = 30.0
UPLOAD_PIECE_BYTES_MAX: Final = 256 * 1024
"""Of a body that streams through: as much has to be taken by an upstream within its deadline."""
UPSTREAM_UNSENT_BYTES_MAX: Final = 128 * 1024
"""What the system takes of a request beyond what it has sent."""
UPSTREAM_CONNECT_SECONDS: Final = 10.0
UPSTREAM_CONNECTIONS_MAX: Final = 2048
"""To all upstreams, unless more are allowed to one of them."""
UPSTREAM_CONNECTIONS_EACH_MAX: Final = 256
"""To one upstream, so that one that stalls leaves room for the others."""
UPSTREAM_RETRY_SECONDS: Final = 1
"""When a caller may try again that found an upstream with as many requests in progress as are allowed."""
UPSTREAM_HEAD_BYTES_MAX: Final = 64 * 1024
UPSTREAM_IDLE_SECONDS: Final = 30.0
"""How long an idle connection is kept: shorter than most servers keep theirs, so that few requests meet its end."""
UPSTREAM_NAMES_KEPT_SECONDS: Final = 10
"""How long a resolved name is believed."""
UPSTREAM_NEXT_ADDRESS_SECONDS: Final = 0.25
"""How long one address of a name is tried before the next one is tried beside it (RFC 8305)."""
TOKEN_LIFE_SECONDS: Final = 300.0
"""How long a token is used whose endpoint does not say."""
TOKEN_EARLY_SECONDS: Final = 30.0
"""How long before its end a token is renewed; a tenth of its life when that is shorter."""
TOKEN_RESPONSE_BYTES_MAX: Final = 64 * 1024
UPSTREAM_READ_BYTES_MAX: Final = 1024 * 1024
"""What is read of an answer in one piece."""
UPSTREAM_BUFFERED_BYTES_MAX: Final = 256 * 1024
"""What one connection takes in ahead of its reader, and at most one read more."""
RESPONSE_BYTES_MAX: Final = 10 * 1024 * 1024
"""Of an answer that has to be held in memory (mapped, or for MCP). Streamed answers have no limit."""
RESPONSE_VALUES_MAX: Final = 2_000_000
"""Values of an answer: members of JSON, fields of records, cells of tables."""

# Logs.
LOG_QUEUE_BYTES_MAX: Final = 1024 * 1024
"""Of log lines that wait for whoever reads standard error; further ones are dropped and counted."""
LOG_FLUSH_SECONDS: Final = 2.0
"""How long the end of the process waits for lines that are not written yet."""
LOG_LIST_BYTES_MAX: Final = 4 * 1024
"""Of one list in a log line, such as the routes that are served; the rest of it is told as a number."""

# Telemetry.
METRICS_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of each worker's region in shared memory, which takes real memory only where it is written: some 12,000 series."""
TRACES_TIMEOUT_SECONDS: Final = 10.0
TRACES_DELAY_SECONDS: Final = 5.0
TRACES_QUEUE_MAX: Final = 2048
TRACES_BATCH_MAX: Final = 512
TRACES_LAST_SECONDS: Final = 3.0
"""How long the spans that are left at the end may take."""
TRACED_MESSAGE_BYTES_MAX: Final = 64 * 1024
"""Of an MCP message, and of its answer, that is read for what a span says of it."""

# Shutdown.
GRACE_SECONDS: Final = 30.0
LAST_REQUEST_SECONDS: Final = 1.0
"""How long a connection that has brought no whole request yet may still do so when its listener closes."""
LINGER_SECONDS: Final = 1.5
"""How long a listener goes on accepting after readiness fell, so that balancers notice first."""

# Workers.
WORKERS_MAX: Final = 256
WORKER_START_SECONDS: Final = 60.0
"""How long a worker may take until it accepts."""
WORKER_STEADY_SECONDS: Final = 10.0
"""A worker that lived for so long is replaced at once; one that did not, after a pause that grows."""
WORKER_PAUSE_SECONDS: Final = 0.1
WORKER_PAUSE_SECONDS_MAX: Final = 10.0
WORKER_SILENT_SECONDS: Final = 10.0
"""How long a worker's loop may stand still before liveness falls."""
WORKER_END_SECONDS: Final = 5.0
"""How much longer than its drain may take a worker gets to end by itself."""
RELOAD_SECONDS: Final = 60.0
"""How long workers may take to read documents anew."""
