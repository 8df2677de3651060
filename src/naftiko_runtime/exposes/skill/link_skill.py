"""Links one skill: its files, its fields and its tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from naftiko_runtime import rules
from naftiko_runtime.exposes.link_folder import describe_file, report_folder_error
from naftiko_runtime.exposes.skill.skill_file import (
    SKILL_FILE,
    NoFrontMatterError,
    read_front_matter,
    write_skill_file,
)
from naftiko_runtime.folder_files import FolderError, FolderFile, read_folder
from naftiko_runtime.frozen_values import Object, freeze
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.limits import SKILL_BYTES_MAX, SKILL_FILES_MAX
from naftiko_runtime.plan import InstructionTool, Skill
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.exposes import SkillExpose
    from naftiko_runtime.document.skills import DeclaredSkill, DeclaredSkillTool
    from naftiko_runtime.exposes.skill.tool_origins import ToolOrigins
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.link_operations import ExposeLinker
    from naftiko_runtime.plan import DerivedTool

_NAME: Final = compile_lazily(r"[A-Za-z0-9-]+")
_AGENTS_NAME: Final = compile_lazily(r"(?=.{1,64}$)[a-z0-9]+(?:-[a-z0-9]+)*")
"""A name that every agent accepts."""
_FIELDS: Final = (
    "name",
    "description",
    "license",
    "compatibility",
    "metadata",
    "allowed_tools",
    "argument_hint",
    "user_invocable",
    "disable_model_invocation",
)


def link_skill(
    expose: SkillExpose, declared: DeclaredSkill, origins: ToolOrigins, linker: ExposeLinker
) -> Skill | None:
    """Link a skill. None if it has errors, which are reported."""
    context = linker.context
    named = _check_name(declared, context)
    linker.check_unique(rules.DUPLICATE_NAME_SKILL_TOOL, declared.tools)
    files = _read_files(declared, context)
    tools = [_link_tool(declared, tool, files, origins, context) for tool in declared.tools]
    fields = _collect_fields(declared)
    if not named or files is None:
        return None
    linked = tuple(tool for tool in tools if tool is not None)
    skill_file = next((file for file in files if file.path == SKILL_FILE), None)
    if skill_file is None:
        front_matter: dict[str, Any] | None = fields
        skill_file = FolderFile(SKILL_FILE, write_skill_file(fields, linked, [file.path for file in files]))
        files = tuple(sorted((*files, skill_file), key=lambda file: file.path))
    else:
        front_matter = _read_front_matter(declared, skill_file.content, fields, context)
    if front_matter is None or len(linked) < len(tools):
        return None
    if not _check_size(declared, files, context):
        return None
    whole = fields | front_matter
    uri = f"skill://{quote(expose.namespace, safe='')}/{declared.name}"
    return Skill(
        name=declared.name,
        description=whole["description"],
        uri=uri,
        fields=_freeze(whole),
        front_matter=_freeze(front_matter),
        tools=linked,
        files=tuple(describe_file(file, f"{uri}/") for file in files),
    )


def _check_name(declared: DeclaredSkill, context: Context) -> bool:
    """Return whether a skill can have its name; otherwise report it."""
    key_path, name = declared.get_path("name"), declared.name
    if key_path in context.unread:
        return False
    if not _NAME.fullmatch(name):
        context.report(rules.SKILL_OF_NAME(name=name[:100]), key_path)
        return False
    if not _AGENTS_NAME.fullmatch(name):
        context.report(rules.SKILL_NAME(name=name[:100]), key_path)
    return True


def _collect_fields(declared: DeclaredSkill) -> dict[str, Any]:
    """Return the fields that the document gives, by their names in front matter."""
    keys = {name: declared.model_fields[name].alias for name in _FIELDS if name in declared.model_fields_set}
    found = {key: getattr(declared, name) for name, key in keys.items()}
    return {key: value for key, value in found.items() if value is not None and value != {}}


def _freeze(fields: dict[str, Any]) -> Object:
    return Object(tuple((key, freeze(value)) for key, value in fields.items()))


# -- files ----------------------------------------------------------------------------------------------------------


def _read_files(declared: DeclaredSkill, context: Context) -> tuple[FolderFile, ...] | None:
    """Return the files of a skill; none without a folder. None if the folder cannot be read, which is reported."""
    if declared.location is None:
        return () if declared.get_path("location") not in context.unread else None
    document_folder = Path(context.find_span(declared.get_path()).file).parent
    try:
        return read_folder(declared.location, document_folder)
    except FolderError as error:
        report_folder_error(error, declared.get_path("location"), context)
        return None


def _read_front_matter(
    declared: DeclaredSkill, content: bytes, fields: dict[str, Any], context: Context
) -> dict[str, Any] | None:
    """Return the front matter of a skill's file. None if it is invalid, which is reported."""
    key_path, name = declared.get_path("location"), declared.name
    try:
        found = read_front_matter(content)
    except NoFrontMatterError:
        context.report(rules.SKILL_NO_FRONT_MATTER(name=name), key_path)
    except UnicodeDecodeError:
        context.report(rules.SKILL_TEXT(name=name), key_path)
    except ValueError:
        context.report(rules.SKILL_YAML(name=name), key_path)
    else:
        return _check_front_matter(declared, found, fields, context)
    return None


def _check_front_matter(
    declared: DeclaredSkill, found: dict[str, Any], fields: dict[str, Any], context: Context
) -> dict[str, Any] | None:
    key_path, name = declared.get_path("location"), declared.name
    for key in ("name", "description"):
        if not isinstance(found.get(key), str) or not found[key].strip():
            context.report(rules.SKILL_FIELD(name=name, key=key), key_path)
            return None
    if found["name"] != name:
        context.report(rules.SKILL_OTHER_NAME(name=name, other=found["name"][:100]), key_path)
        return None
    for key, value in fields.items():
        if key in found and not _is_same(found[key], value):
            context.report(rules.NO_EFFECT_SKILL_FIELD(key=key), declared.get_path(key), key=True)
    return found


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two values of a field are the same, but for white space at their ends."""
    if isinstance(one, str) and isinstance(other, str):
        return one.strip() == other.strip()
    return bool(one == other)


def _check_size(declared: DeclaredSkill, files: Sequence[FolderFile], context: Context) -> bool:
    """Return whether every client accepts so many and so large files; otherwise report it."""
    size = sum(len(file.content) for file in files)
    if len(files) <= SKILL_FILES_MAX and size <= SKILL_BYTES_MAX:
        return True
    context.report(rules.LOCATION_SKILL_SIZE(name=declared.name), declared.get_path("location"))
    return False


# -- tools ----------------------------------------------------------------------------------------------------------


def _link_tool(
    declared: DeclaredSkill,
    tool: DeclaredSkillTool,
    files: Sequence[FolderFile] | None,
    origins: ToolOrigins,
    context: Context,
) -> DerivedTool | InstructionTool | None:
    """Link a tool. None if it has errors, which are reported."""
    origin, instruction = tool.from_, tool.instruction
    if origin is not None:
        linked = origins.link_tool(tool, origin)
        if instruction is None:
            return linked
        context.report(rules.INVALID_VALUE_SKILL_TOOL(name=tool.name), tool.get_path("instruction"), key=True)
    elif instruction is not None:
        return _link_instruction(declared, tool, instruction, files, context)
    elif not {tool.get_path("from"), tool.get_path("instruction")} & context.unread:
        context.report(rules.MISSING_KEY_SKILL_TOOL(name=tool.name), tool.get_path("from"))
    return None


def _link_instruction(
    declared: DeclaredSkill,
    tool: DeclaredSkillTool,
    instruction: str,
    files: Sequence[FolderFile] | None,
    context: Context,
) -> InstructionTool | None:
    """Return a tool that is a file. Only files that were read from the skill's folder are known."""
    path, paths = instruction.removeprefix("./"), [file.path for file in files or ()]
    if declared.location is None:
        if declared.get_path("location") not in context.unread:
            statement = rules.MISSING_KEY_SKILL_LOCATION(name=declared.name)
            context.report(statement, tool.get_path("instruction"))
        return None
    if files is None:  # its folder is reported
        return None
    if path not in (*paths, SKILL_FILE):
        advice = suggest(path, paths, helps.IN_FOLDER)
        context.report(rules.LOCATION_INSTRUCTION(name=instruction[:100]), tool.get_path("instruction"), advice)
        return None
    return InstructionTool(tool.name, tool.description or "", path)
