"""The executions of operations: a call and a mock."""

from __future__ import annotations

from naftiko_runtime.diagnostic import Span
from naftiko_runtime.plan import (
    Argument,
    Call,
    Constant,
    ConstantShape,
    Format,
    MappedResponse,
    Mock,
    OpenBody,
    Request,
    UntouchedResponse,
    Upstream,
    freeze,
)

API = Upstream("api", "https://api.example", None, Span("x.yml", 1, 1, 1, 2))
SHAPES = (ConstantShape(freeze(1)),)
REQUEST = Request(API, "api.get", "GET", ("/ships/", Argument("imo"), Constant(freeze("x"))))


def test_a_call_names_what_it_calls() -> None:
    call = Call(REQUEST, MappedResponse(Format(), SHAPES))
    (target,) = call.targets
    assert (target.operation, target.method, target.url) == ("api.get", "GET", "/ships/{imo}{…}")
    assert call.upstreams == (API,)
    assert call.shapes == SHAPES
    assert call.untouched is None


def test_a_response_that_is_passed_through_has_no_shapes() -> None:
    call = Call(REQUEST, UntouchedResponse("text/plain"))
    assert call.shapes == ()
    assert call.untouched == UntouchedResponse("text/plain")


def test_a_mapping_is_removed_unless_the_operation_is_excepted() -> None:
    call = Call(REQUEST, MappedResponse(Format(), SHAPES))
    assert call.remove_mapping(()).untouched == UntouchedResponse()
    assert call.remove_mapping({"api.get"}) is call


def test_an_open_body_is_known_without_looking_into_the_request() -> None:
    body = OpenBody("text", "text/plain")
    call = Call(Request(API, "api.put", "PUT", (), body=body, open_query=True), UntouchedResponse())
    assert call.open_body == body
    assert call.open_query


def test_a_mock_calls_nothing_and_keeps_its_mapping() -> None:
    mock = Mock(SHAPES)
    assert (mock.targets, mock.upstreams, mock.open_query, mock.open_body, mock.untouched) == (
        (),
        (),
        False,
        None,
        None,
    )
    assert mock.remove_mapping(()) is mock
