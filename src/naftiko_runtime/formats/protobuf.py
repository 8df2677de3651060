"""Protocol Buffers: one message, by a compiled descriptor set, as its JSON mapping has it.

``outputSchema`` names the file (``protoc --descriptor_set_out=ships.desc --include_imports``) and, behind a ``#``, the
message: ``ships.desc#fleet.Ship``. Needs the extra ``protobuf``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable


def decoder(descriptors: bytes, name: str) -> Callable[[bytes], Any]:
    """The decoder for a message of a descriptor set; without a name for its only one.

    Raises:
        ValueError: It is no descriptor set, or has no such message.
    """
    files = descriptor_pb2.FileDescriptorSet()
    pool = descriptor_pool.DescriptorPool()
    try:
        files.ParseFromString(descriptors)
        for file in files.file:
            pool.Add(file)
        known = [f"{file.package}.{m.name}".lstrip(".") for file in files.file for m in file.message_type]
        if not known:
            raise ValueError("it is no descriptor set: compile it with protoc --descriptor_set_out --include_imports")
        if not name and len(known) > 1:
            raise ValueError(f"it has several messages: write one behind a '#': {', '.join(known)}")
        described = pool.FindMessageTypeByName(name or known[0])
    except (DecodeError, TypeError):
        raise ValueError(
            "it is no descriptor set: compile it with protoc --descriptor_set_out --include_imports"
        ) from None
    except KeyError:
        raise ValueError(f"it has no message '{name}': it has {', '.join(known)}") from None
    message_type = message_factory.GetMessageClass(described)

    def decode(body: bytes) -> Any:
        """Decode a message; fields keep the names of the schema, those without a value are there as well.

        Raises:
            ValueError: It is no such message.
        """
        message = message_type()
        try:
            message.ParseFromString(body)
            return json_format.MessageToDict(
                message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
        except (DecodeError, json_format.Error, RecursionError):
            raise ValueError("it is no such message") from None

    return decode
