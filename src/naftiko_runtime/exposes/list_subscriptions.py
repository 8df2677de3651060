"""Tells the clients that listen which lists of a server have changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Self

LISTS: Final = ("tools", "prompts", "resources")
"""The lists that can change."""


class TooManySubscriptionsError(Exception):
    """No further client can listen."""


class ListChanges:
    """The clients of this process that listen, by topic: the name of an endpoint that outlives reloads."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._number = 0
        self._ended = False

    def subscribe(self, topic: str, lists: Iterable[str]) -> Subscription:
        """Return a new subscription to some lists. It begins when its context is entered.

        Raises:
            TooManySubscriptionsError: There are too many.
        """
        if self._number >= limits.SUBSCRIPTIONS_MAX:
            raise TooManySubscriptionsError
        return Subscription(self, topic, frozenset(lists))

    def publish(self, changed: Mapping[str, frozenset[str]]) -> None:
        """Tell the listeners of each topic which lists have changed."""
        for topic, lists in changed.items():
            for subscription in self._subscriptions.get(topic, ()):
                subscription.add(lists)

    def end(self) -> None:
        """End all subscriptions, because the process stops."""
        self._ended = True
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.end()

    def add(self, subscription: Subscription) -> None:
        """Begin a subscription."""
        self._subscriptions.setdefault(subscription.topic, set()).add(subscription)
        self._number += 1
        if self._ended:
            subscription.end()

    def remove(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        others = self._subscriptions[subscription.topic]
        others.discard(subscription)
        self._number -= 1
        if not others:
            del self._subscriptions[subscription.topic]


class Subscription:
    """What one client listens to. At most one change of each list waits for a slow client.

    Attributes:
        topic: The endpoint.
        lists: The lists that the client asked for.
    """

    def __init__(self, owner: ListChanges, topic: str, lists: frozenset[str]) -> None:
        self.topic = topic
        self.lists = lists
        self._owner = owner
        self._changed: set[str] = set()
        self._ended = False
        self._woken = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, lists: frozenset[str]) -> None:
        """Note changed lists."""
        if found := lists & self.lists:
            self._changed |= found
            self._woken.set()

    def end(self) -> None:
        """End it: nothing more will come."""
        self._ended = True
        self._woken.set()

    def end_after(self, seconds: float) -> None:
        """End it in some time."""
        self._timer = asyncio.get_running_loop().call_later(seconds, self.end)

    async def wait(self, seconds: float) -> list[str] | None:
        """Return the lists that have changed, in order. None at the end; empty if nothing happens for some time."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return []
        if self._ended:
            return None
        self._woken.clear()
        changed, self._changed = self._changed, set()
        return [name for name in LISTS if name in changed]

    def __enter__(self) -> Self:
        self._owner.add(self)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._owner.remove(self)
        if self._timer is not None:
            self._timer.cancel()
