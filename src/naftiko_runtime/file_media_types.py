"""The media types of files, by the ends of their names: the same on every system."""

from __future__ import annotations

from mimetypes import MimeTypes
from typing import Final

_OTHERS: Final = {
    ".avif": "image/avif",
    ".bz2": "application/x-bzip2",
    ".cjs": "text/javascript",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".go": "text/x-go",
    ".graphql": "application/graphql",
    ".gz": "application/gzip",
    ".ini": "text/plain",
    ".java": "text/x-java",
    ".js": "text/javascript",
    ".jsonl": "application/x-ndjson",
    ".log": "text/plain",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".ndjson": "application/x-ndjson",
    ".ogg": "audio/ogg",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".py": "text/x-python",
    ".rst": "text/x-rst",
    ".rs": "text/x-rust",
    ".sh": "application/x-sh",
    ".sql": "application/sql",
    ".toml": "application/toml",
    ".ts": "text/x-typescript",
    ".tsx": "text/x-typescript",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}
"""Types that the library lacks, or that depend on the version of Python."""

_TYPES: Final = MimeTypes().types_map[True] | _OTHERS


def find_media_type(path: str) -> str | None:
    """Return the media type of a file by the end of its name. None if it is unknown."""
    name = path.rpartition("/")[2]
    suffix = name[name.rfind(".") :].lower() if "." in name.lstrip(".") else ""
    return _TYPES.get(suffix)
