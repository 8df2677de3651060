"""All formats: no input raises another error than DecodeError."""

from __future__ import annotations

import contextlib
import json

from google.protobuf import descriptor_pb2
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.formats import DECODERS, DecodeError, decode, make_decoder


def descriptors() -> bytes:
    """What ``protoc`` writes for two messages of one file."""
    files = descriptor_pb2.FileDescriptorSet()
    file = files.file.add(name="ships.proto", package="fleet", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for message in ("Ship", "Port"):
        described = file.message_type.add(name=message)
        for number, (name, kind) in enumerate(
            (("full_name", kinds.TYPE_STRING), ("tons", kinds.TYPE_INT32), ("photo", kinds.TYPE_BYTES)), start=1
        ):
            described.field.add(name=name, number=number, type=kind, label=kinds.LABEL_OPTIONAL)
    return files.SerializeToString()


@given(st.sampled_from(sorted(DECODERS)), st.binary())
def test_any_bytes_are_decoded_or_rejected(raw_format: str, body: bytes) -> None:
    with contextlib.suppress(DecodeError):
        decode(raw_format, body)


@given(st.binary(), st.sampled_from(["avro", "protobuf", "html", "markdown"]))
def test_any_bytes_are_decoded_or_rejected_by_a_schema(body: bytes, raw_format: str) -> None:
    content = {"avro": b'{"type": "map", "values": "bytes"}', "protobuf": descriptors()}.get(raw_format)
    decoding = make_decoder(raw_format, "x#fleet.Ship" if raw_format == "protobuf" else None, content)
    for given_body in (body, b"Obj\x01" + body):
        with contextlib.suppress(DecodeError):
            json.dumps(decode(raw_format, given_body, decoding))
