"""`make instructions`: counts the instructions per request and compares them with `bench/budget.json`.

    python bench/instructions.py [--update] [--raise REASON]

Runs `naftiko run` under valgrind's callgrind, and a bare pair of uvicorn and aiohttp that does the same. Each gets the
same requests on one connection. Everything is on 127.0.0.1 and removed at the end. `--update` lowers the budget to the
counts and never raises it; `--raise` raises it, and writes the reason into the file.
Exit code 0: within the budget; 1: above it, or wrong responses; 2: valgrind is missing.
"""

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from http.client import HTTPException
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import budget, debian_programs
from bench.budget import BudgetError, Count, Record, Verdict
from bench.callgrind import CallgrindError, CountedServer
from bench.documents import ROOT, protect_ship, repeat_ship_tool
from bench.instruction_cases import (
    CASES,
    HOST,
    MANY_TOOLS,
    MAPPED,
    ONE_STEP,
    PIXEL,
    PROTECTED,
    THREE_STEPS,
    TOOL,
    Case,
    Upstream,
    WrongResponseError,
    make_protected_cases,
)
from bench.process import StartError, find_free_port, run_program
from bench.token_issuer import RESOURCE, TokenIssuer

BUDGET = ROOT / "bench/budget.json"
REQUESTS = 300
TOOLS = 500
PIXELS = "pixel-tracking-pixel-tracking"
LIBRARIES = (
    "aiohttp",
    "anyio",
    "frozenlist",
    "httptools",
    "mcp",
    "multidict",
    "orjson",
    "propcache",
    "pydantic",
    "uvicorn",
    "uvloop",
    "yarl",
)
Ports = Mapping[str, int]


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="lower the budget")
    parser.add_argument("--raise", dest="reason", default="", metavar="REASON", help="raise the budget, and say why")
    return parser.parse_args(arguments)


def describe_environment(valgrind: str) -> dict[str, str]:
    """Return everything but our code that affects the instructions of a request."""
    return {
        "machine": platform.machine(),
        "python": sys.version,
        "libc": " ".join(platform.libc_ver()),
        "valgrind": valgrind,
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def start_naftiko(upstream: Upstream, ports: Ports, issuer: TokenIssuer, folder: Path) -> list[str]:
    made = {"protected": protect_ship(issuer.url, RESOURCE), "many": repeat_ship_tool(TOOLS)}
    for name, text in made.items():
        (folder / f"{name}.yaml").write_text(text)
    command = [sys.executable, "-m", "naftiko_runtime", "run", "--host", HOST]
    command += [str(ROOT / "capabilities/pixel-tracking.yaml"), str(ROOT / "bench/ship.yaml")]
    command += [str(folder / f"{name}.yaml") for name in made]
    for namespace in (PIXELS, "registry", *made):
        command += ["--base-uri", f"{namespace}={upstream.base}"]
    listening = {f"{PIXELS}-rest": ports[PIXEL.name], f"{PIXELS}-mcp": find_free_port()}
    listening |= {"ship-rest": ports[MAPPED.name], "ship-mcp": ports[TOOL.name]}
    listening |= {f"protected-{kind}": ports[name] for kind, name in zip(("rest", "mcp"), PROTECTED, strict=True)}
    listening |= {"many-rest": find_free_port(), "many-mcp": ports[MANY_TOOLS.name]}
    for namespace, port in listening.items():
        command += ["--port", f"{namespace}={port}"]
    return command


def start_bare(upstream: Upstream, port: int) -> list[str]:
    return [sys.executable, str(ROOT / "bench/peers/bare.py"), "--port", str(port), "--upstream", upstream.base]


def count() -> dict[str, Count]:
    """Start both servers at once, and count one after the other."""
    own = {name: find_free_port() for name in (*(case.name for case in CASES), *PROTECTED)}
    own |= dict.fromkeys((ONE_STEP.name, THREE_STEPS.name), own[MAPPED.name])
    theirs: Ports = dict.fromkeys(own, find_free_port())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="naftiko-bench-")))
        upstream, issuer = stack.enter_context(Upstream.run()), stack.enter_context(TokenIssuer.run())
        cases = (*CASES, *make_protected_cases(issuer.token))
        servers: list[tuple[CountedServer, Ports]] = []
        for name, command, ports in (
            ("naftiko", start_naftiko(upstream, own, issuer, folder), own),
            ("bare", start_bare(upstream, theirs[PIXEL.name]), theirs),
        ):
            server = CountedServer.start(command, folder / name)
            stack.callback(server.process.stop)
            servers.append((server, ports))
        counts: list[dict[str, float]] = []
        for server, ports in servers:
            server.wait_listening(ports.values())
            counted = {case: ports[case.name] for case in cases if case.base is None or ports is own}
            counts.append(server.count_per_request(counted, upstream, REQUESTS))
    return {case.name: Count(round(counts[0][case.name]), round(counts[1][(case.base or case).name])) for case in cases}


def find_beyond_bounds(counts: Mapping[str, Count], cases: Sequence[Case]) -> list[str]:
    """Return a line for each case that costs more than its bound times as much as its base."""
    found = []
    for case in cases:
        if case.base is None:
            continue
        ratio = counts[case.name].naftiko / counts[case.base.name].naftiko
        if ratio > case.bound:
            found.append(f"{case.name}: {ratio:.3f} times {case.base.name}; at most {case.bound}")
    return found


def format_table(verdicts: Sequence[Verdict]) -> str:
    lines = [f"{'':12}{'instructions':>14}{'budget':>14}{'':>9}{'bare pair':>14}{'ratio':>8}"]
    for each in verdicts:
        may, by = ("none", "") if each.ceiling is None else (f"{each.ceiling:,}", f"{each.difference:+.1%}")
        counts = f"{each.count.naftiko:>14,}{may:>14}{by:>9}{each.count.bare:>14,}{each.count.ratio:>8.2f}"
        lines.append(f"{each.case:12}{counts}")
    return "\n".join(lines)


def list_remarks(last: Record, measured: Record, verdicts: Sequence[Verdict]) -> list[str]:
    """Return notes on what the reader has to know or to do."""
    found = []
    changed = [name for name, value in measured.environment.items() if last.environment.get(name) != value]
    if changed:
        found.append(
            f"the budget is from another environment ({', '.join(changed)}): "
            f"the ratio to the bare pair is compared, within {budget.OTHER_TOLERANCE:.0%}"
        )
    found += [f"{each.case}: OVER the budget by {each.difference:.1%}" for each in verdicts if each.over]
    if lower := [each.case for each in verdicts if each.under]:
        found.append(f"{', '.join(lower)}: far below the budget. Lower it: python bench/instructions.py --update")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = parse_options(arguments)
    if absent := debian_programs.install_missing("valgrind"):
        print(f"instructions: needs {absent[0]}: apt-get install {absent[0]}", file=sys.stderr)
        return 2
    try:
        return check(chosen)
    except (BudgetError, CallgrindError, StartError, WrongResponseError, OSError, HTTPException) as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 1


def check(chosen: argparse.Namespace) -> int:
    records = budget.read(BUDGET)
    last, began = records[-1], time.monotonic()
    today = datetime.now(UTC).date().isoformat()
    measured = Record(today, describe_environment(debian_programs.read_version("valgrind")), count())
    verdicts = budget.judge(last, measured)
    print(format_table(verdicts))
    print(f"\n{REQUESTS} requests of each, counted in {time.monotonic() - began:.0f} s")
    for remark in list_remarks(last, measured, verdicts):
        print(f"! {remark}")
    beyond = find_beyond_bounds(measured.counts, (*CASES, *make_protected_cases("")))
    for line in beyond:
        print(f"! {line}")
    if not chosen.update and not chosen.reason:
        return int(bool(beyond) or any(each.over for each in verdicts))
    record = budget.make_next_record(last, measured, chosen.reason)
    if not budget.has_changed(last, record):
        print("nothing to lower")
        return 0
    budget.write(BUDGET, [*records, record])
    print(f"written: {BUDGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    run_program(main, "instructions: stopped before the end")
