"""`make bench`: the pixel route, this runtime beside a hand-written proxy and nginx, in one interleaved run.

Measures, per variant: requests per second, latency, CPU per request, resident memory, errors.
Everything runs on 127.0.0.1 and is stopped and removed at the end. Exit code 0: all variants did
the work; 1: one did not; 2: nginx, wrk or Linux is missing.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import report, tools
from bench.answers import wrong_answers
from bench.load import Load, LoadError, run_round
from bench.process import Cores, Process, StartError, stop_in_order
from bench.report import Report, Result
from bench.upstream import Upstream
from bench.variants import ROOT, VARIANTS, Running, Scene, Variant, bring_up
from bench.work import PIXEL, Work

WARM_UP = Load(seconds=1, connections=32)
Pair = tuple[Result, Running]


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=_positive, default=5)
    parser.add_argument("--seconds", type=_positive, default=4, help="of load per variant and round")
    parser.add_argument("--connections", type=_positive, default=32)
    parser.add_argument("--json", type=Path, default=ROOT / "bench/out/result.json", metavar="PATH")
    parser.add_argument("--markdown", type=Path, default=ROOT / "bench/out/result.md", metavar="PATH")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in VARIANTS], metavar="NAME")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def scene(work: Work, cores: Cores) -> Iterator[Scene]:
    """The upstream, running, and a folder that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="naftiko-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx started by root reads and writes as another user
        upstream = Upstream.start(work, folder, cores)
        try:
            upstream.wait_ready()
            yield Scene(work, upstream, cores, folder)
        finally:
            upstream.process.stop()


def measure(variants: Sequence[Variant], here: Scene, load: Load, rounds: int) -> list[Result]:
    results = [Result(variant) for variant in variants]
    with ExitStack() as stack:
        able: list[Pair] = []
        for result in results:
            running = come_up(result, here, lambda process: stack.callback(process.stop))
            if running is not None:
                able.append((result, running))
        for number in range(rounds):
            for result, running in able:
                play_round(result, running, here, load, f"{number + 1}/{rounds}")
        for result, running in able:
            if not result.faults:
                result.faults += [f"after the load: {fault}" for fault in wrong_answers(running, here)]
    return results


def come_up(result: Result, here: Scene, started: Callable[[Process], object]) -> Running | None:
    """Start, check, warm up; a variant that fails in this is not measured, and its result says why."""
    name = result.variant.name
    progress(f"{name}: starting and checking its answers")
    try:
        running = bring_up(result.variant, here, started)
        result.ready_seconds = running.ready_seconds
        result.faults += wrong_answers(running, here)
        if not result.faults:
            run_round(running, here, WARM_UP)
    except (StartError, LoadError) as error:
        result.faults.append(str(error))
    if result.faults:
        progress(f"{name}: not measured: {result.faults[0]}")
    return None if result.faults else running


def play_round(result: Result, running: Running, here: Scene, load: Load, number: str) -> None:
    if result.faults:
        return
    try:
        one = run_round(running, here, load)
    except LoadError as error:
        result.faults.append(f"round {number}: {error}")
        return
    result.rounds.append(one)
    if running.process.exited():
        result.faults.append(f"round {number}: it ended under load:\n{running.process.log_tail()}")
    progress(
        f"round {number}  {result.variant.name:15} {one.requests_per_second:9,.0f} req/s  "
        f"p50 {one.p50_ms:.2f} ms  {one.cpu_us_per_request:5,.0f} µs CPU  {one.error_count} errors"
    )


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = options(arguments)
    if sys.platform != "linux":
        progress("bench: needs Linux: CPU and memory are read from /proc")
        return 2
    if absent := tools.ensure("nginx", "wrk"):
        progress(f"bench: needs {' and '.join(absent)}: apt-get install {' '.join(absent)}")
        return 2
    machine, cores = report.machine(), Cores.choose()
    variants = [one for one in VARIANTS if not chosen.only or one.name in chosen.only]
    load = Load(chosen.seconds, chosen.connections)
    try:
        with scene(PIXEL, cores) as here:
            results = measure(variants, here, load, chosen.rounds)
    except StartError as error:
        progress(f"bench: {error}")
        return 1
    made = Report(PIXEL, load, cores, results, machine)
    print(report.as_table(made))
    write(chosen.json, json.dumps(report.as_data(made), indent=2) + "\n")
    write(chosen.markdown, report.as_markdown(made))
    return 0 if all(result.sound for result in results) else 1


if __name__ == "__main__":
    stop_in_order()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        progress("bench: stopped before the end, nothing written")
        sys.exit(130)
