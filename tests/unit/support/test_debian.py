from __future__ import annotations

import pytest

from support.debian import skip_or_fail


def test_what_is_missing_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="needs wrk"):
        skip_or_fail("needs wrk")


def test_what_is_missing_skips_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs wrk"):
        skip_or_fail("needs wrk")
