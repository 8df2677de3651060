"""Measure the product on capability files written by others.

``python tests/wild/run.py [FOLDER] [--json OUT] [--verbose] [--limit N]``: every exposed operation of every file is
called as a caller would, against an upstream that records what arrives. Exit status 1 when anything was wrong or
crashed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import click

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path[0] = str(HERE.parent)

from wild.measure import measure  # noqa: E402 - found through the line above
from wild.report import Totals  # noqa: E402

CORPUS = HERE.parent.parent.parent / "shared" / "corpus"


async def totals(folder: Path, limit: int | None = None) -> Totals:
    """What is found in a folder."""
    return Totals([report async for report in measure(folder, limit)])


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=CORPUS)
@click.option("--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write everything here.")
@click.option("--verbose", is_flag=True, help="Name every operation that is not served.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many files.")
def main(folder: Path, out: Path | None, limit: int | None, *, verbose: bool) -> None:
    """Measure the product on every capability file in FOLDER (default: ../shared/corpus)."""
    started = time.perf_counter()
    found = asyncio.run(totals(folder, limit))
    for line in found.lines(verbose=verbose):
        click.echo(line)
    click.echo(f"{time.perf_counter() - started:.1f} s")
    if out is not None:
        out.write_text(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    sys.exit(found.exit_status)


if __name__ == "__main__":
    main()
