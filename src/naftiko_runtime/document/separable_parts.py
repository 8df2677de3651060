"""Finds the smallest part of a document that can be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naftiko_runtime.source import KeyPath


def find_separable_part(part: KeyPath) -> KeyPath:
    """Return the path of the smallest part that contains a place and can be left out. Empty for the whole document.

    That is an operation, a forward, a tool, a resource, a prompt, a skill, a function, an API, an expose, an aggregate,
    a bind or one of its variables, or a whole section.
    """
    root, key_path = (part[:1], part[1:]) if part[:1] == ("capability",) else ((), part)
    match key_path:
        case ("exposes" | "consumes", int(), "resources", int(), "operations", int(), *_):
            return (*root, *key_path[:6])
        case ("exposes", int(), "resources", int(), "forward", *_):
            return (*root, *key_path[:5])
        case (
            ("exposes" | "consumes", int(), "resources" | "tools" | "prompts" | "skills", int(), *_)
            | ("aggregates", int(), "functions", int(), *_)
            | ("binds", int(), "keys", str(), *_)
        ):
            return (*root, *key_path[:4])
        case ("exposes" | "consumes" | "binds" | "aggregates", int(), *_):
            return (*root, *key_path[:2])
        case ("exposes" | "consumes" | "binds" | "aggregates" | "info", *_):
            return (*root, *key_path[:1])
        case _:
            return ()
