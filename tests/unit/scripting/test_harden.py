"""The rights and the priority of the processes for scripts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from naftiko_runtime.scripting.pool import ScriptPool
from naftiko_runtime.scripting.script_program import LANGUAGES

if TYPE_CHECKING:
    import pytest


def list_children(pid: int) -> list[int]:
    return [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def check_rights(pid: int) -> None:
    process = Path(f"/proc/{pid}")
    assert (process / "environ").read_bytes() == b""
    assert str((process / "cwd").readlink()) == "/"
    assert (os.getpgid(pid), os.getsid(pid)) == (pid, os.getsid(0))
    assert "NoNewPrivs:\t1\n" in (process / "status").read_text()
    limits = (process / "limits").read_text().splitlines()
    for name in ("Max open files", "Max processes", "Max file size", "Max core file size"):
        assert [line.split()[-3:-1] for line in limits if line.startswith(name)] == [["0", "0"]], name
    opened = [str(one.readlink()) for one in (process / "fd").iterdir()]
    assert [
        one for one in opened if not one.startswith(("/dev/null", "pipe:", "/memfd", "anon_inode", "socket:"))
    ] == []


def check_priority(pid: int) -> None:
    lowered = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 15)
    threads = [int(one.name) for one in Path(f"/proc/{pid}/task").iterdir()]
    assert {os.getpriority(os.PRIO_PROCESS, one) for one in (*threads, *list_children(pid))} == {lowered}


async def test_a_process_has_no_rights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_OF_THE_OPERATOR", "x")
    inherited = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(inherited, True)
    pool = ScriptPool()
    try:
        await pool.start(LANGUAGES)
        for pid in pool.list_processes():
            check_rights(pid)
            check_priority(pid)
    finally:
        os.close(inherited)
        await pool.close()
