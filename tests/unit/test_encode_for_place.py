"""JSON of values, whatever the encoder says about what it refuses."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from naftiko_runtime import encode_for_place
from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.rules.message_clauses import NOT_JSON


def test_integers_beyond_64_bits_are_encoded_however_the_encoder_refuses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Reworded:
        """The encoder, with another text in its errors."""

        JSONEncodeError = orjson.JSONEncodeError
        Fragment = orjson.Fragment
        OPT_PASSTHROUGH_SUBCLASS = orjson.OPT_PASSTHROUGH_SUBCLASS

        @staticmethod
        def dumps(*args: Any, **options: Any) -> bytes:
            try:
                return orjson.dumps(*args, **options)
            except orjson.JSONEncodeError:
                raise orjson.JSONEncodeError("refused") from None

    monkeypatch.setattr(encode_for_place, "orjson", Reworded)
    assert encode_json({"a": [2**70, -(2**70), 1]}) == b'{"a":[1180591620717411303424,-1180591620717411303424,1]}'


@pytest.mark.parametrize("value", ["\ud800", {"a": [2**70, "\ud800"]}, 2.5j])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(Unrenderable) as refused:
        encode_json(value)
    assert refused.value.problem.template == NOT_JSON


def test_what_is_too_deep_is_refused() -> None:
    value: Any = 1
    for _ in range(5000):
        value = [value]
    with pytest.raises(Unrenderable):
        encode_json(value)
