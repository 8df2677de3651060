"""`make bench`: compares this runtime with hand-written servers, FastMCP and nginx, in interleaved rounds.

Measures, for each workload and contender, requests per second, latency, CPU per request, resident memory, errors and
wrong responses, and compares the figures with targets. Everything runs on 127.0.0.1, and is stopped and removed at the
end. Exit code 0: all contenders did their work; 1: one did not; 2: nginx, wrk or Linux is missing.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import debian_programs, report
from bench.comparison import Comparison, print_progress
from bench.contenders import IMPORTS, Setup
from bench.documents import ROOT
from bench.load import Load
from bench.process import Cores, Process, StartError, find_free_port, run_program
from bench.results import Report, describe_machine
from bench.upstream import Upstream
from bench.workload import Workload
from bench.workloads import add_engines, keep_contenders, list_workloads

DEFAULT_LOAD = Load(seconds=3, connections=32)


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    workloads = [workload.name for workload in list_workloads()]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=_parse_positive, default=5)
    parser.add_argument(
        "--seconds", type=_parse_positive, default=DEFAULT_LOAD.seconds, help="seconds of load in a round"
    )
    parser.add_argument("--connections", type=_parse_positive, default=DEFAULT_LOAD.connections)
    parser.add_argument("--only", nargs="+", choices=workloads, metavar="WORKLOAD", help=", ".join(workloads))
    parser.add_argument("--contenders", nargs="+", metavar="NAME", help="only these of each workload")
    parser.add_argument("--long", action="store_true", help="also run the workload `long`, which takes some minutes")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        type=_parse_engine,
        metavar="NAME=COMMAND",
        help="another engine for the same documents; {file} in the command is the document's path",
    )
    parser.add_argument("--json", type=Path, default=ROOT / "bench/out/result.json", metavar="PATH")
    parser.add_argument("--markdown", type=Path, default=ROOT / "bench/out/result.md", metavar="PATH")
    parser.add_argument("--plots", action=argparse.BooleanOptionalAction, default=True, help="beside the Markdown")
    parser.add_argument(
        "--into",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="files that have '<!-- bench: targets -->' or '<!-- bench: workloads -->' … '<!-- bench: end -->'",
    )
    return parser.parse_args(arguments)


def _parse_positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _parse_engine(text: str) -> tuple[str, str]:
    name, equals, command = text.partition("=")
    if not name or not equals or "{file}" not in command:
        raise argparse.ArgumentTypeError("must be NAME=COMMAND with {file} in the command")
    return name, command


def choose_workloads(only: Sequence[str] | None, engines: Mapping[str, str], *, long: bool) -> list[Workload]:
    wanted = set(only or ()) | ({"long"} if long else set())
    workloads = [
        workload for workload in list_workloads() if workload.name in wanted or (not only and workload.name != "long")
    ]
    return [add_engines(workload, engines) for workload in workloads]


@contextmanager
def run_setup(workloads: Sequence[Workload], cores: Cores) -> Iterator[Setup]:
    """Run the upstreams, with a folder that is removed at the end."""
    loaded = [workload.get_checks(contender).uri for workload in workloads for contender in workload.contenders]
    with tempfile.TemporaryDirectory(prefix="naftiko-bench-") as name, ExitStack() as stack:
        folder, sink_port = Path(name), find_free_port()
        folder.chmod(0o755)  # nginx started by root reads and writes as another user
        upstream = Upstream.start(loaded, folder, cores)
        stack.callback(upstream.process.stop)
        if any(workload.large for workload in workloads):
            upstream.offer_large()
        if any(workload.large or workload.collects for workload in workloads):
            command = [sys.executable, "-m", "bench.sink", "--port", str(sink_port)]
            stack.callback(Process.start(command, cores.load, folder / "sink.log", IMPORTS).stop)
        upstream.wait_ready()
        yield Setup(upstream, sink_port, cores, folder)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    given = parse_options(arguments)
    if sys.platform != "linux":
        print_progress("bench: needs Linux: CPU and memory are read from /proc")
        return 2
    if absent := debian_programs.install_missing("nginx", "wrk"):
        print_progress(f"bench: needs {' and '.join(absent)}: apt-get install {' '.join(absent)}")
        return 2
    where, cores = describe_machine(), Cores.choose()
    workloads = choose_workloads(given.only, dict(given.peer), long=given.long)
    if given.contenders:
        named = {*given.contenders, *dict(given.peer)}
        workloads = [left for workload in workloads if (left := keep_contenders(workload, named)).contenders]
    load = Load(given.seconds, given.connections)
    try:
        with run_setup(workloads, cores) as here:
            outcomes = [Comparison(workload, here, load).run(given.rounds) for workload in workloads]
    except StartError as error:
        print_progress(f"bench: {error}")
        return 1
    made = Report(outcomes, cores, where)
    print(report.render_text(made))
    write(given.json, json.dumps(report.convert_to_json(made), indent=2) + "\n")
    write(given.markdown, report.render_markdown(made))
    for path in given.into:
        write(path, report.replace_tables(path.read_text(encoding="utf-8"), made))
    if given.plots:
        from bench import plots  # noqa: PLC0415 (it imports matplotlib, which may not be installed)

        plots.save(made, given.markdown.parent)
    return 0 if made.sound else 1


if __name__ == "__main__":
    run_program(main, "bench: stopped before the end, nothing written")
