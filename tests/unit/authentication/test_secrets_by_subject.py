"""Where the secrets of callers are: no subject leads to the secret of another, or anywhere else."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from naftiko_runtime.authentication.read_caller_secrets import CallerSecret, fill_path
from naftiko_runtime.authentication.secrets_by_subject import is_of_callers, parse_location
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.vault_client import VaultAccess

SUBJECTS = st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("./%{}\\~")), max_size=12)


@given(SUBJECTS, SUBJECTS)
def test_each_subject_has_one_segment_of_its_own(subject: str, other: str) -> None:
    assume(subject)
    filled = fill_path("ships/{subject}/key", subject)
    first, segment, last = filled.split("/")
    assert (first, last) == ("ships", "key")
    assert segment not in ("", ".", "..", "{subject}")
    assert segment.isascii()
    if other and other != subject:
        assert fill_path("ships/{subject}/key", other) != filled


@pytest.mark.parametrize("subject", ["", "x" * 513, "\ud800"])
def test_what_can_have_no_path_is_refused(subject: str) -> None:
    with pytest.raises(UpstreamError) as raised:
        fill_path("ships/{subject}", subject)
    assert "x" * 513 not in str(raised.value)


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("vault://secret/{subject}", ("secret", "{subject}")),
        ("vault://secret/ships/{subject}/key", ("secret", "ships/{subject}/key")),
        ("vault://my%20mount/{subject}", ("my mount", "{subject}")),
        ("vault://{subject}/ships", None),
        ("vault://{subject}", None),
        ("vault://secret/x-{subject}", None),
        ("vault://secret/{subject}/{subject}", None),
        ("vault://secret/../{subject}", None),
        ("vault://secret/%2E%2E/{subject}", None),
        ("vault://secret//{subject}", None),
        ("vault://secret/{subject}/", None),
        ("vault://secret/{subject}%2F..", None),
        ("file:///srv/{subject}", None),
        ("k8s-secret://{subject}", None),
    ],
)
def test_the_subject_is_one_segment_of_the_path(location: str, found: tuple[str, str] | None) -> None:
    assert is_of_callers(location)
    assert parse_location(location) == found


def test_nothing_shows_a_secret() -> None:
    shown = f"{CallerSecret(((b'a', b's3cret'),), ('s3cret',), 0.0)!r}{VaultAccess('http://v', 's3cret')!r}"
    assert "s3cret" not in shown
