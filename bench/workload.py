"""What a workload is: the contenders, what they are asked, what a round does, and what the report shows of it."""

from dataclasses import dataclass

from bench.checks import Checks
from bench.contenders import Contender
from bench.load import LoadPattern, under_load


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of the rounds in the table of a workload."""

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
        title: What is asked, in one line.
        checks: The load and the checks, for every contender that has none of its own.
        contenders: In the order in which they take turns.
        baseline: The contender that ratios are over.
        ratios: The figures that ratios are of.
        columns: What the table shows.
        load_pattern: One round of one contender.
        anew: Whether contenders are started for each round, instead of once.
        warm: Whether a second of load goes before the first round.
        rounds: At most.
        slices: Into how many short ones each round is cut, whose contenders take turns in a rotating order: a shared
            machine is then alike for all of them, so that small differences show.
        connections: Of the load, when it is not what was asked for.
        large: Whether bodies of 100 MB go both ways, which is checked too.
        collects: Whether there is to be a collector of traces.
        document: What other engines can serve for this workload, and whether it is asked over MCP.
    """

    name: str
    title: str
    checks: Checks
    contenders: tuple[Contender, ...]
    baseline: str
    ratios: tuple[Column, ...] = (REQUESTS, CPU)
    columns: tuple[Column, ...] = LOAD_COLUMNS
    load_pattern: LoadPattern = under_load
    anew: bool = False
    warm: bool = True
    rounds: int | None = None
    slices: int = 1
    connections: int | None = None
    large: bool = False
    collects: bool = False
    document: tuple[str, bool] | None = None

    def checks_of(self, contender: Contender) -> Checks:
        """What a contender is asked."""
        return contender.checks or self.checks
