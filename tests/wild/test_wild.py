"""Real-world files: the product serves them, and the measurement notices faults."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from support.rawserver import ReceivedRequest
from wild.author import understand
from wild.expected import Caller
from wild.judge import faults
from wild.measure import ORACLE_FAILED
from wild.oracle import Meaning
from wild.report import Totals
from wild.run import main, totals
from wild.verdict import FileReport, Verdict

if TYPE_CHECKING:
    from wild.expected import Expected
    from wild.verdict import Kind

SAMPLES = Path(__file__).parent / "samples"
SERVED_MIN = 0.99
"""The share of the corpus' callable operations that is served today. Only ever raised."""


def verdicts(found: Totals, file: str) -> dict[str, Verdict]:
    return {f"{v.expose} {v.operation}": v for v in found.verdicts if v.file == file}


def test_files_written_by_others_mean_what_their_authors_meant(corpus_totals: Totals) -> None:
    assert not corpus_totals.crashes
    assert not corpus_totals.of("wrong")
    assert not [v for v in corpus_totals.of("unjudged") if v.reason.startswith(ORACLE_FAILED)]
    assert corpus_totals.served >= SERVED_MIN


async def test_a_sound_file_is_served_whole() -> None:
    found = await totals(SAMPLES)
    assert Counter(v.kind for v in verdicts(found, "served.yml").values()) == {"served": 14}


async def test_a_consumed_head_is_served_although_its_response_has_a_length_and_no_body() -> None:
    head = verdicts(await totals(SAMPLES), "head.yml")
    assert {name: (v.kind, v.reason) for name, v in head.items()} == dict.fromkeys(head, ("served", ""))


async def test_a_refusal_is_laid_to_the_operation_it_concerns() -> None:
    refused = verdicts(await totals(SAMPLES), "refused.yml")
    concerned, bystander = refused["rest rest-api GET /b"], refused["rest rest-api GET /a"]
    assert (concerned.kind, concerned.own) == ("refused", True)
    assert [refusal.rule for refusal in concerned.refusals] == ["unbound-variable"]
    assert bystander.kind == "served"


async def test_what_has_no_host_is_set_apart_and_called_with_one() -> None:
    apart = verdicts(await totals(SAMPLES), "apart.yml")
    assert [(v.kind, v.with_base_uri) for v in apart.values()] == [("no-host", "served")] * 2


async def test_bound_base_uris_are_callable() -> None:
    bound = verdicts(await totals(SAMPLES), "bound.yml")
    assert {name: (v.kind, v.reason) for name, v in bound.items()} == dict.fromkeys(bound, ("served", ""))
    assert len(bound) == 4


async def test_the_later_spelling_and_imports_are_understood() -> None:
    later = verdicts(await totals(SAMPLES), "later.yml")
    kinds = {name.rpartition(" ")[2]: verdict.kind for name, verdict in later.items()}
    assert kinds["gone"] == kinds["misnamed"] == "no-operation"
    assert kinds["fixed"] == "mock"
    assert {kinds["find"], kinds["ref"]} <= {"served", "refused"}


def test_the_command_writes_its_report(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    result = CliRunner().invoke(main, [str(SAMPLES), "--json", str(out), "--verbose", "--limit", "2"])
    assert result.exit_code == 0, result.output
    assert "no-host, once given a base URI: {'served': 2}" in result.output
    assert json.loads(out.read_text())["counts"]["no-host"] == 2


@pytest.mark.parametrize(("kind", "status"), [("served", 0), ("refused", 0), ("wrong", 1), ("crash", 1)])
def test_the_exit_status_reflects_failures(kind: Kind, status: int) -> None:
    found = Totals([FileReport("x.yml", [Verdict("x.yml", 1, "rest api", "GET /", kind)])])
    assert found.exit_status == status


# -- that the judge sees every kind of fault ------------------------------------------------------------------------

VALUES: dict[str, Any] = {
    "item-id": "7 ü/&+",
    "X-Trace": "t ü",
    "session": "s/1",
    "filter[tag]": ["a b", "c"],
    "limit": 3,
}
RIGHT = ReceivedRequest(
    b"GET /v1/items/7%20%C3%BC%2F%26%2B?filter%5Btag%5D=a%20b&filter%5Btag%5D=c&limit=3&api%20key=KEY HTTP/1.1",
    ((b"host", b"h"), (b"x-trace", "t ü".encode()), (b"cookie", b"session=s/1")),
    b"",
    1,
)


def meant(operation: str, values: dict[str, Any]) -> tuple[Expected, Caller]:
    author = understand(SAMPLES / "served.yml")
    exposed = next(e for e in author.exposed if e.kind == "rest" and e.own["name"] == operation)
    call = exposed.calls()[0]
    caller = Caller(values)
    return Meaning(exposed, call, author.consumed[call["call"]], caller, str).expected(), caller


def test_the_right_request_has_no_fault() -> None:
    expected, caller = meant("get-item", VALUES)
    assert list(faults(expected, RIGHT, caller)) == []


def line(old: bytes, new: bytes) -> ReceivedRequest:
    assert old in RIGHT.line
    return replace(RIGHT, line=RIGHT.line.replace(old, new))


@pytest.mark.parametrize(
    ("received", "fault"),
    [
        pytest.param(line(b"GET", b"POST"), "method POST", id="method"),
        pytest.param(line(b"/v1/", b"/"), "path /items", id="base path"),
        pytest.param(line(b"%2F", b"/"), "path /v1", id="slash in a value"),
        pytest.param(line(b"%C3%BC", b"%FC"), "path /v1", id="encoding"),
        pytest.param(line(b"&limit=3", b""), "lacks limit=3", id="query lost"),
        pytest.param(line(b"&limit=3", b"&limit=3&limit=3"), "more than was meant", id="query twice"),
        pytest.param(line(b"tag%5D=c", b"tag%5D=d"), "lacks filter[tag]", id="list item"),
        pytest.param(line(b"api%20key=KEY", b"api%20key=key"), "lacks api key", id="credential"),
        pytest.param(replace(RIGHT, headers=RIGHT.headers[:1]), "header x-trace is missing", id="header lost"),
        pytest.param(
            replace(RIGHT, headers=(*RIGHT.headers, (b"authorization", b"x"))), "authorization was not meant", id="leak"
        ),
        pytest.param(
            replace(RIGHT, headers=(RIGHT.headers[1], (b"cookie", b"session=s/1; callers=own"))),
            "cookies that nobody meant",
            id="cookie leak",
        ),
        pytest.param(replace(RIGHT, body=b"{}"), "a body that nobody meant", id="body"),
    ],
)
def test_a_fault_is_seen(received: ReceivedRequest, fault: str) -> None:
    expected, caller = meant("get-item", VALUES)
    assert fault in "; ".join(faults(expected, received, caller))


def sent(body: bytes, media_type: bytes = b"application/json") -> ReceivedRequest:
    return ReceivedRequest(b"PUT /v1/items/7?api%20key=KEY HTTP/1.1", ((b"content-type", media_type),), body, 1)


PUT_VALUES = {"item-id": "7", "name": "n", "price": 1.5, "sold": True}


@pytest.mark.parametrize(
    ("received", "right"),
    [
        pytest.param(sent(b'{"sold": true, "title": "n", "price": 1.5}'), True, id="right"),
        pytest.param(sent(b'{"sold": 1, "title": "n", "price": 1.5}'), False, id="boolean as number"),
        pytest.param(sent(b'{"sold": true, "title": "n", "price": "1.5"}'), False, id="number as text"),
        pytest.param(sent(b'{"sold": true, "title": "n"}'), False, id="field lost"),
        pytest.param(sent(b'{"sold": true, "title": "n", "price": 1.5}', b"text/plain"), False, id="content type"),
        pytest.param(sent(b"sold=true&title=n&price=1.5"), False, id="no JSON"),
    ],
)
def test_a_faulty_body_is_seen(received: ReceivedRequest, *, right: bool) -> None:
    expected, caller = meant("put-item", PUT_VALUES)
    assert (not list(faults(expected, received, caller))) is right


def test_an_input_that_no_caller_can_give_is_found() -> None:
    expected, caller = meant("put-item", {"item-id": "7", "price": 1.5, "sold": True})
    received = sent(b'{"sold": true, "price": 1.5}')
    assert list(faults(expected, received, caller)) == ["the caller has no way to give 'name'"]
