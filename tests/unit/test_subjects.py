"""What requests are counted under, and that callers cannot make more of it than there is."""

from __future__ import annotations

from naftiko_runtime.telemetry.metrics import SERVED, Meter
from naftiko_runtime.telemetry.observer import Subject
from naftiko_runtime.telemetry.page import Page


def subject() -> tuple[Subject, Page]:
    page = Page(1)
    return Subject(SERVED, "server", "/things", {}, meter=Meter(page.ledger(0)), traced=True), page


def test_a_request_finds_what_the_first_of_its_kind_made() -> None:
    asked, _ = subject()
    assert asked["GET"][200] is asked["GET"][200]
    assert asked["GET"][200] is not asked["GET"][404]
    assert asked["GET"][200] is not asked["PUT"][200]
    assert asked[""][""] is asked[""][""]


def test_methods_that_callers_invent_are_one() -> None:
    asked, page = subject()
    series = {id(asked[f"METHOD{number}"][200]) for number in range(1000)}
    assert (len(series), set(asked)) == (1, {"_OTHER"})
    assert [key for _, key, _ in page.entries() if key.startswith(SERVED.name)] == [
        f'{SERVED.name}\0http_request_method="_OTHER",http_response_status_code="200"'
    ]
