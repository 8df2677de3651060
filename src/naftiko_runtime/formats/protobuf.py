"""Protocol Buffers: one message, by a compiled descriptor set.

``outputSchema`` names the file (``protoc --descriptor_set_out=ships.desc --include_imports``) and, behind a ``#``, the
message: ``ships.desc#fleet.Ship``. Needs the extra ``protobuf``.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from naftiko_runtime.limits import ANSWER_VALUES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

    from naftiko_runtime.formats import Decode
    from naftiko_runtime.notes import Notes

_COMPILE: Final = "compile it with protoc --descriptor_set_out=FILE --include_imports"
_WELL_KNOWN: Final = "google.protobuf."


def decoder(descriptors: bytes, name: str) -> Decode:
    """The decoder for a message of a descriptor set; without a name for its only one.

    Raises:
        ValueError: It is no descriptor set, or has no such message.
    """
    pool = descriptor_pool.DescriptorPool()
    known = _added(descriptors, pool)
    if not name and len(known) > 1:
        raise ValueError(f"it has several messages: write one behind a '#': {', '.join(known)}")
    try:
        described = pool.FindMessageTypeByName(name or known[0])
    except KeyError:
        raise ValueError(f"it has no message '{name}': it has {', '.join(known)}") from None
    message_type = message_factory.GetMessageClass(described)

    def decode(body: bytes, _charset: str | None, _notes: Notes) -> Any:
        """Decode a message; fields keep the names of the schema.

        Raises:
            ValueError: It is no such message.
        """
        message = message_type()
        try:
            message.ParseFromString(body)
            return _Reader(pool).value(message)
        except DecodeError:
            raise ValueError(f"it is no {described.full_name}") from None
        except (json_format.Error, TypeError, RecursionError) as error:  # of a google.protobuf.Any or a time
            raise ValueError(f"a value has no JSON: {error}") from None

    return decode


def _added(descriptors: bytes, pool: descriptor_pool.DescriptorPool) -> list[str]:
    """The messages of a descriptor set, after all its files went into a pool.

    Raises:
        ValueError: It is no descriptor set, is not whole, or has no messages.
    """
    files = descriptor_pb2.FileDescriptorSet()
    try:
        files.ParseFromString(descriptors)
    except DecodeError:
        raise ValueError(f"it is no descriptor set; {_COMPILE}") from None
    for file in files.file:
        try:
            pool.Add(file)
        except TypeError as error:  # what it imports is not there, or it contradicts itself
            raise ValueError(f"it is no whole descriptor set ({error}); {_COMPILE}") from None
    own = (file for file in files.file if not file.name.startswith("google/protobuf/"))
    known = [f"{file.package}.{m.name}".lstrip(".") for file in own for m in file.message_type]
    if not known:
        raise ValueError(f"it has no messages; {_COMPILE}")
    return known


class _Reader:
    """Makes plain values of one body's messages.

    Google's own JSON has numbers of 64 bits as text, which no filter could compare, and says nothing of how large it
    gets: an empty message is two bytes, and has all its fields.
    """

    def __init__(self, pool: descriptor_pool.DescriptorPool) -> None:
        self._pool = pool
        self._left = ANSWER_VALUES_MAX

    def value(self, message: Message) -> Any:
        """A message's fields by name; those without presence are there with their default, others only if set."""
        if message.DESCRIPTOR.full_name.startswith(_WELL_KNOWN):
            return self._well_known(message)
        return dict(self._fields(message))

    def _fields(self, message: Message) -> Iterator[tuple[str, Any]]:
        self._spend(len(message.DESCRIPTOR.fields))
        for field in message.DESCRIPTOR.fields:
            if field.has_presence and not message.HasField(field.name):
                continue
            value = getattr(message, field.name)
            if _is_map(field):
                yield field.name, self._map(field.message_type, value)
            elif field.is_repeated:
                self._spend(len(value))
                yield field.name, [self._plain(field, item) for item in value]
            else:
                yield field.name, self._plain(field, value)

    def _map(self, entry: Any, value: Any) -> dict[str, Any]:
        self._spend(len(value))
        of = entry.fields_by_name["value"]
        return {_key(key): self._plain(of, value[key]) for key in value}

    def _plain(self, field: Any, value: Any) -> Any:
        if field.message_type is not None:
            return self.value(value)
        if field.enum_type is not None:
            return _symbol(field.enum_type, value)
        return b64encode(value).decode() if field.type == FieldDescriptor.TYPE_BYTES else value

    def _well_known(self, message: Message) -> Any:
        """Times as ISO 8601 text, wrappers as what they wrap, structures as themselves: as Google's JSON has them."""
        fields = message.DESCRIPTOR.fields_by_name
        if message.DESCRIPTOR.name.endswith("Value") and [*fields] == ["value"]:
            return self._plain(fields["value"], getattr(message, "value"))  # noqa: B009 - a name of the schema
        return json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=self._pool)

    def _spend(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise ValueError(f"it has more than {ANSWER_VALUES_MAX:,} values")


def _is_map(field: Any) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _symbol(enum: Any, number: int) -> str | int:
    """An enum's name for a number; the number itself where it has none."""
    found = enum.values_by_number.get(number)
    return number if found is None else str(found.name)
