"""The ``naftiko`` command, run to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SECONDS = 30


def make_clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what the runtime would read of it."""
    read = ("NAFTIKO_", "SEGMENT_", "GITHUB_", "NO_COLOR", "FORCE_COLOR", "OTEL_", "SSL_CERT_")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(read) and not k.lower().endswith("_proxy")}
    return inherited | dict(more or {})


def run_naftiko(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "naftiko_runtime", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        env=make_clean_environment(environment),
        cwd=cwd,
        **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),
    )
