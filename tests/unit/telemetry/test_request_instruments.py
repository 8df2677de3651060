"""Instruments of requests. Callers cannot create new series."""

from __future__ import annotations

from naftiko_runtime.telemetry.metrics import SERVED, Meter
from naftiko_runtime.telemetry.request_instruments import Instrument
from naftiko_runtime.telemetry.shared_metrics import SharedStore


def instrument() -> tuple[Instrument, SharedStore]:
    store = SharedStore(1)
    return Instrument(SERVED, "server", "/things", {}, Meter(store.get_region(0))), store


def test_a_request_finds_what_the_first_of_its_kind_made() -> None:
    asked, _ = instrument()
    assert asked.get_series("GET", 200) is asked.get_series("GET", 200)
    assert asked.get_series("GET", 200) is not asked.get_series("GET", 404)
    assert asked.get_series("GET", 200) is not asked.get_series("PUT", 200)
    assert asked.get_series("", "") is asked.get_series("", "")


def test_methods_that_callers_invent_are_one() -> None:
    asked, store = instrument()
    assert len({id(asked.get_series(f"METHOD{number}", 200)) for number in range(1000)}) == 1
    assert [key for _, key, _ in store.read_entries() if key.startswith(SERVED.name)] == [
        f'{SERVED.name}\0http_request_method="_OTHER",http_response_status_code="200"'
    ]
