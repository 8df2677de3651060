"""Runs documents in this one process until a signal says otherwise."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from naftiko_runtime.exposes.control.app import control_app
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.server.deployment import Generation
from naftiko_runtime.server.lifecycle import Life
from naftiko_runtime.server.metrics import Account, Books, reload_counter
from naftiko_runtime.server.ports import Opened, Ports
from naftiko_runtime.server.reloader import Reloader, Succession
from naftiko_runtime.server.signals import Orders
from naftiko_runtime.startup_signals import take_hangup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from naftiko_runtime.server.settings import Job, ServerSettings

log = logging.getLogger(__name__)


async def serve(
    jobs: Sequence[Job],
    settings: ServerSettings,
    started: Callable[[Sequence[Opened]], None],
    again: Callable[[], Sequence[Job]],
) -> int:
    """Serve documents until SIGTERM or SIGINT, then drain. SIGHUP reads them anew.

    Args:
        jobs: The documents.
        settings: The operator's choices.
        started: Told once, when every listener accepts.
        again: Reads the documents and their variables anew, in a thread; raises :class:`BindError` for what is wrong.

    Returns:
        How many requests had to be cut off.

    Raises:
        ListenError: A port cannot be had; nothing was started.
        BindError: A secret cannot be sent where a document wants it.
    """
    ports = Ports.open(jobs, settings)
    async with AsyncExitStack() as stack:
        stack.callback(ports.close)
        books = Books(settings)
        account = Account(books, 1, settings, jobs)
        stack.push_async_callback(account.close)
        generation = Generation(jobs, settings, observer=account.observer)
        await generation.open()
        gc.freeze()  # what is loaded stays: no collection looks at it again
        ready = asyncio.Event()
        meter = account.meter
        listeners = [Listener(s, service, meter) for s, service in zip(ports.sets[0], generation.services, strict=True)]
        control = Listener(ports.control, AppConfig(control_app(ready.is_set, account.told))) if ports.control else None
        succession = Succession(generation, listeners, settings, observer=account.observer)
        reloader = Reloader(succession, jobs, again, reload_counter(books.parent()))
        stack.push_async_callback(reloader.close)
        life = Life(listeners, control, ready, settings, account.tell)
        orders = Orders(life.stop, life.hurry, reloader.ask, settings.grace_seconds)
        loop = asyncio.get_running_loop()
        for number in orders.numbers:
            loop.add_signal_handler(number, orders.signalled, number)

        def begun() -> None:
            started(ports.opened)
            if take_hangup():
                orders.signalled(signal.SIGHUP)

        try:
            cut = await life.until_stopped(begun)
        finally:
            for number in orders.numbers:
                loop.remove_signal_handler(number)
    log_stopped(cut)
    return cut


def log_stopped(cut: int) -> None:
    """The last line of a run."""
    log.log(logging.WARNING if cut else logging.INFO, "stopped", extra={"cut_off": cut})
