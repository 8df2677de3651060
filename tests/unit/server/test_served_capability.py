"""What tells whether two processes have loaded the same."""

from __future__ import annotations

from functools import partial

from naftiko_runtime.secret import Secret
from naftiko_runtime.server.served_capability import ServedCapability, content_digest
from naftiko_runtime.transport.sandbox import SandboxTransport
from support.linked import document, plan


def capabilities(token: str) -> list[ServedCapability]:
    return [ServedCapability(plan(document()), {"kept.TOKEN": Secret(token)}, partial(SandboxTransport, {}), "digest")]


def test_a_digest_is_of_files_and_values() -> None:
    (one,) = capabilities("first")
    assert content_digest([one]) == content_digest(capabilities("first"))
    assert content_digest([one]) != content_digest(capabilities("second"))
    assert content_digest([one]) != content_digest([ServedCapability(one.plan, one.secrets, one.open_client, "other")])
