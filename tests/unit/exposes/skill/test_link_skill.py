"""Skills of documents: their tools are resolved, their folders read, and their faults reported."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.exposes.kinds import list_skill_servers
from naftiko_runtime.frozen_values import thaw
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import Loaded, load
from naftiko_runtime.plan import DerivedTool, InstructionTool, Skill
from support.linked import make_document, make_mcp_expose, make_rest_expose

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "---\nname: find-ships\ndescription: Finds ships.\n"


def load_skill(folder: Path, **skill: Any) -> Loaded:
    """Load a document with one skill, whose folder is ``skill``."""
    declared = {"name": "find-ships", "description": "Finds ships.", **skill}
    exposes = [
        make_rest_expose(name="list-ships", description="Lists ships."),
        make_mcp_expose(name="find-ship", description="Finds a ship."),
        {"type": "skill", "namespace": "skills", "port": 3010, "skills": [declared]},
    ]
    file = folder / "ships.yaml"
    file.write_text(json.dumps(make_document(exposes=exposes)), encoding="utf-8")
    return load(file, Overrides())


def link_skill(folder: Path, **skill: Any) -> Skill:
    loaded = load_skill(folder, **skill)
    assert loaded.plan is not None, loaded.diagnostics
    (server,) = list_skill_servers(loaded.plan.servers)
    (linked,) = server.skills
    return linked


def list_faults(folder: Path, **skill: Any) -> list[str]:
    loaded = load_skill(folder, **skill)
    assert loaded.plan is None
    return [found.message for found in loaded.diagnostics if found.severity.name == "ERROR"]


def make_folder(parent: Path, **files: str) -> str:
    for path, text in files.items():
        file = parent / "skill" / path.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return "file:///./skill"


def test_a_tool_of_another_expose_is_resolved(tmp_path: Path) -> None:
    tools = [
        {"name": "find", "description": "Finds.", "from": {"sourceNamespace": "fleet", "action": "find-ship"}},
        {"name": "list", "from": {"namespace": "ships", "name": "list-ships"}},
    ]
    assert link_skill(tmp_path, tools=tools).tools == (
        DerivedTool("find", "Finds.", "fleet", "find-ship", "mcp"),
        DerivedTool("list", "Lists ships.", "ships", "list-ships", "rest"),
    )


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ({"sourceNamespace": "fleet", "action": "find-ships"}, "'fleet' has no operation or tool 'find-ships'"),
        ({"sourceNamespace": "fleets", "action": "find-ship"}, "'fleets'"),
        ({"sourceNamespace": "skills", "action": "find-ships"}, "'skills'"),
        ({"sourceNamespace": "registry", "action": "op"}, "'registry'"),
    ],
)
def test_a_tool_that_no_expose_has_is_an_error(tmp_path: Path, origin: dict[str, str], message: str) -> None:
    (fault,) = list_faults(tmp_path, tools=[{"name": "find", "from": origin}])
    assert message in fault


def test_an_instruction_is_a_file_of_the_folder(tmp_path: Path) -> None:
    location = make_folder(tmp_path, **{"SKILL.md": f"{HEAD}---\n", "references__LEARN.md": "# Learn\n"})
    tools = [{"name": "learn", "description": "How to.", "instruction": "./references/LEARN.md"}]
    linked = link_skill(tmp_path, location=location, tools=tools)
    assert linked.tools == (InstructionTool("learn", "How to.", "references/LEARN.md"),)


@pytest.mark.parametrize("path", ["../secret.txt", "references/../../secret.txt", "/etc/passwd", "LEARN.md", "", "."])
def test_no_instruction_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("s3cr3t")
    location = make_folder(tmp_path, **{"SKILL.md": f"{HEAD}---\n", "references__LEARN.md": "# Learn\n"})
    (fault,) = list_faults(tmp_path, location=location, tools=[{"name": "learn", "instruction": path}])
    assert "s3cr3t" not in fault


@pytest.mark.parametrize("target", ["../secret.txt", "..", "/etc", "missing"])
def test_no_link_leads_out_of_the_folder(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret.txt").write_text("s3cr3t")
    location = make_folder(tmp_path, **{"SKILL.md": f"{HEAD}---\n"})
    (tmp_path / "skill" / "leak").symlink_to(target)
    (fault,) = list_faults(tmp_path, location=location)
    assert "leak" in fault


def test_the_files_are_served_with_their_digests(tmp_path: Path) -> None:
    texts = {"SKILL.md": f"{HEAD}---\r\n", "references__a b.md": "# A\r\n"}
    linked = link_skill(tmp_path, location=make_folder(tmp_path, **texts))
    assert [(file.path, file.uri, file.content.decode()) for file in linked.files] == [
        ("SKILL.md", "skill://skills/find-ships/SKILL.md", texts["SKILL.md"]),
        ("references/a b.md", "skill://skills/find-ships/references/a%20b.md", "# A\r\n"),
    ]
    assert [file.digest for file in linked.files] == [sha256(text.encode()).hexdigest() for text in texts.values()]


def test_a_folder_without_the_file_gets_one(tmp_path: Path) -> None:
    location = make_folder(tmp_path, **{"references__LEARN.md": "# Learn\n"})
    linked = link_skill(tmp_path, location=location, license="MIT", **{"allowed-tools": "Read"})
    assert [file.path for file in linked.files] == ["SKILL.md", "references/LEARN.md"]
    assert b"- [references/LEARN.md](references/LEARN.md)\n" in linked.files[0].content
    own = {"name": "find-ships", "description": "Finds ships.", "license": "MIT", "allowed-tools": "Read"}
    assert thaw(linked.front_matter) == thaw(linked.fields) == own
    assert link_skill(tmp_path, location=location, license="MIT", **{"allowed-tools": "Read"}) == linked


def test_the_front_matter_of_the_file_counts(tmp_path: Path) -> None:
    location = make_folder(tmp_path, **{"SKILL.md": f"{HEAD}license: Apache-2.0\nmetadata: {{n: 2}}\n---\n"})
    loaded = load_skill(tmp_path, location=location, license="MIT", compatibility="Any.")
    assert any(found.message.startswith("'license' has no effect") for found in loaded.diagnostics)
    linked = link_skill(tmp_path, location=location, license="MIT", compatibility="Any.")
    front_matter = {"name": "find-ships", "description": "Finds ships.", "license": "Apache-2.0", "metadata": {"n": 2}}
    assert thaw(linked.front_matter) == front_matter
    assert thaw(linked.fields) == front_matter | {"compatibility": "Any."}


@pytest.mark.parametrize(
    "text",
    [
        "# no front matter",
        "---\nname: other\ndescription: x\n---\n",
        "---\nname: find-ships\n---\n",
        f"{HEAD}a: [\n---\n",
    ],
)
def test_a_file_with_other_front_matter_is_an_error(tmp_path: Path, text: str) -> None:
    assert len(list_faults(tmp_path, location=make_folder(tmp_path, **{"SKILL.md": text}))) == 1


def test_more_files_than_clients_accept_are_an_error(tmp_path: Path) -> None:
    location = make_folder(tmp_path, **{"SKILL.md": f"{HEAD}---\n"})
    for number in range(511):
        (tmp_path / "skill" / f"{number}.txt").touch()
    assert len(link_skill(tmp_path, location=location).files) == 512
    (tmp_path / "skill" / "one-more.txt").touch()
    (fault,) = list_faults(tmp_path, location=location)
    assert "512 files" in fault
