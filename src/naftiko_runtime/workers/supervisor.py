"""Several processes that serve as one: a parent that opens the ports, starts workers, replaces and ends them.

The parent has no event loop and no thread, so that it can fork whenever it has to; see docs/adr/0010-workers.md.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import time
from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits
from naftiko_runtime.auth.nonce_cache import NonceCache
from naftiko_runtime.errors import BindError
from naftiko_runtime.server.lifecycle import ABORT_SECONDS
from naftiko_runtime.server.metrics import Books, reload_counter, start_counter
from naftiko_runtime.server.ports import Opened, Ports, check_same
from naftiko_runtime.server.reloader import log_reloaded
from naftiko_runtime.server.serve import log_stopped
from naftiko_runtime.server.signals import Orders
from naftiko_runtime.startup_signals import take_hangup
from naftiko_runtime.workers.control_channel import Channel
from naftiko_runtime.workers.fork import fork_worker, settle
from naftiko_runtime.workers.reload_transaction import Turn
from naftiko_runtime.workers.shared_status import Board
from naftiko_runtime.workers.signal_pipe import Bell, Interrupted
from naftiko_runtime.workers.worker import Post, work
from naftiko_runtime.workers.worker_handle import Member, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from naftiko_runtime.server.settings import Job, ServerSettings
    from naftiko_runtime.workers.control_channel import Message

log = logging.getLogger(__name__)
_READINGS_MAX: Final = 3
_DOUBLINGS_MAX: Final = 16


def serve_together(
    jobs: Sequence[Job],
    settings: ServerSettings,
    started: Callable[[Sequence[Opened]], None],
    again: Callable[[], Sequence[Job]],
    numbered: Callable[[int], None],
) -> int:
    """Serve documents by several workers until SIGTERM or SIGINT, as :func:`naftiko_runtime.server.serve.serve` does.

    Args:
        jobs: The documents.
        settings: The operator's choices.
        started: Told once, when every worker accepts.
        again: Reads the documents and their variables anew; called by the parent and by every worker.
        numbered: Told in each worker which one it is, from 1.

    Raises:
        ListenError: A port cannot be had; nothing was started.
        BindError: A secret cannot be sent where a document wants it.
        WorkerError: Workers end before they serve.
    """
    ports = Ports.open(jobs, settings)
    try:
        crew = _Crew(jobs, settings, ports, again, numbered)
        return crew.run(lambda: started(ports.opened))
    finally:
        ports.close()


class _Crew:
    """The parent's view of its workers."""

    def __init__(
        self,
        jobs: Sequence[Job],
        settings: ServerSettings,
        ports: Ports,
        again: Callable[[], Sequence[Job]],
        numbered: Callable[[int], None],
    ) -> None:
        self._jobs = jobs
        self._settings = settings
        self._ports = ports
        self._again = again
        self._numbered = numbered
        self._board = Board(settings.workers)
        self._books = Books(settings)
        meter = self._books.parent()
        self._count_start, self._count_reload = start_counter(meter), reload_counter(meter)
        self._nonces = NonceCache()
        self._selector = selectors.DefaultSelector()
        self._orders = Orders(self._stop, self._hurry, self._ask, settings.grace_seconds)
        self._bell = Bell()
        self._members: dict[int, Member] = {}
        self._due: dict[int, float] = dict.fromkeys(range(settings.workers), 0.0)
        """When the workers that are missing are to be started."""
        self._falls = [0] * settings.workers
        """How often in a row a worker has ended soon."""
        self._served_by: list[int | None] = [None] * settings.workers
        """Which worker accepts from the sockets of each."""
        self._started = False
        self._stopping = False
        self._fault: Exception | None = None
        self._cut = 0
        self._turns = 0
        self._turn: Turn | None = None
        self._asked = False
        self._readings = 0
        """How many more a reload may take."""

    # -- the life -----------------------------------------------------------------------------------------------------

    def run(self, started: Callable[[], None]) -> int:
        """Serve until told to stop; returns the number of requests that were cut off, as far as is known."""
        settle()
        self._selector.register(self._bell, selectors.EVENT_READ, self._bell.silence)
        try:
            with self._bell.hung():
                self._live(started)
        finally:
            self._forsake()
        if self._fault is not None:
            raise self._fault
        log_stopped(self._cut)
        return self._cut

    def _live(self, started: Callable[[], None]) -> None:
        while self._members or self._due:
            self._start_missing()
            for key, _ in self._selector.select(self._patience()):
                key.data()
            for number in self._bell.heard():
                self._orders.signalled(number)
            if not self._started and not self._stopping and self._all_ready():
                self._started = True
                started()
                if take_hangup():
                    self._orders.signalled(signal.SIGHUP)
            self._go_on_reloading()
            self._kill_late()

    def _all_ready(self) -> bool:
        return not self._due and all(member.ready for member in self._members.values())

    def _patience(self) -> float | None:
        """How long nothing has to be done unless something happens."""
        times = [member.deadline for member in self._members.values()]
        times += self._due.values() if self._turn is None else [self._turn.deadline]
        soonest = min(times, default=float("inf"))
        return None if soonest == float("inf") else max(0.0, soonest - time.monotonic())

    def _stop(self) -> None:
        """Readiness falls for all at once; then each one drains as a single process does."""
        self._stopping = True
        self._board.stop()
        self._due.clear()
        self._ports.close()
        if self._turn is not None and not self._turn.committed:
            self._turn.give_up("stopping")
        self._turn, self._asked = None, False
        self._tell_all("drain", self._drained_by())

    def _hurry(self) -> None:
        self._tell_all("hurry", self._drained_by(waiting=False))

    def _drained_by(self, *, waiting: bool = True) -> float:
        """When a worker that begins to drain now must have ended."""
        linger = self._settings.linger_seconds if self._settings.control else 0.0
        waits = linger + self._settings.grace_seconds if waiting else 0.0
        return time.monotonic() + waits + ABORT_SECONDS + limits.WORKER_END_SECONDS

    def _tell_all(self, word: str, deadline: float) -> None:
        for member in self._members.values():
            member.deadline = deadline
            member.channel.send(word)

    def _kill_late(self) -> None:
        now = time.monotonic()
        for member in self._members.values():
            if member.deadline <= now:
                log.error("worker does not answer", extra=member.told)
                member.deadline = float("inf")
                os.kill(member.pid, signal.SIGKILL)

    # -- starting -----------------------------------------------------------------------------------------------------

    def _start_missing(self) -> None:
        if self._turn is not None:  # whoever starts now would begin with what may be replaced in a moment
            return
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            del self._due[number]
            self._start(number)

    def _start(self, number: int) -> None:
        try:
            ours, theirs = Channel.pair()
            pid = fork_worker(lambda: self._begin(number, ours, theirs))
        except OSError as error:  # no room for another process, or for its files
            self._not_started(number, error)
            return
        theirs.close()
        now = time.monotonic()
        member = Member(number, pid, ours, now, now + limits.WORKER_START_SECONDS)
        self._members[number] = member
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear(member))

    def _not_started(self, number: int, error: OSError) -> None:
        reason = os.strerror(error.errno or 0)
        if self._started and self._members:
            pause = self._pause(number)
            log.error("worker not started", extra={"worker": number + 1, "reason": reason, "restart_seconds": pause})
        else:
            self._give_up(WorkerError(f"worker {number + 1} cannot be started: {reason}"))

    def _begin(self, number: int, ours: Channel, theirs: Channel) -> Coroutine[object, object, None]:
        """In the worker: leave what is the parent's, and serve."""
        self._numbered(number + 1)
        self._forsake()
        ours.close()
        self._ports.close(but=number)
        return work(
            Post(number, self._ports, self._board, self._books, self._nonces, theirs),
            self._jobs,
            self._settings,
            self._again,
        )

    def _forsake(self) -> None:
        """Close what only a parent needs, without a word to the workers."""
        self._selector.close()
        self._bell.close()
        for member in self._members.values():
            member.channel.close()

    # -- what workers say ---------------------------------------------------------------------------------------------

    def _hear(self, member: Member) -> None:
        message = member.channel.receive()
        if message is None:
            self._ended(member)
            return
        match message.word:
            case "ready":
                self._accepts(member)
            case "failed":
                member.reason = message.fields["reason"]
            case "leaving":
                member.leaving, member.ready = True, False
                if not self._stopping:
                    member.deadline = self._drained_by()
                    self._hand_over(member.number)
            case "stopped":
                member.cut = message.fields["cut"]
            case _:
                self._hear_of_reload(member, message)

    def _accepts(self, member: Member) -> None:
        member.ready = True
        if not self._stopping:
            member.deadline = float("inf")
        self._count_start()
        log.info("worker started", extra=member.told)
        for number, server in enumerate(self._served_by):
            if number == member.number and server is not None:
                self._members[server].channel.send("release", worker=number)
            if number == member.number:
                self._served_by[number] = number
            elif server is None and self._started and not self._stopping:
                self._adopt(number, member)

    def _hand_over(self, gone: int) -> None:
        """Let others accept from the sockets that a worker accepted from, so that no caller waits for its successor."""
        heir = next((m for m in self._members.values() if m.ready and m.number != gone), None)
        for number, server in enumerate(self._served_by):
            if server == gone:
                self._served_by[number] = None
                if heir is not None and not self._stopping:
                    self._adopt(number, heir)

    def _adopt(self, number: int, heir: Member) -> None:
        self._served_by[number] = heir.number
        for index, listening in enumerate(self._ports.sets[number]):
            heir.channel.send("adopt", file=listening.fileno(), worker=number, listener=index)

    # -- ending -------------------------------------------------------------------------------------------------------

    def _ended(self, member: Member) -> None:
        self._selector.unregister(member.channel)
        member.channel.close()
        _, status = os.waitpid(member.pid, 0)
        del self._members[member.number]
        self._board.set_ready(member.number, ready=False)
        if self._turn is not None:
            self._turn.left(member.number)
        self._hand_over(member.number)
        if not self._stopping:
            self._replace(member, os.waitstatus_to_exitcode(status))
        elif self._fault is None:
            if member.cut is None:
                log.warning("worker ended", extra=member.told | {"status": os.waitstatus_to_exitcode(status)})
            self._cut += 1 if member.cut is None else member.cut

    def _replace(self, member: Member, status: int) -> None:
        """Start another one; but end when none is left that serves, and none can begin to."""
        able = member.ready or member.leaving
        if not able and not (self._started and self._members):
            self._give_up(member.fault(status))
            return
        if able and time.monotonic() - member.born >= limits.WORKER_STEADY_SECONDS:
            self._falls[member.number] = -1
        told: dict[str, object] = {"status": status, "restart_seconds": self._pause(member.number)}
        told |= {"reason": member.reason} if member.reason is not None else {}
        log.warning("worker ended", extra=member.told | told)

    def _pause(self, number: int) -> float:
        """Let a worker be started soon, later each time; returns in how many seconds."""
        falls = self._falls[number] = self._falls[number] + 1
        grown = limits.WORKER_PAUSE_SECONDS * 2.0 ** min(falls - 1, _DOUBLINGS_MAX)
        pause = min(grown, limits.WORKER_PAUSE_SECONDS_MAX) if falls else 0.0
        self._due[number] = time.monotonic() + pause
        return pause

    def _give_up(self, fault: Exception) -> None:
        """End with all that there is."""
        self._fault = fault
        self._stop()
        self._hurry()

    # -- reloading ----------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        self._asked, self._readings = not self._stopping, _READINGS_MAX

    def _go_on_reloading(self) -> None:
        if self._turn is not None:
            self._look_at_turn(self._turn)
        if self._turn is None and self._asked and all(m.ready or m.leaving for m in self._members.values()):
            self._asked = False
            self._readings -= 1
            self._reload()

    def _reload(self) -> None:
        try:
            jobs = self._bell.interruptibly(self._again)
            check_same(self._jobs, jobs)
        except BindError as error:
            self._not_reloaded(str(error))
        except Interrupted:
            return
        except Exception:  # a fault of ours, which must not end what is served
            self._count_reload("failed")
            log.exception("not reloaded")
        else:
            self._turns += 1
            self._turn = Turn(self._turns, jobs, {n: m.channel for n, m in self._members.items() if m.ready})
            self._look_at_turn(self._turn)

    def _hear_of_reload(self, member: Member, message: Message) -> None:
        if self._turn is not None:
            self._turn.heard(member.number, message)

    def _look_at_turn(self, turn: Turn) -> None:
        if not turn.done and turn.deadline <= time.monotonic():
            for number in turn.late():
                self._members[number].deadline = 0.0
        if not turn.done:
            return
        self._turn = None
        if turn.fault is None:
            self._jobs = turn.jobs
            settle()
            self._count_reload("reloaded")
            log_reloaded(turn.jobs, turn.in_progress)
        elif turn.changed and self._readings > 0:
            self._asked = True
        else:
            self._not_reloaded(turn.fault)

    def _not_reloaded(self, reason: str) -> None:
        self._count_reload("failed")
        log.error("not reloaded", extra={"reason": reason})
