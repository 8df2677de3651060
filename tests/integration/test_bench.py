"""A minimal bench with real wrk and nginx: it measures contenders that work, and rejects those that do not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.targets import TARGETS
from bench.workloads import list_workloads

from support.debian import require

ROOT = Path(__file__).resolve().parents[2]
NEVER_ASKED = "GET /v1/things/7?data=aGVsbG8+d29ybGQ/Pz8=: the upstream received it 0 times"
# Responds as the upstream would, without calling it.
MADE_UP = """
import http.server, re, sys
from bench import payloads

class Upstream(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = payloads.encode_compact(payloads.THING)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

port = int(re.search("port: ([0-9]+)", open(sys.argv[1]).read())[1])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Upstream).serve_forever()
"""


def test_a_run_measures_who_does_the_work_and_names_who_does_not(tmp_path: Path) -> None:
    for program in ("nginx", "wrk"):
        require(program)
    script, page = tmp_path / "made_up.py", tmp_path / "page.md"
    script.write_text(MADE_UP)
    page.write_text("Before\n<!-- bench: targets -->\nold\n<!-- bench: end -->\nAfter\n")
    command = [sys.executable, "bench/run.py", "--rounds", "1", "--seconds", "1", "--only", "rest-1k"]
    command += ["--contenders", "naftiko", "nginx", "--peer", f"made-up={sys.executable} {script} {{file}}"]
    command += ["--json", str(tmp_path / "out.json"), "--markdown", str(tmp_path / "out.md"), "--no-plots"]
    done = subprocess.run(
        [*command, "--into", str(page)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    contenders = found["workloads"]["rest-1k"]["contenders"]
    assert contenders["made-up"]["faults"] == [NEVER_ASKED]
    assert contenders["made-up"]["rounds"] == []
    for name in ("naftiko", "nginx"):
        assert contenders[name]["sound"], contenders[name]
        assert contenders[name]["median"]["requests_per_second"] > 10
        assert contenders[name]["median"]["cpu_us_per_request"] > 1
    targets = {target["what"]: target for target in found["targets"]}
    ours, limit = (contenders[name]["median"]["cpu_us_per_request"] for name in ("naftiko", "nginx"))
    cheap = targets["REST, 1 KB passed through, to nginx, CPU per request"]
    assert cheap["reached"]["median"] == pytest.approx(ours / limit)
    assert cheap["verdict"] == ("pass" if ours <= 8 * limit else "miss")
    assert targets["REST, 1 KB passed through, to FastAPI and httpx, requests/s"]["verdict"] == "not measured"
    written = page.read_text()
    assert written.startswith("Before\n<!-- bench: targets -->\n| target |")
    assert written.endswith("<!-- bench: end -->\nAfter\n")
    assert "old" not in written


def test_works_and_targets_name_what_there_is() -> None:
    workloads = {workload.name: workload for workload in list_workloads()}
    for workload in workloads.values():
        names = {one.name for one in workload.contenders}
        assert len(names) == len(workload.contenders)
        assert workload.baseline in names
    for target in TARGETS:
        names = {one.name for one in workloads[target.workload].contenders}
        assert {one.contender for one in (target.of, target.over, target.beyond) if one is not None} <= names
