"""Every limit of the runtime, in one place. Sizes in bytes, durations in seconds."""

from typing import Final

# A document: generous for the largest written files (about 250 KB) and imported ones (12 MB for 2,700 operations with
# 25 inputs each), small enough that nothing explodes.
DOCUMENT_BYTES_MAX: Final = 16 * 1024 * 1024
DOCUMENT_DEPTH_MAX: Final = 64
DOCUMENT_NODES_MAX: Final = 1_000_000
"""Counted after aliases are expanded, so that a small file cannot stand for a huge one."""
DOCUMENT_ALIASES_MAX: Final = 1_000
SCALAR_DIGITS_MAX: Final = 400

SECRET_BYTES_MAX: Final = 1024 * 1024
"""Of a file that bound values come from."""
VAULT_SECONDS: Final = 10

# Files that are served: the resources of a folder.
FOLDER_FILES_MAX: Final = 1_000
FOLDER_FILE_BYTES_MAX: Final = 10 * 1024 * 1024
FOLDER_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of all files of a folder together. They are held in memory."""
SKILL_FILES_MAX: Final = 512
SKILL_BYTES_MAX: Final = 16 * 1024 * 1024
"""Of all files of a skill together. MCP clients need not accept more."""
PROMPT_BYTES_MAX: Final = 256 * 1024
"""Of the file of a prompt."""
RESOURCE_URI_CHARACTERS_MAX: Final = 4_096
"""Of the URI that a caller reads."""

# A JSONPath.
JSONPATH_LENGTH_MAX: Final = 1_000
"""Characters of an expression."""
JSONPATH_NESTING_MAX: Final = 20
"""Filters, parentheses and negations within one another."""
JSONPATH_DESCENTS_MAX: Final = 3
"""Each ``..`` can multiply the number of values found by the depth of the value it searches."""
JSONPATH_VISITS_MAX: Final = 10_000_000
"""Values that the paths of a mapping may visit for one response: five times as many as it may have."""

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
LIST_PAGE_ITEMS_MAX: Final = 500
"""Entries of one page of an MCP list: many clients read one page only."""
STDIO_MESSAGES_MAX: Final = 1000
"""Messages of standard input that are in progress; no more are read meanwhile."""
DECODED_INLINE_BYTES_MAX: Final = 128 * 1024
"""Of a body that is decoded on the event loop; a larger one is decoded in a thread."""
REQUESTS_WAITING_MAX: Final = 32
"""Pipelined requests that wait on one connection behind the running one."""
REQUEST_BUFFERED_BYTES_MAX: Final = 64 * 1024
"""Bytes of a body that one connection buffers ahead of the application."""
REQUEST_HEAD_SECONDS: Final = 10.0
REQUEST_BODY_IDLE_SECONDS: Final = 30.0
REFUSED_SECONDS: Final = 5.0
"""How long bytes of a rejected caller are read and dropped, so that it reads the response instead of a reset."""
KEEP_ALIVE_SECONDS: Final = 75.0
"""Longer than the 60 s idle time-out of common load balancers, which must be the side that closes."""
WRITE_STALL_SECONDS: Final = 30.0
"""How long a caller may read nothing of its response."""
HALF_CLOSED_SECONDS: Final = 10.0
"""How long a REST request continues after its caller has half-closed the connection, or left: both look the same."""
HALF_CLOSED_MCP_SECONDS: Final = 2.0
"""The same for MCP, where a closed connection cancels the call."""
TIMER_GRACE_SECONDS: Final = 0.05
"""Added to a caller's time, to read bytes that have arrived: a busy event loop runs its timers first."""
LATE_TICK_SECONDS: Final = 5.0
"""A tick later than this means that the event loop was busy, not that callers were idle."""
OPEN_FILES_WANTED: Final = 65_536
"""How many open files and sockets a process asks the system for."""
CONNECTIONS_MAX: Final = 10_000
"""Connections of one listener; further ones get 503."""
CONNECTIONS_REFUSED_MAX: Final = 1_000
"""How many connections above the limit get 503; further ones are dropped."""

DIGEST_NONCE_SECONDS: Final = 60.0
"""How long a nonce is valid after it was issued."""
DIGEST_NONCES_MAX: Final = 10_000
"""How many nonces a process remembers to reject replays."""

TOKEN_CLOCK_SKEW_SECONDS: Final = 30.0
"""How much the clock of an authorization server may differ from ours."""
TOKENS_VERIFIED_MAX: Final = 10_000
"""How many verified tokens of callers an expose remembers, by their digests."""
JWKS_FRESH_SECONDS: Final = 600.0
"""How long the keys of an authorization server are used before they are fetched again."""
JWKS_STALE_SECONDS: Final = 3600.0
"""How long they are used if they cannot be fetched again. After that, no token is accepted."""
JWKS_RETRY_SECONDS: Final = 10.0
"""The least time between two fetches of keys: unknown key IDs, which callers choose, cause no more of them."""
JWKS_BYTES_MAX: Final = 512 * 1024
AUTHORIZATION_SERVER_SECONDS: Final = 10.0
"""The time limit of a request to the authorization server of callers."""
AUTHORIZATION_SERVER_RETRY_SECONDS: Final = 5
"""``Retry-After`` for a caller whose token cannot be checked, because the authorization server fails."""
INTROSPECTION_SECONDS: Final = 60.0
"""How long the result of an introspection is used, unless the document says; never longer than the token."""
INTROSPECTIONS_MAX: Final = 32
"""Introspections of an expose at the same time; further tokens get 503."""
REFUSED_TOKEN_SECONDS: Final = 10.0
"""How long a token that an introspection refused is refused again without asking."""
REFUSED_TOKENS_MAX: Final = 1_000
"""How many refused tokens an expose remembers, by their digests."""

# Outbound.
UPSTREAM_DEADLINE_SECONDS: Final = 30.0
UPLOAD_PIECE_BYTES_MAX: Final = 256 * 1024
"""Of a body that streams through: as much has to be taken by an upstream within its deadline."""
UPSTREAM_UNSENT_BYTES_MAX: Final = 128 * 1024
"""Unsent bytes of a request that the system buffers."""
UPSTREAM_CONNECT_SECONDS: Final = 10.0
UPSTREAM_CONNECTIONS_MAX: Final = 2048
"""To all upstreams, unless more are allowed to one of them."""
UPSTREAM_CONNECTIONS_EACH_MAX: Final = 256
"""To one upstream, so that one that stalls leaves room for the others."""
UPSTREAM_RETRY_SECONDS: Final = 1
"""``Retry-After`` for a caller whose upstream has as many requests in progress as are allowed."""
UPSTREAM_HEAD_BYTES_MAX: Final = 64 * 1024
UPSTREAM_IDLE_SECONDS: Final = 30.0
"""How long an idle connection is kept: shorter than most servers keep it, so that few requests find it closed."""
UPSTREAM_NAMES_KEPT_SECONDS: Final = 10
"""How long the addresses of a name are cached."""
UPSTREAM_NEXT_ADDRESS_SECONDS: Final = 0.25
"""How long one address of a name is tried before the next one is tried in parallel (RFC 8305)."""
CALLER_TOKENS_MAX: Final = 10_000
"""For how many callers an API's tokens are kept, where each caller has its own."""
CALLER_SECRET_SECONDS: Final = 60.0
"""How long the secret of a caller is used before it is read again; a 401 of the API ends that at once."""
MISSING_SECRET_SECONDS: Final = 5.0
"""How long a caller without a secret is refused without asking for it again."""
MISSING_SECRETS_MAX: Final = 1_000
"""How many callers without a secret are remembered for an API."""
TOKEN_LIFE_SECONDS: Final = 300.0
"""How long a token is used whose endpoint does not say."""
TOKEN_EARLY_SECONDS: Final = 30.0
"""How long before its end a token is renewed; a tenth of its life when that is shorter."""
TOKEN_RESPONSE_BYTES_MAX: Final = 64 * 1024
UPSTREAM_READ_BYTES_MAX: Final = 1024 * 1024
"""Bytes of a response that are read in one piece."""
UPSTREAM_BUFFERED_BYTES_MAX: Final = 256 * 1024
"""Bytes that one connection buffers ahead of its reader, plus at most one read."""
RESPONSE_BYTES_MAX: Final = 10 * 1024 * 1024
"""Size of a response that is held in memory (mapped, or for MCP). Streamed responses have no limit."""
PAGES_MAX: Final = 100
"""Of a list, unless the document has another limit."""
PAGES_GREATEST: Final = 10_000
"""The greatest limit of pages that a document can have."""
PAGES_BYTES_MAX: Final = 100 * 1024 * 1024
"""Size of all pages of a list, unless the document has another limit."""
PAGES_BYTES_GREATEST: Final = 10 * 1024 * 1024 * 1024
"""The greatest limit of their size that a document can have."""
PAGES_SECONDS: Final = 3600.0
"""From the first page of a list until its last one is requested."""
RESPONSE_VALUES_MAX: Final = 2_000_000
"""Values of a response: members of JSON, fields of records, cells of tables."""

# Workflows.
RUN_BYTES_MAX: Final = 128 * 1024 * 1024
"""Size of all responses of one run that are held in memory: more than one list of pages has."""
LOOP_ITEMS_MAX: Final = 1_000
"""Of one step in one run: each item can be a call."""
LOOP_CONCURRENCY_MAX: Final = 16
"""Items that run at the same time."""

# Scripts.
SCRIPT_SECONDS: Final = 60.0
"""Of one run, by the specification."""
SCRIPT_STATEMENTS_MAX: Final = 100_000
"""Of one run, by the specification."""
SCRIPT_SECONDS_GREATEST: Final = 3600
"""The greatest limit of time that a document can have."""
SCRIPT_STATEMENTS_GREATEST: Final = 10**12
"""The greatest limit of statements that a document can have."""
SCRIPT_MEMORY_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of the values of one run."""
SCRIPT_OUTPUT_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of a result as JSON."""
SCRIPT_SOURCE_BYTES_MAX: Final = 1024 * 1024
"""Of all files of a script together."""
SCRIPT_WORKERS_MAX: Final = 4
"""Processes for each language."""
SCRIPT_WORKER_BYTES_MAX: Final = 1024 * 1024 * 1024
"""What a process for scripts may write to in memory, its engine included."""
SCRIPT_WORKER_START_SECONDS: Final = 60.0
SCRIPT_CANCELLED_SECONDS: Final = 0.1
"""How long a script may run on whose caller is gone, before its process is killed."""
SCRIPT_OVERDUE_SECONDS: Final = 2.0
"""How long its engine may take to stop a script after the limit of time. On a busy core it hardly runs."""
SCRIPT_SLOW_SECONDS: Final = 0.5
"""After this time, the process of a running script runs only when no other process wants to, from then on (Linux)."""

# Logs.
LOG_QUEUE_BYTES_MAX: Final = 1024 * 1024
"""Size of the log lines that wait to be written; further lines are dropped and counted."""
LOG_FLUSH_SECONDS: Final = 2.0
"""How long the end of the process waits for lines that are not written yet."""
LOG_LIST_BYTES_MAX: Final = 4 * 1024
"""Size of one list in a log line, such as the routes; the rest of the list is a number."""

# Telemetry.
METRICS_BYTES_MAX: Final = 4 * 1024 * 1024
"""Size of each worker's region in shared memory: some 12,000 series. Unused pages take no memory."""
TRACES_TIMEOUT_SECONDS: Final = 10.0
TRACES_DELAY_SECONDS: Final = 5.0
TRACES_QUEUE_MAX: Final = 2048
TRACES_BATCH_MAX: Final = 512
TRACES_LAST_SECONDS: Final = 3.0
"""How long the export of the last spans may take."""
TRACED_MESSAGE_BYTES_MAX: Final = 64 * 1024
"""Size of an MCP message, and of its response, that is read for span attributes."""

# Clients that wait for messages.
SUBSCRIPTIONS_MAX: Final = 1000
"""Of a process: clients that listen to changes."""
EVENT_STREAM_IDLE_SECONDS: Final = 15.0
"""After which an idle stream of events gets a comment: shorter than the idle time-outs of load balancers."""
CANCELLATIONS_PER_SECOND_MAX: Final = 100
"""Of a process: cancellations that it passes on to the other workers."""

# Shutdown.
STDIO_END_SECONDS: Final = 1.0
"""How long calls continue after standard input has ended. Clients kill a process that has not ended after 2 s."""
GRACE_SECONDS: Final = 30.0
LAST_REQUEST_SECONDS: Final = 1.0
"""How long a connection without a complete request stays open when its listener closes."""
LINGER_SECONDS: Final = 1.5
"""How long a listener accepts connections after the program is no longer ready, so that load balancers notice."""

# Workers.
WORKERS_MAX: Final = 256
WORKER_START_SECONDS: Final = 60.0
"""How long a worker may take until it accepts connections."""
WORKER_STEADY_SECONDS: Final = 10.0
"""A worker that ran for this long is replaced at once; another one after a growing pause."""
WORKER_PAUSE_SECONDS: Final = 0.1
WORKER_PAUSE_SECONDS_MAX: Final = 10.0
WORKER_SILENT_SECONDS: Final = 10.0
"""How long a worker's event loop may block before the program is no longer live."""
WORKER_END_SECONDS: Final = 5.0
"""How long after its drain a worker may take to end."""
RELOAD_SECONDS: Final = 60.0
"""How long workers may take to prepare a reload."""
