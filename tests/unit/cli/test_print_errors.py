"""Error messages for wrong usage, and for files that cannot be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from naftiko_runtime.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_command_the_help_is_printed_once() -> None:
    ended = CliRunner().invoke(main, ["export"])
    assert ended.exit_code == 2
    assert ended.stderr.count("Usage:") == 1
    assert "error:" not in ended.stderr


@pytest.mark.parametrize("text", ["", "capability: [", "just text", "naftiko: 1.0.0-alpha2\n"])
def test_only_with_skip_broken_it_is_listed_what_is_not_served(text: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    ended = CliRunner().invoke(main, ["run", str(file)])
    assert (ended.exit_code, "Not served" in ended.stderr) == (1, False)
    assert "error[" in ended.stderr
    ended = CliRunner().invoke(main, ["run", "--skip-broken", str(file)])
    assert (ended.exit_code, "Not served" in ended.stderr) == (1, True)
