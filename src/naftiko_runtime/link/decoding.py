"""How the answers of a consumed operation are decoded, when a mapping needs them decoded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from naftiko_runtime import diagnostics as rules
from naftiko_runtime.formats import WITH_FILE, Decode, MissingExtraError, decoder

if TYPE_CHECKING:
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context


def decoding(consumed: Consumed, context: Context) -> Decode | None:
    """The decoder of an operation's answers; nothing when there is none, which is reported."""
    spec = consumed.spec
    raw_format, schema, steps = spec.output_raw_format, spec.output_schema, spec.at("outputSchema")
    if raw_format == "binary":
        advice = "use 'mapping: $', or say which format it is"
        message = "an answer of format 'binary' cannot be mapped"
        context.complain(rules.INVALID_VALUE, message, spec.at("outputRawFormat"), advice)
        return None
    try:
        content = _content(schema, Path(context.span(spec.at()).file), context) if raw_format in WITH_FILE else None
        return decoder(raw_format, schema, content)
    except MissingExtraError:
        message = f"reading '{raw_format}' needs a library that is not installed"
        advice = f"pip install 'naftiko-runtime[{raw_format}]'"
        context.complain(rules.NOT_SERVED, message, spec.at("outputRawFormat"), advice)
    except OSError as error:
        message = f"cannot read the schema: {error.strerror or error}"
        context.complain(rules.INVALID_VALUE, message, steps, "name a file beside the document")
    except ValueError as error:
        context.complain(rules.INVALID_VALUE, f"'outputSchema' does not do: {error}", steps)
    return None


def _content(schema: str | None, file: Path, context: Context) -> bytes | None:
    """The file that a schema names, relative to the document that names it.

    Raises:
        OSError: It cannot be read.
        ValueError: It is none, or stands where documents may not read.
    """
    name = (schema or "").partition("#")[0].removeprefix("file://")
    if not name:
        return None
    path = (file.parent / name.removeprefix("/./")).resolve()
    folders = (file.parent.resolve(), *(folder.resolve() for folder in context.allowed_imports))
    if not any(path.is_relative_to(folder) for folder in folders):
        raise ValueError("a schema may not leave the document's folder; allow it with --allow-import DIR")
    return path.read_bytes()
