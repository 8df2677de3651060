"""Links the format of responses that are mapped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.formats import WITH_FILE, MissingExtraError, compile_schema, make_decoder
from naftiko_runtime.limits import DOCUMENT_BYTES_MAX
from naftiko_runtime.plan import Format
from naftiko_runtime.rules import helps, message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError, describe_problem

if TYPE_CHECKING:
    from naftiko_runtime.document.consumes import ConsumedOperation
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context


def link_format(consumed: Consumed, context: Context) -> Format | None:
    """Link the format of an operation's responses; None if it is refused, which is reported."""
    operation = consumed.operation
    raw_format, key_path = operation.output_raw_format, operation.get_path("outputSchema")
    if raw_format == "binary":
        context.report(rules.INVALID_VALUE_BINARY_MAPPED(), operation.get_path("outputRawFormat"))
        return None
    if raw_format == "protobuf" and not operation.output_schema:
        context.report(rules.MISSING_KEY_SCHEMA(), operation.get_path("outputRawFormat"))
        return None
    try:
        found = Format(raw_format, operation.output_schema, _read_content(operation, context))
        make_decoder(found.name, found.schema, found.content)
    except MissingExtraError:
        advice = helps.INSTALL_EXTRA(extra=raw_format)
        context.report(rules.NOT_SERVED_LIBRARY(format=raw_format), operation.get_path("outputRawFormat"), advice)
    except OSError as error:
        context.report(rules.INVALID_VALUE_SCHEMA_UNREADABLE(problem=error.strerror or str(error)), key_path)
    except _OutsideError:
        context.report(rules.INVALID_VALUE_SCHEMA_OUTSIDE(), key_path)
    except ValueError as error:
        context.report(rules.INVALID_VALUE_SCHEMA(problem=describe_problem(error)), key_path)
    else:
        return found
    return None


class _OutsideError(Exception):
    """A schema is in a folder that the document may not read."""


def _read_content(operation: ConsumedOperation, context: Context) -> bytes | None:
    """Read the file of a schema, relative to the document; None if it is not in a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no path, or too large.
        _OutsideError: It may not be read.
    """
    name = (operation.output_schema or "").partition("#")[0].removeprefix("file://")
    if operation.output_raw_format not in WITH_FILE or not name:
        return None
    folder = Path(context.find_span(operation.get_path()).file).parent
    try:
        path = (folder / name.removeprefix("/./")).resolve()
    except RuntimeError:
        raise DescribedError(message_clauses.SCHEMA_CIRCLE()) from None
    named = (folder, Path(context.source.file).parent, *context.allowed_imports)
    folders = [allowed.resolve() for allowed in named]
    if not any(path.is_relative_to(allowed) for allowed in folders):
        raise _OutsideError
    if path.exists() and not path.is_file():  # opening a pipe would block
        raise DescribedError(message_clauses.SCHEMA_NO_FILE())
    with path.open("rb") as file:
        content = file.read(DOCUMENT_BYTES_MAX + 1)
    if len(content) > DOCUMENT_BYTES_MAX:
        raise DescribedError(message_clauses.SCHEMA_SIZE(most=f"{DOCUMENT_BYTES_MAX:,}"))
    compiled = compile_schema(operation.output_raw_format, path, folders)
    return content if compiled is None else compiled
