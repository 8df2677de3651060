from __future__ import annotations

import gzip
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.upstream.content_decoding import decompress, list_codings

MAX = 1_000_000


def packed(data: bytes, coding: bytes) -> bytes:
    return zlib.compress(data) if coding == b"deflate" else gzip.compress(data, mtime=0)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("lines", "applied"),
    [
        ([b"gzip"], [b"gzip"]),
        ([b" GZip , deflate,"], [b"gzip", b"deflate"]),
        ([b"gzip", b"x-gzip"], [b"gzip", b"x-gzip"]),
        ([b"identity", b"gzip"], [b"gzip"]),
        ([b"", b"gzip"], [b"gzip"]),
        ([b"UTF-8"], []),
        ([b"none, ISO-8859-1, 8bit, *"], []),
        ([b"br"], [b"br"]),
        ([], []),
    ],
)
def test_all_lines_name_codings_and_what_is_none_is_passed_over(lines: list[bytes], applied: list[bytes]) -> None:
    assert list_codings([(b"content-type", b"gzip"), *((b"content-encoding", line) for line in lines)]) == applied


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.binary(max_size=20))
def test_all_members_of_a_gzip_file_are_read(parts: list[bytes], garbage: bytes) -> None:
    members = b"".join(map(gzip.compress, parts))
    tail = b"" if garbage.lstrip(b"\0").startswith(b"\x1f\x8b") else garbage
    assert decompress(members + tail, [b"gzip"], MAX) == b"".join(parts)
    assert decompress(b"\0".join(map(gzip.compress, parts)), [b"gzip"], MAX) == b"".join(parts)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.data())
def test_a_gzip_file_that_is_cut_off_is_an_error(parts: list[bytes], data: st.DataObject) -> None:
    members = [gzip.compress(part, mtime=0) for part in parts]
    kept = data.draw(st.integers(2, len(members[-1]) - 1))
    with pytest.raises(UpstreamError, match="compressed data"):
        decompress(b"".join(members[:-1]) + members[-1][:kept], [b"gzip"], MAX)


@given(st.binary(min_size=1), st.lists(st.sampled_from([b"gzip", b"x-gzip", b"deflate"]), max_size=5))
def test_codings_are_undone_from_the_last_to_the_first(data: bytes, applied: list[bytes]) -> None:
    body = data
    for name in applied:
        body = packed(body, name)
    assert decompress(body, applied, MAX) == data


@given(st.binary())
def test_deflate_is_read_with_and_without_its_frame(data: bytes) -> None:
    for body in (zlib.compress(data), raw_deflate(data), gzip.compress(data, mtime=0)):
        assert decompress(body, [b"deflate"], MAX) == data


@pytest.mark.parametrize(
    ("body", "applied", "words"),
    [
        (b"x", [b"br"], "not requested"),
        (gzip.compress(b"x", mtime=0), [b"zstd", b"gzip"], "not requested"),
        (b"plain", [b"gzip"], "compressed data"),
        (zlib.compress(b"x")[:-2], [b"deflate"], "compressed data"),
        (raw_deflate(b"x" * 100)[:-2], [b"deflate"], "compressed data"),
        (gzip.compress(b"x", mtime=0)[:-8] + b"\0" * 8, [b"gzip"], "compressed data"),
        (gzip.compress(b"x" * (MAX + 1), mtime=0), [b"gzip"], "exceeds the limit"),
        (gzip.compress(b"x" * MAX, mtime=0) + gzip.compress(b"x", mtime=0), [b"gzip"], "exceeds the limit"),
        (gzip.compress(gzip.compress(b"x" * (MAX + 1), mtime=0), mtime=0), [b"gzip", b"gzip"], "exceeds the limit"),
        (gzip.compress(b"x", mtime=0), [b"gzip"] * 6, "more than 5 content codings"),
    ],
)
def test_an_unsupported_coding_is_an_error(body: bytes, applied: list[bytes], words: str) -> None:
    with pytest.raises(UpstreamError, match=words):
        decompress(body, applied, MAX)


def test_very_many_members_take_a_bounded_time() -> None:
    began = time.process_time()
    with pytest.raises(UpstreamError, match="more than 100,000 gzip members"):
        decompress(gzip.compress(b"", mtime=0) * 500_000, [b"gzip"], MAX)
    assert time.process_time() - began < 10
