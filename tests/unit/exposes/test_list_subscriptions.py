from __future__ import annotations

import gc
import weakref

import pytest

from naftiko_runtime import limits
from naftiko_runtime.exposes.list_subscriptions import ListChanges, TooManySubscriptionsError

HOUR = 3600.0


async def test_a_subscription_ends_after_its_time() -> None:
    with ListChanges().subscribe("ships", ["tools"]) as subscription:
        subscription.end_after(0)
        assert await subscription.wait(HOUR) is None


async def test_nothing_is_left_of_a_subscription_whose_client_leaves_before_its_time() -> None:
    changes = ListChanges()
    with changes.subscribe("ships", ["tools"]) as subscription:
        subscription.end_after(HOUR)
    left = weakref.ref(subscription)
    del subscription
    gc.collect()
    assert left() is None


def test_there_are_not_too_many_subscriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SUBSCRIPTIONS_MAX", 2)
    changes = ListChanges()
    with changes.subscribe("ships", []), changes.subscribe("crews", []), pytest.raises(TooManySubscriptionsError):
        changes.subscribe("ships", [])
    changes.subscribe("ships", [])
