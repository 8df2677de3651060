"""The messages between the supervisor and a worker."""

from __future__ import annotations

from naftiko_runtime.workers.control_channel import ControlChannel


def test_a_peer_that_exited_or_is_stuck_does_not_block() -> None:
    ours, theirs = ControlChannel.open_pair()
    sent = [ours.send("drain", reason="x" * 1000) for _ in range(10_000)]
    assert (sent[0], sent[-1]) == (True, False)
    message = theirs.receive()
    assert message is not None
    assert message.kind == "drain"
    theirs.close()
    assert not ours.send("drain")
    assert ours.receive() is None
    ours.close()


def test_messages_of_a_peer_that_ended_with_messages_unread_arrive() -> None:
    ours, theirs = ControlChannel.open_pair()
    ours.send("drain")
    theirs.send("leaving")
    theirs.send("stopped")
    theirs.close()
    kinds = [message and message.kind for message in (ours.receive(), ours.receive(), ours.receive())]
    assert kinds == ["leaving", "stopped", None]
    ours.close()


def test_a_peer_that_has_ended_differs_from_one_that_does_not_read() -> None:
    ours, theirs = ControlChannel.open_pair()
    while ours.send("drain"):
        pass
    ended = [ours.ended]
    theirs.close()
    sent = ours.send("drain")
    assert (sent, [*ended, ours.ended]) == (False, [False, True])
    ours.close()


def test_a_text_that_is_too_long_is_cut() -> None:
    ours, theirs = ControlChannel.open_pair()
    ours.send("failed", reason="\N{GRINNING FACE}" * 20_000)
    message = theirs.receive()
    assert message is not None
    assert message.fields["reason"] == "\N{GRINNING FACE}" * 8192
    ours.close()
    theirs.close()
