"""Each file is read once, however often it is imported and whatever it takes to know what it is."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.command import make_clean_environment

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import json, os, sys
from collections import Counter

opened = Counter()

def count(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".yml"):
        opened[os.path.basename(arguments[0])] += 1

sys.addaudithook(count)
from naftiko_runtime.cli import main

try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps([end.code, opened]), file=sys.stderr)
"""

SHARED = """
naftiko: 1.0.0-alpha2
consumes:
  - namespace: api
    type: http
    baseUri: https://api.test
    resources:
      - {name: x, path: /x, operations: [{name: get, method: GET}]}
"""

IMPORTER = """
naftiko: 1.0.0-alpha2
info: {label: One, description: An importer.}
capability:
  consumes:
    - {import: api, location: ./shared.yml}
  exposes:
    - type: rest
      namespace: NAME
      address: 127.0.0.1
      port: 0
      resources:
        - {name: x, path: /x, operations: [{method: GET, name: get, call: api.get}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shared.yml").write_text(SHARED)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yml").write_text(IMPORTER.replace("NAME", name))
    (tmp_path / "broken.yml").write_text("naftiko: [")
    (tmp_path / "other.yml").write_text("a: 1")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["validate"], 1),
        (["validate", "--diff"], 1),
        (["run"], 1),
        (["run", "--skip-broken", "--port", "nobody=1"], 2),  # ends when everything is loaded
    ],
)
def test_each_file_is_read_once(folder: Path, arguments: list[str], status: int) -> None:
    command, *options = arguments
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, command, str(folder), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=make_clean_environment(),
    )
    assert json.loads(ran.stderr.splitlines()[-1]) == [
        status,
        dict.fromkeys(("broken.yml", "one.yml", "other.yml", "shared.yml", "two.yml"), 1),
    ], ran.stderr
