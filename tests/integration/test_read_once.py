"""Each file is read once, however often it is imported."""

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
    if event == "open" and os.path.dirname(str(arguments[0])) == sys.argv[2] and os.path.exists(arguments[0]):
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
    assert count_reads(folder, command, *options) == (
        status,
        dict.fromkeys(("broken.yml", "one.yml", "other.yml", "shared.yml", "two.yml"), 1),
    )


@pytest.mark.parametrize(
    ("option", "name", "text"),
    [
        ("--sandbox", "answers.sandbox.yaml", "operations: {api.put: {}}"),  # no such operation
        ("--client-cert", "certificate.pem", "no certificate"),
        ("--env-file", "third.env", "OTHER=3"),
    ],
)
def test_each_file_of_an_option_is_read_once(folder: Path, option: str, name: str, text: str) -> None:
    """The program ends when it has read all of them: a variable is missing, or a file is wrong."""
    file = folder / "one.yml"
    guarded = file.read_text().replace("port: 0", "port: 0\n      authentication: {type: bearer, token: '{{KEY}}'}")
    file.write_text(guarded + "binds: [{namespace: env, keys: {KEY: NOT_SET}}]\n")
    (folder / name).write_text(text)
    options = [option, str(folder / name)]
    for env_file in ("first.env", "second.env"):
        (folder / env_file).write_text("OTHER=1\n")
        options += ["--env-file", str(folder / env_file)]
    (folder / "broken.yml").unlink()
    (folder / "two.yml").unlink()
    names = ("first.env", "one.yml", "other.yml", "second.env", "shared.yml", name)
    assert count_reads(folder, "run", *options) == (1, dict.fromkeys(names, 1))


def count_reads(folder: Path, command: str, *options: str) -> tuple[int, dict[str, int]]:
    """The exit status, and how often each file of the folder was opened."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, command, str(folder), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=make_clean_environment(),
    )
    status, opened = json.loads(ran.stderr.splitlines()[-1])
    return status, opened
