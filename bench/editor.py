"""The CPU time of `naftiko lsp` during typing, in a document with few operations and in one with many.

    python bench/editor.py [--rounds 9] [--times 20]

Drives a real process as an editor does. The kernel gives its CPU time. The documents are interleaved, and the figures
are medians with the least and the greatest round. Exit code 1 if a response is wrong.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from bench.process import PROC, TICKS_PER_SECOND  # noqa: E402 - found only after the line above

from support.editor import Editor  # noqa: E402

SIZES = (10, 500)
HALF = "              call: api.ge\n"
SHARED = "naftiko: 1.0.0-alpha2\nconsumes:\n"


def generate_api(namespace: str, operations: int) -> str:
    """Generate an API with that number of operations."""
    lines = ["    - type: http", f"      namespace: {namespace}", "      baseUri: https://api.example/v1"]
    lines.append("      resources:")
    for number in range(operations):
        lines += [
            f"        - path: /things-{number}/{{id}}",
            "          operations:",
            f"            - name: get-{number}",
            "              method: GET",
            "              inputParameters:",
            "                - {name: id, in: path}",
            "                - {name: fields, in: query}",
        ]
    return "\n".join(lines) + "\n"


def generate_document(operations: int) -> str:
    """Generate a document that consumes and exposes that number of operations, and imports an API with as many."""
    head = "naftiko: 1.0.0-alpha2\ninfo: {label: Big, description: Big.}\ncapability:\n  consumes:\n"
    imported = "    - {import: other, location: other.yaml}\n"
    lines = ["  exposes:", "    - type: rest", "      namespace: web", "      port: 8080", "      resources:"]
    for number in range(operations):
        lines += [
            f"        - path: /things-{number}/{{id}}",
            "          operations:",
            "            - method: GET",
            f"              call: {'api' if number % 2 else 'other'}.get-{number}",
            "              with:",
            "                id: web.id",
        ]
    return head + generate_api("api", operations) + imported + "\n".join(lines) + "\n"


class Typing:
    """A document that is open in a server of its own."""

    def __init__(self, folder: Path, operations: int) -> None:
        folder.mkdir()
        (folder / "other.yaml").write_text(
            SHARED + generate_api("other", operations).replace("\n    ", "\n  ").replace("    - ", "  - ", 1)
        )
        self.text = generate_document(operations)
        self.editor = Editor(folder).__enter__()
        _expect(not self.editor.open(self.text), "the document is without a finding")
        middle = operations // 2 | 1
        self.line = f"              call: api.get-{middle}\n"
        self.wanted = f"api.get-{middle}"

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server so far."""
        fields = (PROC / str(self.editor.process.pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def begin(self) -> None:
        """Leave a call half written, and wait for its check, so that nothing else runs."""
        self.editor.change(self.text.replace(self.line, HALF))

    def complete(self) -> None:
        """Request the completions of the half-written call."""
        offered = self.editor.request_at("completion", HALF.replace("\n", "|\n"))
        _expect(self.wanted in {item["label"] for item in offered}, "the operation is offered")

    def check(self) -> None:
        """Make a change and wait for its findings."""
        _expect(not self.editor.change(f"{self.text}# {time.monotonic_ns()}\n"), "there is no finding")


def _expect(met: bool, what: str) -> None:
    if not met:
        sys.exit(f"it was expected that {what}")


def measure(typing: Typing, does: Callable[[], None], times: int) -> tuple[float, float]:
    """Return the CPU and wall-clock milliseconds of one repetition of `does`."""
    cpu, clock = typing.cpu_seconds(), time.perf_counter()
    for _ in range(times):
        does()
    return (typing.cpu_seconds() - cpu) / times * 1e3, (time.perf_counter() - clock) / times * 1e3


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--times", type=int, default=20)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        open_documents = [Typing(Path(folder) / str(size), size) for size in SIZES]
        rounds: dict[tuple[int, str], list[tuple[float, float]]] = {}
        for _ in range(chosen.rounds):
            for size, typing in zip(SIZES, open_documents, strict=True):
                typing.begin()
                completed = measure(typing, typing.complete, chosen.times)
                rounds.setdefault((size, "a completion"), []).append(completed)
                checked = measure(typing, typing.check, 3)
                rounds.setdefault((size, "a change and its findings"), []).append(checked)
        for typing in open_documents:
            typing.editor.__exit__()
    print("| operations | workload | CPU ms (least to greatest) | ms to respond |\n| ---: | --- | ---: | ---: |")
    for (size, name), found in sorted(rounds.items()):
        cpu = [one for one, _ in found]
        cell = f"{statistics.median(cpu):.0f} ({min(cpu):.0f} to {max(cpu):.0f})"
        print(f"| {size} | {name} | {cell} | {statistics.median(clock for _, clock in found):.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
