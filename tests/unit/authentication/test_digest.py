from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from naftiko_runtime.authentication.digest import (
    DigestFlow,
    DigestGuard,
    compute_digest,
    compute_response,
    parse_fields,
)
from naftiko_runtime.authentication.nonce_cache import NonceCache
from naftiko_runtime.limits import DIGEST_NONCE_SECONDS, DIGEST_NONCES_MAX
from naftiko_runtime.upstream import OutboundRequest
from support.repeating_transport import FixedResponse, RepeatingTransport

FIELDS = {
    "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "nc": "00000001",
    "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    "qop": "auth",
}


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616(algorithm: str, expected: str) -> None:
    secret = compute_digest(algorithm, "Mufasa:http-auth@example.org:Circle of Life")
    assert compute_response(algorithm, secret, "GET", "/dir/index.html", FIELDS) == expected


def test_fields_are_read_with_quotes_escapes_and_commas() -> None:
    assert parse_fields(r'Realm="a, \"b\"", nonce=x,qop="auth,auth-int", stale=TRUE') == {
        "realm": 'a, "b"',
        "nonce": "x",
        "qop": "auth,auth-int",
        "stale": "TRUE",
    }


class Caller:
    """Responds to the challenges of a guard."""

    def __init__(self, guard: DigestGuard) -> None:
        self.guard = guard

    def challenge(self) -> dict[str, str]:
        refusal = self.guard.check(scope())
        assert refusal is not None
        return parse_fields(refusal.challenges[0].removeprefix("Digest "))

    def respond(self, challenge: dict[str, str], count: int = 1, **changes: str) -> dict[str, Any]:
        fields = {"nonce": challenge["nonce"], "nc": f"{count:08x}", "cnonce": "c", "qop": "auth"}
        secret = compute_digest("SHA-256", f"ship:{challenge['realm']}:p")
        proof = compute_response("SHA-256", secret, "GET", "/x?y=1", fields)
        given = {"username": "ship", "uri": "/x?y=1", "algorithm": "SHA-256", "response": proof} | fields | changes
        return scope("Digest " + ", ".join(f'{name}="{value}"' for name, value in given.items()))


def scope(authorization: str | None = None) -> dict[str, Any]:
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    return {"method": "GET", "raw_path": b"/x", "query_string": b"y=1", "headers": headers}


def test_a_right_response_works_once_for_each_count() -> None:
    caller = Caller(DigestGuard("ships", "ship", "p"))
    challenge = caller.challenge()
    assert caller.guard.check(caller.respond(challenge)) is None
    again = caller.guard.check(caller.respond(challenge))
    assert again is not None
    assert "stale=true" in again.challenges[0]
    assert caller.guard.check(caller.respond(challenge, 2)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "shop"},
        {"response": "0" * 64},
        {"uri": "/y"},
        {"nc": "zz"},
        {"nc": "00000002"},
        {"qop": "auth-int"},
        {"algorithm": "SHA-1"},
        {"nonce": "1-2-3"},
        {"nonce": "x"},
        {"cnonce": "other"},
    ],
)
def test_any_change_is_refused(changes: dict[str, Any]) -> None:
    caller = Caller(DigestGuard("ships", "ship", "p"))
    assert caller.guard.check(caller.respond(caller.challenge(), **changes)) is not None


def test_a_nonce_ends() -> None:
    now = [100.0]
    caller = Caller(DigestGuard("ships", "ship", "p", clock=lambda: now[0]))
    challenge = caller.challenge()
    assert caller.guard.check(caller.respond(challenge)) is None
    now[0] += DIGEST_NONCE_SECONDS + 1
    expired = caller.guard.check(caller.respond(challenge, 2))
    assert expired is not None
    assert "stale=true" in expired.challenges[0]


def test_a_nonce_that_was_forgotten_is_no_longer_taken() -> None:
    now = [100.0]
    caller = Caller(DigestGuard("ships", "ship", "p", clock=lambda: now[0]))
    first = caller.challenge()
    assert caller.guard.check(caller.respond(first)) is None
    for _ in range(DIGEST_NONCES_MAX):
        now[0] += 0.01
        assert caller.guard.check(caller.respond(caller.challenge())) is None
    assert caller.guard.check(caller.respond(first)) is not None


def test_a_nonce_of_another_guard_is_not_taken() -> None:
    caller, other = (Caller(DigestGuard("ships", "ship", "p")) for _ in range(2))
    assert caller.guard.check(other.respond(other.challenge())) is not None


def test_workers_accept_each_others_nonces_and_reject_replays_each_for_itself() -> None:
    of_parent = NonceCache()
    first, second = (Caller(DigestGuard("ships", "ship", "p", nonces=deepcopy(of_parent))) for _ in range(2))
    challenge = first.challenge()
    for worker in (first, second):
        assert worker.guard.check(worker.respond(challenge)) is None
        assert worker.guard.check(worker.respond(challenge)) is not None


def test_a_nonce_whose_time_was_changed_is_not_taken() -> None:
    now = [100.0]
    caller = Caller(DigestGuard("ships", "ship", "p", clock=lambda: now[0]))
    challenge = caller.challenge()
    now[0] += DIGEST_NONCE_SECONDS + 1
    challenge["nonce"] = challenge["nonce"].replace("100.000", f"{now[0]:.3f}", 1)
    assert caller.guard.check(caller.respond(challenge)) is not None


async def test_a_request_that_the_client_and_the_flow_send_again_counts_both() -> None:
    challenge = (b"www-authenticate", b'Digest realm="r", nonce="n", qop="auth", algorithm=MD5')
    transport = RepeatingTransport(FixedResponse(401, [challenge]))
    request = OutboundRequest("a.b", "GET", "http://a.example/", ())
    await DigestFlow("user", "password").send(request, transport)
    assert transport.resend_counts == [1, 3]
