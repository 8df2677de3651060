"""The table of the kinds of authentication is complete, and each kind lists all of its keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

import naftiko_runtime
from naftiko_runtime.authentication.basic import Basic
from naftiko_runtime.authentication.kind import FixedField
from naftiko_runtime.authentication.kinds import KINDS, Authentication, OtherAuthentication, find_kind
from naftiko_runtime.authentication.oauth1 import OAuth1
from naftiko_runtime.document.consumes import ConsumedHttp

if TYPE_CHECKING:
    from naftiko_runtime.authentication.kind import AuthenticationKind

PACKAGE = Path(naftiko_runtime.__file__).parent
EACH = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def test_every_part_of_the_union_but_the_one_for_others_has_a_kind() -> None:
    parts = [get_args(member)[0] for member in get_args(get_args(Authentication)[0])]
    assert parts == [*(kind.part for kind in KINDS), OtherAuthentication]


@EACH
def test_type_says_which_part_it_is(kind: AuthenticationKind[Any, Any]) -> None:
    api = {"namespace": "a", "baseUri": "https://a.example", "authentication": {"type": kind.name}}
    part = ConsumedHttp.model_validate(api).authentication
    assert part is not None
    assert find_kind(part) is kind


def test_another_type_is_of_no_kind() -> None:
    part = OtherAuthentication(type="kerberos")
    assert find_kind(part) is None


@EACH
def test_every_key_has_a_meaning(kind: AuthenticationKind[Any, Any]) -> None:
    assert {field.alias for field in kind.part.model_fields.values()} == kind.part.collect_meanings().keys()


def test_keys_are_marked_by_what_they_hold() -> None:
    basic, oauth1 = find_kind(Basic(type="basic")), find_kind(OAuth1(type="oauth1"))
    assert basic is not None
    assert oauth1 is not None
    assert (basic.sent_keys, basic.secret_keys) == (("username", "password"), ("password",))
    assert oauth1.secret_keys == ("consumer_secret", "token", "token_secret", "signing_key")
    assert "signing_key" not in oauth1.sent_keys  # it may be the name of a file, or have several lines


def test_a_fixed_field_does_not_show_its_value() -> None:
    assert "s3cret" not in repr(FixedField("header", "authorization", "Bearer s3cret"))


@EACH
def test_only_the_table_knows_the_module_of_a_kind(kind: AuthenticationKind[Any, Any]) -> None:
    module = type(kind).__module__
    own = PACKAGE / "authentication" / f"{module.rpartition('.')[2]}.py"
    knowing = [file for file in PACKAGE.rglob("*.py") if module in file.read_text(encoding="utf-8")]
    assert own.is_file()
    assert knowing == [PACKAGE / "authentication" / "kinds.py"]
