"""The log that several processes write to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

from support.command import make_clean_environment

LOGGING = """
import logging, os
from naftiko_runtime.cli import logging_setup

logging_setup.configure_logging("info", [], console=False, many=True)
for number in range(4):
    if os.fork() == 0:
        logging_setup.add_worker_number(number + 1)
        for _ in range(40):  # less than may wait, when another process writes
            logging.info("long", extra={"text": str(number) * 20_000})
        logging.shutdown()
        os._exit(0)
for _ in range(4):
    os.wait()
"""


def test_long_lines_of_several_processes_are_not_torn() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOGGING],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=make_clean_environment(),
    )
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert Counter(line["worker"] for line in lines) == dict.fromkeys(range(1, 5), 40)
    assert all(line["text"] == str(line["worker"] - 1) * 20_000 for line in lines)
