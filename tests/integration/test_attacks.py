"""What attackers try, and what must never happen: the tests that show it, here where there is no better place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from support.caller import call
from support.gateway import Gateway
from support.mcp_faults import ERAS, MODERN, request, send
from support.mcp_streams import listen
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.upstream import Upstream

TESTS: Final = Path(__file__).parent.parent
SHOWN_BY: Final = {
    "a URI of a resource leads out of its folder": [
        "integration/test_mcp_resources.py::test_only_what_is_listed_is_there",
        "unit/test_folder_files.py::test_other_links_make_the_folder_unusable",
        "unit/test_folder_files.py::test_a_sibling_whose_name_begins_alike_is_outside",
    ],
    "a value in the URI of a resource leads to another path of the API": [
        "integration/test_mcp_resources.py::test_no_value_leaves_its_segment",
        "integration/test_mcp_resources.py::test_an_encoded_slash_stays_in_its_segment",
    ],
    "a token for another server, of another issuer or kind, or signed with a public key": [
        "integration/test_resource_server.py::test_an_invalid_token_is_refused",
        "integration/test_resource_server.py::test_a_token_in_the_query_is_none",
        "integration/test_resource_server.py::test_metadata_of_another_issuer_is_not_used",
    ],
    "a caller's token is passed on to the API": [
        "integration/test_resource_server.py::test_a_forward_never_passes_the_token_on",
        "integration/rest/test_forwarding.py::test_the_callers_credentials_stay_here",
    ],
    "a token outlives its expiry on a stream": [
        "integration/test_mcp_stream_expiry.py::test_streams_end_when_the_token_expires",
    ],
    "a second request hides behind an ambiguous one": [
        "integration/hardening/test_messages.py::test_nothing_is_smuggled_behind_an_ambiguous_request",
        "integration/hardening/test_messages.py::test_trailers_are_no_headers",
        "integration/test_framing.py::test_requests_after_an_offer_to_upgrade_get_responses",
    ],
    "a value of an argument contains a header": ["integration/test_attacks.py::test_no_argument_brings_a_header_along"],
    "the headers of a message say something else than the message": [
        "integration/mcp_faults/test_headers_and_paths.py::test_a_method_header_that_differs",
        "integration/mcp_faults/test_headers_and_paths.py::test_versions_of_header_and_envelope_that_differ",
        "integration/test_mcp_resources.py::test_the_name_header_must_be_that_of_the_uri",
    ],
    "a list, a batch or a filter is far too long": [
        "integration/test_json_limits.py::test_a_message_with_too_much_in_it_is_refused",
        "integration/test_json_limits.py::test_a_response_with_more_values_than_are_read_cannot_be_mapped",
        "integration/test_mapping_bounds.py::test_a_mapping_that_looks_at_too_much_is_an_error",
        "integration/mcp_faults/test_messages.py::test_a_batch_gets_responses_in_the_revision_with_batches",
        "integration/test_attacks.py::test_a_filter_of_very_many_resources_is_not_kept",
        "unit/exposes/mcp/test_paging.py::test_any_other_text_is_no_cursor",
    ],
    "very many clients listen": ["unit/exposes/test_list_subscriptions.py::test_there_are_not_too_many_subscriptions"],
    "tokens name very many unknown keys": [
        "integration/test_resource_server.py::test_rotated_keys_are_fetched_and_their_tokens_end",
    ],
    "a foreign web page calls a server on this machine": [
        "integration/test_web_pages.py::test_a_page_cannot_reach_a_local_route",
    ],
    "never show a secret in any output": [
        "integration/test_secrets.py::test_an_upstream_that_echoes_them_gives_nothing_away",
        "integration/test_secrets.py::test_no_spelling_of_a_secret_is_logged",
        "integration/test_secrets.py::test_spans_give_nothing_away",
        "integration/test_secrets.py::test_nothing_that_runs_represents_itself_with_a_secret",
        "unit/authentication/test_resource_server_guard.py::test_the_cache_is_bounded_and_has_no_token",
    ],
    "never give one caller's cookies, headers or results to another": [
        "integration/test_attacks.py::test_a_cookie_of_one_caller_reaches_no_other",
        "integration/test_caller_identity.py::test_each_caller_has_its_own_token_for_an_api",
        "properties/test_caller_tokens.py::test_no_token_reaches_another_caller",
        "properties/test_gateway_exchanges.py::test_no_byte_of_one_callers_exchange_is_part_of_another",
        "integration/test_mcp_streams.py::test_a_message_cancels_a_call_of_any_worker",
    ],
    "never send a request outside the baseUri because of a caller's value": [
        "integration/rest/test_forwarding.py::test_a_path_value_never_leaves_the_base",
        "properties/test_forward_properties.py::test_no_path_leaves_the_base_uri",
        "properties/test_references_properties.py::test_a_variable_in_a_host_stays_in_it",
        "properties/test_requests.py::test_a_path_keeps_its_segments",
    ],
    "never respond with success to a call that did not happen": [
        "integration/rest/test_responses.py::test_a_mapped_response_that_breaks_off_is_502",
        "integration/rest/test_responses.py::test_a_response_that_breaks_off_never_looks_whole",
        "integration/rest/test_requests.py::test_an_unreachable_upstream_is_502",
        "integration/test_caller_identity.py::test_a_refused_exchange_calls_nothing",
        "integration/test_sandbox.py::test_without_an_entry_the_request_is_echoed",
    ],
}
"""By what is tried or must never happen (the last four are the semantics' list of it), the tests that show it."""

DOCUMENT: Final = """\
naftiko: 1.0.0-alpha2
info: {label: Notes}
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: http://api.invalid
    resources:
    - path: /notes/{id}
      operations:
      - name: note
        inputParameters: [{name: X-Note, in: header}]
  exposes:
  - type: rest
    namespace: web
    port: 8081
    resources: [{path: "/notes/{id}", operations: [{method: GET, call: api.note}]}]
  - type: mcp
    namespace: tools
    port: 9090
    description: Notes.
    tools:
    - name: note
      description: Gets a note.
      call: api.note
      inputParameters:
      - {name: id, type: string, description: Which.}
      - {name: X-Note, type: string, description: A note.}
"""


@pytest.fixture(scope="module")
def gateway(module_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    file = tmp_path_factory.mktemp("attacks") / "notes.yaml"
    file.write_text(DOCUMENT, encoding="utf-8")
    with Gateway(file, ["web", "tools"], "--base-uri", f"api={module_upstream.url}") as running:
        yield running


@pytest.mark.own_server
@pytest.mark.parametrize(("name", "test"), [(name, test) for name, tests in SHOWN_BY.items() for test in tests])
def test_the_tests_that_are_named_exist(name: str, test: str) -> None:
    file, _, function = test.partition("::")
    text = (TESTS / file).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {function}\(", text, re.MULTILINE), name


def call_note(gateway: Gateway, version: str, identity: str, note: str) -> Any:
    params = {"name": "note", "arguments": {"id": identity, "X-Note": note}}
    return send(gateway.urls["tools"], version, request(version, "tools/call", params)).json


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", "\x0b"])
def test_no_argument_brings_a_header_along(gateway: Gateway, api: Upstream, version: str, end: str) -> None:
    attack = f"a{end}X-Evil: 1{end}{end}GET /evil HTTP/1.1{end}Host: evil{end}{end}"
    for identity, note in ((attack, "a"), ("7", attack)):
        call_note(gateway, version, identity, note)
    assert call_note(gateway, version, "8", "fine")["result"]["isError"] is False
    assert api.last.target == "/notes/8"
    for received in api.received:
        assert received.header("x-evil") is None
        assert received.target.startswith("/notes/")


def test_a_cookie_of_one_caller_reaches_no_other(gateway: Gateway, api: Upstream) -> None:
    headers = {"content-type": "application/json", "set-cookie": "session=of-alice; Path=/"}
    api.on("GET", "/notes/1", Reply(200, headers, b"{}"))
    assert call(gateway.urls["web"], "/notes/1", headers={"cookie": "session=alices-own", "x-note": "a"}).status == 200
    assert call_note(gateway, MODERN, "1", "a")["result"]["isError"] is False
    for identity in ("1", "2"):
        call(gateway.urls["web"], f"/notes/{identity}", headers={"x-note": "b"})
        found = call_note(gateway, MODERN, identity, "b")
        assert "of-alice" not in json.dumps(found)
    assert [received.header("cookie") for received in api.received] == [None] * 6


def test_a_filter_of_very_many_resources_is_not_kept(gateway: Gateway) -> None:
    with listen(gateway.urls["tools"], resourceSubscriptions=[f"x://{number}" for number in range(50_000)]) as stream:
        assert stream.read_message()["params"]["notifications"] == {}
