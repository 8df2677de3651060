"""The capabilities of a reload, sent to workers."""

from __future__ import annotations

import os
from functools import partial

import pytest

from naftiko_runtime.sandbox_responses import SandboxTransport
from naftiko_runtime.secret import Secret
from naftiko_runtime.server.capability_to_serve import ServedCapability
from naftiko_runtime.workers.capability_transfer import read_capabilities, write_capabilities
from support.linked import link_plan, make_document

CLIENT = partial(SandboxTransport, {})
CAPABILITIES = [
    ServedCapability(link_plan(make_document()), {"env.TOKEN": Secret("s3cret")}, CLIENT),
    ServedCapability(link_plan(make_document(path="/other")), {}, CLIENT),
]


def test_every_reader_gets_what_was_written() -> None:
    with write_capabilities(CAPABILITIES) as file:
        copies = [os.dup(file) for _ in range(2)]  # which share a position, as those that workers are sent
    for copy in copies:
        first, second = read_capabilities(copy)
        assert (first.plan, second.plan) == tuple(one.plan for one in CAPABILITIES)
        assert first.secrets["env.TOKEN"].reveal() == "s3cret"
        assert first.open_client is second.open_client  # so that they share a client
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(copy)


def test_nothing_stays_open() -> None:
    with write_capabilities(CAPABILITIES) as file:
        assert not os.get_inheritable(file)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)
