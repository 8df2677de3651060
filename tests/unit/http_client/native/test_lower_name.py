"""Names of headers in lower case."""

from __future__ import annotations

import pytest

from naftiko_runtime.http_client.native.lower_name import lower_name


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("naftiko_runtime.http_client.native.lower_name._known", {})


def test_a_frequent_name_is_the_same_object_every_time() -> None:
    assert lower_name(b"Content-Type") == b"content-type"
    assert lower_name(b"Content-Type") is lower_name(bytes(bytearray(b"Content-Type")))


def test_the_cache_is_bounded() -> None:
    names = [f"X-{number}".encode() for number in range(5000)]
    assert [lower_name(name) for name in names] == [name.lower() for name in names]
    assert lower_name(b"X-4999") is not lower_name(bytes(bytearray(b"X-4999")))
