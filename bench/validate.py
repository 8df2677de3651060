"""The time of `naftiko validate`, compared with the minimum that it needs; each figure is a ratio or a time.

    python bench/validate.py [--rounds 9] [--saves 25] [--corpus FOLDER] [--markdown PATH]

Measures the user and system time of whole processes. The variants are interleaved, and the figures are medians with the
least and greatest ratio of a round. Modules are compiled before, as pip does at installation. The figure of --watch is
the time from the end of a save to the end of its report. Exit code 1 if a validation fails.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.documents import PIXEL, ROOT, generate_capability

OPERATIONS = 500
LOADED = "import sys, time, yaml\ntext = open(sys.argv[1]).read()\n"
C_LOADER = LOADED + "yaml.load(text, Loader=yaml.CSafeLoader)"
NOTHING = LOADED
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Workload:
    """A comparison: the time of ``ours`` minus that of ``ours_without``, divided by the same of ``theirs``."""

    name: str
    ours: Sequence[str]
    theirs: Sequence[str]
    ours_without: Sequence[str] = ()
    theirs_without: Sequence[str] = ()


def cpu_seconds(command: Sequence[str]) -> float:
    """Return the user and system time of a command that succeeds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(workload: Workload) -> tuple[float, float]:
    """Return the seconds of ours and of theirs in one round."""
    ours = cpu_seconds(workload.ours) - (cpu_seconds(workload.ours_without) if workload.ours_without else 0)
    return ours, cpu_seconds(workload.theirs) - (cpu_seconds(workload.theirs_without) if workload.theirs_without else 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--saves", type=int, default=25, help="how often a file that is watched is saved")
    parser.add_argument("--corpus", type=Path, help="a folder of capability files, each sound or not")
    parser.add_argument("--markdown", type=Path, default=ROOT / "bench/out/validate.md")
    given = parser.parse_args()
    python = sys.executable
    validate = [python, "-m", "naftiko_runtime", "validate"]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as big:
        big.write(generate_capability(OPERATIONS, tools=False))
        big.flush()
        workloads = [
            Workload(
                "one pixel file / `import pydantic, yaml`",
                [*validate, str(PIXEL)],
                [python, "-c", "import pydantic, yaml"],
            ),
            Workload(
                f"{OPERATIONS} operations more / PyYAML's C loader on the same text",
                [*validate, big.name],
                [python, "-c", C_LOADER, big.name],
                [*validate, str(PIXEL)],
                [python, "-c", NOTHING, big.name],
            ),
        ]
        for workload in workloads:
            measure(workload)  # compiles the modules
        rounds = [[measure(workload) for workload in workloads] for _ in range(given.rounds)]
    lines = ["| workload | ours, CPU ms | theirs, CPU ms | ratio (least to greatest) |", "| --- | ---: | ---: | ---: |"]
    for workload, times in zip(workloads, zip(*rounds, strict=True), strict=True):
        ratios = [ours / theirs for ours, theirs in times]
        ours, theirs = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        lines.append(f"| {workload.name} | {ours:.0f} | {theirs:.0f} | {spread} |")
    lines.append(measure_watch(given.saves, validate))
    if given.corpus is not None:
        lines += [measure_corpus(given.corpus, python, strict=strict) for strict in (False, True)]
    given.markdown.parent.mkdir(parents=True, exist_ok=True)
    given.markdown.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    return 0


def measure_watch(saves: int, validate: Sequence[str]) -> str:
    """Measure the time from a save of the pixel file to its report, as a row."""
    text = PIXEL.read_text()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / PIXEL.name
        file.write_text(text)
        command = [*validate, "--watch", "--format", "concise", str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
            read_until(" checked: ", process)
            latencies = []
            for number in range(saves):
                file.write_text(f"{text}x-{number}: 1\n")
                saved = time.perf_counter()
                read_until(f"unknown key 'x-{number}'", process)
                read_until(" checked: ", process)
                latencies.append((time.perf_counter() - saved) * 1000)
            process.terminate()
    spread = f"{min(latencies):.0f} to {max(latencies):.0f}"
    return f"| report of a save under --watch, ms of waiting | {statistics.median(latencies):.0f} ({spread}) | | |"


def read_until(words: str, process: subprocess.Popen[str]) -> None:
    """Read the output of a process up to a line with these words."""
    assert process.stdout is not None  # noqa: S101 - narrows the type
    if not any(words in line for line in process.stdout):
        raise SystemExit("the watching process ended")


def measure_corpus(folder: Path, python: str, *, strict: bool) -> str:
    """Measure all files of a folder in one process, as a row; the status is ignored, because files may have errors."""
    files = sum(1 for pattern in ("*.yml", "*.yaml") for _ in folder.rglob(pattern))
    code = (
        "import sys, time; from pathlib import Path; from naftiko_runtime.loading import load\n"
        f"from naftiko_runtime.link.operator_overrides import Overrides; overrides = Overrides(strict={strict})\n"
        "start = time.process_time()\n"
        "for name in sys.argv[1:]: load(Path(name), overrides)\n"
        "print(time.process_time() - start)"
    )
    names = [str(path) for pattern in ("*.yml", "*.yaml") for path in folder.rglob(pattern)]
    output = subprocess.run([python, "-c", code, *names], check=True, capture_output=True, text=True).stdout
    option = " with --strict" if strict else ""
    return f"| {files} files of the corpus in one process{option} | {float(output) * 1000:.0f} | | |"


if __name__ == "__main__":
    sys.exit(main())
