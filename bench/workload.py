"""A workload: its contenders, their requests, what a round does, and what the report shows."""

from dataclasses import dataclass

from bench.checks import Checks
from bench.contenders import Contender
from bench.load import LoadPattern, run_load


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of the rounds, as a column in the table of a workload."""

    figure: str
    heading: str
    form: str = ",.0f"


REQUESTS = Column("requests_per_second", "req/s")
CPU = Column("cpu_us_per_request", "CPU µs/req")
RSS = Column("rss_mb", "RSS MB")
READY = Column("ready_ms", "ready ms")
READY_CPU = Column("ready_cpu_ms", "CPU ms")
LOAD_COLUMNS = (
    REQUESTS,
    Column("p50_ms", "p50 ms", ".2f"),
    Column("p99_ms", "p99 ms", ".2f"),
    Column("p999_ms", "p99.9 ms", ".2f"),
    CPU,
    RSS,
)


@dataclass(frozen=True, slots=True)
class Workload:
    """One comparison.

    Attributes:
        name: For `--only`.
        title: The request, in one line.
        checks: The load and the checks, for contenders without their own.
        contenders: The contenders, in the order of their turns.
        baseline: The contender that the others are divided by.
        ratios: The figures with ratios.
        columns: The figures in the table.
        load_pattern: Runs one round of one contender.
        anew: Whether contenders are started for each round, instead of once.
        warm: Whether a second of load precedes the first round.
        rounds: The maximum number of rounds.
        slices: How many short rounds each round is split into. Their order rotates, so a shared machine affects all
            contenders equally, and small differences are visible.
        connections: The connections of the load, if they are fixed.
        large: Whether bodies of 100 MB are sent in both directions, and checked.
        collects: Whether a collector of traces runs.
        document: The document for other engines, and whether it is called over MCP.
    """

    name: str
    title: str
    checks: Checks
    contenders: tuple[Contender, ...]
    baseline: str
    ratios: tuple[Column, ...] = (REQUESTS, CPU)
    columns: tuple[Column, ...] = LOAD_COLUMNS
    load_pattern: LoadPattern = run_load
    anew: bool = False
    warm: bool = True
    rounds: int | None = None
    slices: int = 1
    connections: int | None = None
    large: bool = False
    collects: bool = False
    document: tuple[str, bool] | None = None

    def get_checks(self, contender: Contender) -> Checks:
        """Return the requests and checks of a contender."""
        return contender.checks or self.checks
