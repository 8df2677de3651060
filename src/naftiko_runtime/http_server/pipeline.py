"""The requests of one connection; one runs at a time, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from naftiko_runtime.http_server.options_request import SERVER_OPTIONS
from naftiko_runtime.http_server.run_app import run_app

if TYPE_CHECKING:
    from naftiko_runtime.http_server.exchange import ServerExchange
    from naftiko_runtime.http_server.listener_state import ListenerState


class Pipeline:
    """Runs the application for the first request; later requests wait.

    Attributes:
        last: The request that arrived last; None before the first.
        current: The request that is running, or ran last.
    """

    __slots__ = ("_listener", "_loop", "_task", "_waiting", "current", "last")

    def __init__(self, listener: ListenerState, loop: asyncio.AbstractEventLoop) -> None:
        self._listener = listener
        self._loop = loop
        self._waiting: deque[ServerExchange] = deque()
        self._task: asyncio.Task[None] | None = None
        self.last: ServerExchange | None = None
        self.current: ServerExchange | None = None

    def is_idle(self) -> bool:
        """Return whether every request has its complete response."""
        return self.last is None or self.last.response_complete

    def is_full(self) -> bool:
        """Return whether no further request may wait."""
        return len(self._waiting) >= self._listener.limits.requests_waiting_max

    def has_waiting(self) -> bool:
        """Return whether a request waits for the ones before it."""
        return bool(self._waiting)

    def add(self, exchange: ServerExchange) -> bool:
        """Run a request, or let it wait; return whether it waits."""
        waits = self.last is not None and not self.last.response_complete
        self.last = exchange
        if waits:
            self._waiting.append(exchange)
        else:
            self._start(exchange)
        return waits

    def start_next(self) -> bool:
        """Run the next request; return whether there is one."""
        if not self._waiting:
            return False
        self._start(self._waiting.popleft())
        return True

    def _start(self, exchange: ServerExchange) -> None:
        config = self._listener.config if exchange.scope["raw_path"] != b"*" else SERVER_OPTIONS
        # Not in the context of what happens now, which may be that of the request before. With a name, which would
        # otherwise be made up for each; uvloop's `create_task` sets one only after that.
        listener = self._listener
        context = listener.context.copy()
        task = asyncio.Task(run_app(exchange, config), loop=self._loop, name="request", context=context)
        task.add_done_callback(listener.tasks.discard)
        listener.tasks.add(task)
        self._task, self.current = task, exchange

    def drop_waiting(self) -> None:
        """Drop the requests that wait."""
        self._waiting.clear()

    def cancel(self) -> None:
        """Cancel the running request and drop all others: the caller has disconnected."""
        current, task = self.current, self._task
        if current is not None and task is not None and not current.response_complete:
            current.disconnected = True
            current.notify()
            task.cancel()
        self._waiting.clear()
        self._task = self.current = self.last = None
