"""What a process sends is not trusted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from msgspec import json

from naftiko_runtime.scripting.engine import EngineFailure
from naftiko_runtime.scripting.messages import FAILURE_BYTES_MAX, REPLY_HEAD, ReplyKind, ScriptFailure
from naftiko_runtime.scripting.worker_process import ScriptWorkerError, WorkerProcess

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from asyncio.subprocess import Process


@pytest.fixture
async def replies() -> asyncio.StreamReader:
    return asyncio.StreamReader()


def make_worker(replies: asyncio.StreamReader) -> WorkerProcess:
    """A worker that only receives."""
    return WorkerProcess(cast("Process", None), replies, cast("StreamWriter", None))


async def test_a_cancelled_receive_goes_on_with_the_same_reply(replies: asyncio.StreamReader) -> None:
    worker = make_worker(replies)
    hostile_body = REPLY_HEAD.pack(ReplyKind.RESULT, 1) + b"9"  # would be a reply of its own
    replies.feed_data(REPLY_HEAD.pack(ReplyKind.RESULT, len(hostile_body)))
    receiving = asyncio.ensure_future(worker.receive(100))
    await asyncio.sleep(0)
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    replies.feed_data(hostile_body + REPLY_HEAD.pack(ReplyKind.RESULT, 1) + b"2")
    assert await worker.receive(100) == hostile_body
    assert await worker.receive(100) == b"2"


async def test_a_failure_is_raised(replies: asyncio.StreamReader) -> None:
    for kind, fatal in ((ReplyKind.FAILED, False), (ReplyKind.LAST, True)):
        body = json.encode(ScriptFailure("exception", "why"))
        replies.feed_data(REPLY_HEAD.pack(kind, len(body)) + body)
        with pytest.raises(EngineFailure) as caught:
            await make_worker(replies).receive(100)
        assert (caught.value.kind, caught.value.reason, caught.value.fatal) == ("exception", "why", fatal)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"", "it ended"),
        (b"\x01\x00", "it ended"),
        (REPLY_HEAD.pack(ReplyKind.RESULT, 5) + b"1", "it ended"),
        (REPLY_HEAD.pack(ReplyKind.RESULT, 101) + b"1" * 101, "its reply is too large"),
        (REPLY_HEAD.pack(ReplyKind.RESULT, 2**32 - 1), "its reply is too large"),
        (REPLY_HEAD.pack(ReplyKind.FAILED, FAILURE_BYTES_MAX + 1), "its reply is too large"),
        (REPLY_HEAD.pack(9, 1) + b"1", "it sent an invalid reply"),
        (REPLY_HEAD.pack(ReplyKind.FAILED, 2) + b"{}", "it sent an invalid reply"),
        (REPLY_HEAD.pack(ReplyKind.LAST, 2) + b"[[", "it sent an invalid reply"),
        (REPLY_HEAD.pack(ReplyKind.READY, 0), "it sent an invalid reply"),
    ],
)
async def test_what_is_no_reply_is_an_error(sent: bytes, message: str, replies: asyncio.StreamReader) -> None:
    replies.feed_data(sent)
    replies.feed_eof()
    with pytest.raises(ScriptWorkerError, match=f"^{message}$"):
        await make_worker(replies).receive(100)
