"""Protocol Buffers: one message, by a ``.proto`` file or a compiled descriptor set.

``outputSchema`` names the file and, behind a ``#``, the message: ``ships.proto#fleet.Ship``. Needs the extra
``protobuf``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from naftiko_runtime.limits import DOCUMENT_BYTES_MAX, RESPONSE_VALUES_MAX
from naftiko_runtime.rules import message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.protobuf.message import Message

    from naftiko_runtime.decoding_irregularities import Irregularities
    from naftiko_runtime.formats.decoder_type import Decode

_IMPORT: Final = re.compile(r"""\bimport\s+(?:public\s+|weak\s+)?["']([^"'\n]+)["']""")
_COMPILE_SECONDS: Final = 60
_FILES_MAX: Final = 1_000
_WELL_KNOWN: Final = "google.protobuf."


def compile_proto(file: Path, folders: Sequence[Path]) -> bytes:
    """Compile a ``.proto`` file and all that it imports to a descriptor set in which it is the last file.

    Imports are looked up from the outermost folder inwards: from the one of ``folders`` that it is below, and then
    from each down to its own.

    Args:
        file: The file.
        folders: Where files may be read.

    Raises:
        ValueError: It is invalid, or an import is missing.
        ImportError: The compiler is not installed.
    """
    if find_spec("grpc_tools") is None:
        raise ImportError("grpc_tools")
    within = [folder for folder in file.parents if any(folder.is_relative_to(allowed) for allowed in folders)]
    faults: list[ValueError] = []
    for folder in reversed(within):
        try:
            _check_imports(file, folder, folders)
            return _run_compiler(file, folder)
        except ValueError as error:
            faults.append(error)
    raise faults[-1]


def _run_compiler(file: Path, folder: Path) -> bytes:
    """Run protoc on a file, in a separate process, because protoc ends its process on some errors."""
    with TemporaryDirectory() as scratch:
        out = Path(scratch, "descriptors")
        arguments = [f"--proto_path={folder}", f"--descriptor_set_out={out}", "--include_imports", str(file)]
        command = [sys.executable, "-P", "-m", "grpc_tools.protoc", *arguments]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_COMPILE_SECONDS)  # noqa: S603 - our own interpreter
        except subprocess.TimeoutExpired:
            raise DescribedError(message_clauses.PROTO_SECONDS(most=_COMPILE_SECONDS)) from None
        if done.returncode == 0 and out.is_file():
            return out.read_bytes()
    output = done.stderr.decode("utf-8", "replace").replace(f"{folder}/", "").strip()
    faults = [line for line in output.splitlines() if "warning:" not in line]
    if not faults:
        raise DescribedError(message_clauses.PROTO_STATUS(status=done.returncode))
    raise DescribedError(message_clauses.PROTO_COMPILER(problem="; ".join(faults[:3])))


def _check_imports(file: Path, folder: Path, folders: Sequence[Path]) -> None:
    """Check that all imported files may be read.

    Raises:
        ValueError: It may not, or is too large or no text.
    """
    waiting, known = [file], {file}
    while waiting:
        source = waiting.pop()
        if not any(source.is_relative_to(allowed) for allowed in folders):
            raise DescribedError(message_clauses.PROTO_OUTSIDE())
        if not source.is_file() or source.stat().st_size > DOCUMENT_BYTES_MAX:
            raise DescribedError(message_clauses.PROTO_NO_FILE(name=source.name, most=f"{DOCUMENT_BYTES_MAX:,}"))
        imported = [(folder / name).resolve() for name in _IMPORT.findall(source.read_text("utf-8"))]
        new = {path for path in imported if path.exists()} - known
        known |= new
        waiting += new
        if len(known) > _FILES_MAX:
            raise DescribedError(message_clauses.PROTO_IMPORTS(most=_FILES_MAX))


def make_decoder(descriptors: bytes, name: str) -> Decode:
    """Return the decoder for a message of a descriptor set. Without a name: for its only message.

    Raises:
        ValueError: It is no descriptor set, or has no such message.
    """
    pool = descriptor_pool.DescriptorPool()
    known = _add_files(descriptors, pool)
    if not name and len(known) > 1:
        raise DescribedError(message_clauses.PROTO_MESSAGES(known=tuple(known)))
    try:
        described = pool.FindMessageTypeByName(name or known[0])
    except KeyError:
        raise DescribedError(message_clauses.PROTO_NO_MESSAGE(name=name, known=tuple(known))) from None
    message_type = message_factory.GetMessageClass(described)

    def decode(body: bytes, _charset: str | None, _notes: Irregularities) -> Any:
        """Decode a message; fields keep the names of the schema.

        Raises:
            ValueError: It is no such message.
        """
        message = message_type()
        try:
            message.ParseFromString(body)
            return _MessageReader(pool).read(message)
        except DecodeError:
            raise ValueError(f"it is not a valid {described.full_name}") from None
        except (json_format.Error, TypeError, RecursionError) as error:  # of a google.protobuf.Any or a time
            raise ValueError(f"a value cannot be converted to JSON: {error}") from None

    return decode


def _add_files(descriptors: bytes, pool: descriptor_pool.DescriptorPool) -> list[str]:
    """Add the files of a descriptor set to a pool. Return the messages of the last file.

    Raises:
        ValueError: It is no descriptor set, is not whole, or has no messages.
    """
    files = descriptor_pb2.FileDescriptorSet()
    try:
        files.ParseFromString(descriptors)
    except DecodeError:
        raise DescribedError(message_clauses.PROTO_NO_SET(advice=message_clauses.PROTO_COMPILE())) from None
    for file in files.file:
        try:
            pool.Add(file)
        except TypeError as error:  # what it imports is not there, or it contradicts itself
            raise DescribedError(
                message_clauses.PROTO_INCOMPLETE(problem=str(error), advice=message_clauses.PROTO_COMPILE())
            ) from None
    own = [file for file in files.file if not file.name.startswith("google/protobuf/")]
    known = [f"{file.package}.{m.name}".lstrip(".") for file in own[-1:] for m in file.message_type]
    if not known:
        raise DescribedError(message_clauses.PROTO_EMPTY(advice=message_clauses.PROTO_COMPILE()))
    return known


class _MessageReader:
    """Converts the messages of one body to plain values.

    Google's own JSON has numbers of 64 bits as text, which no filter could compare, and does not limit how large it
    gets: an empty message is two bytes, and has all its fields.
    """

    def __init__(self, pool: descriptor_pool.DescriptorPool) -> None:
        self._pool = pool
        self._left = RESPONSE_VALUES_MAX

    def read(self, message: Message) -> Any:
        """Return a message's fields by name.

        Fields without presence have their default; others are absent unless set.
        """
        if message.DESCRIPTOR.full_name.startswith(_WELL_KNOWN):
            return self._read_well_known(message)
        return dict(self._iter_fields(message))

    def _iter_fields(self, message: Message) -> Iterator[tuple[str, Any]]:
        self._spend(len(message.DESCRIPTOR.fields))
        for field in message.DESCRIPTOR.fields:
            if field.has_presence and not message.HasField(field.name):
                continue
            value = getattr(message, field.name)
            if _is_map(field):
                yield field.name, self._read_map(field.message_type, value)
            elif field.is_repeated:
                self._spend(len(value))
                yield field.name, [self._read_field(field, item) for item in value]
            else:
                yield field.name, self._read_field(field, value)

    def _read_map(self, entry: Any, value: Any) -> dict[str, Any]:
        self._spend(len(value))
        of = entry.fields_by_name["value"]
        return {_format_key(key): self._read_field(of, value[key]) for key in value}

    def _read_field(self, field: Any, value: Any) -> Any:
        if field.message_type is not None:
            return self.read(value)
        if field.enum_type is not None:
            return _name_enum_value(field.enum_type, value)
        return b64encode(value).decode() if field.type == FieldDescriptor.TYPE_BYTES else value

    def _read_well_known(self, message: Message) -> Any:
        """Convert well-known types as Google's JSON does: times to ISO 8601 text, wrappers to their value."""
        fields = message.DESCRIPTOR.fields_by_name
        if message.DESCRIPTOR.name.endswith("Value") and [*fields] == ["value"]:
            return self._read_field(fields["value"], getattr(message, "value"))  # noqa: B009 - a name of the schema
        return json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=self._pool)

    def _spend(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise ValueError(f"it has more than {RESPONSE_VALUES_MAX:,} values")


def _is_map(field: Any) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def _format_key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _name_enum_value(enum: Any, number: int) -> str | int:
    """Return the name of an enum's value, or the number if it has none."""
    found = enum.values_by_number.get(number)
    return number if found is None else str(found.name)
