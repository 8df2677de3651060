"""Skills as plans have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.exposes.link_folder import describe_file
from naftiko_runtime.folder_files import FolderFile
from naftiko_runtime.frozen_values import Object, freeze
from naftiko_runtime.plan import Skill

if TYPE_CHECKING:
    from collections.abc import Mapping


def make_skill(files: Mapping[str, bytes], name: str = "find-ships", **front_matter: Any) -> Skill:
    """A skill with files, by their paths in the order of the plan."""
    fields = {"name": name, "description": "Finds ships.", **front_matter}
    frozen = Object(tuple((key, freeze(value)) for key, value in fields.items()))
    uri = f"skill://skills/{name}"
    served = tuple(describe_file(FolderFile(path, content), f"{uri}/") for path, content in sorted(files.items()))
    return Skill(name, "Finds ships.", uri, frozen, frozen, (), served)
