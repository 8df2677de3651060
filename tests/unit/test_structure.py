import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from graphlib import TopologicalSorter
from pathlib import Path
from typing import get_args

import pytest

from naftiko_runtime.authentication.kinds import Credential
from naftiko_runtime.document.exposes import McpExpose, OtherExpose, RestExpose, SkillExpose
from naftiko_runtime.plan import Execution, Server

FILE_LINES_MAX = 400
CLASS_LINES_MAX = 250
CLASS_ATTRIBUTES_MAX = 15

TABLES = {
    "exposes/kinds.py": (*get_args(Server), RestExpose, McpExpose, SkillExpose, OtherExpose),
    "bind_plan.py": get_args(Execution),
    "authentication/kinds.py": get_args(Credential),
}
"""By module, the classes that it alone may ask for: it handles all of a union."""

CAP_WORDS = re.compile("_*[A-Z][a-z]")

PACKAGE = Path(__file__).parents[2] / "src" / "naftiko_runtime"
FILES = sorted(PACKAGE.rglob("*.py"))
REPOSITORY = PACKAGE.parents[1]
FOLDERS_OF_SHORT_FILES = ("src", "tests", "bench", "scripts")

ENDINGS_IN_ED = {"embed", "exceed", "feed", "need", "proceed", "seed", "shed"}
IRREGULAR_PARTICIPLES = frozenset(
    [
        "begun",
        "bound",
        "broken",
        "built",
        "drawn",
        "found",
        "given",
        "gone",
        "held",
        "hidden",
        "kept",
        "known",
        "left",
        "lent",
        "lost",
        "made",
        "meant",
        "met",
        "said",
        "seen",
        "sent",
        "shown",
        "sought",
        "spelt",
        "spent",
        "taken",
        "thought",
        "told",
        "understood",
        "written",
    ]
)
WORDS_BEFORE_PARTICIPLES = frozenset(
    [
        "apply",
        "are",
        "buffer",
        "build",
        "can",
        "check",
        "close",
        "commit",
        "compare",
        "compile",
        "count",
        "decide",
        "describe",
        "drop",
        "encode",
        "filter",
        "find",
        "format",
        "get",
        "give",
        "group",
        "handle",
        "has",
        "is",
        "iter",
        "list",
        "log",
        "make",
        "mark",
        "mask",
        "may",
        "on",
        "parse",
        "raise",
        "read",
        "reject",
        "remove",
        "render",
        "replace",
        "report",
        "require",
        "resolve",
        "run",
        "select",
        "send",
        "serve",
        "set",
        "skip",
        "strip",
        "substitute",
        "use",
        "wait",
        "write",
    ]
)
"""Verbs, the first words of predicates, and ``on`` of callbacks."""
ASYNCIO_CALLBACKS = {"buffer_updated", "connection_lost", "connection_made", "data_received", "eof_received"}

UNIT_TESTS = Path(__file__).parent
ROOTS = {"bench": UNIT_TESTS.parents[1] / "bench", "support": UNIT_TESTS.parent / "support"}
"""By folder of unit tests, where what they test is; all others are of the package."""
TESTS_OF_THE_REPOSITORY = ["test_dependencies.py", "test_documentation.py", "test_structure.py"]
"""They test no module, but what the repository promises."""


def attributes(definition: ast.ClassDef) -> set[str]:
    """The fields of a class, and what its methods assign to ``self``."""
    fields = {
        node.target.id
        for node in definition.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assigned = {
        node.attr
        for node in ast.walk(definition)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    return fields | assigned


def find_oversized(name: str, text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            count = len(attributes(node))
            if lines > CLASS_LINES_MAX or count > CLASS_ATTRIBUTES_MAX:
                yield f"{name}:{node.name}: {lines} lines, {count} attributes"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_class_is_too_large(file: Path) -> None:
    assert list(find_oversized(str(file.relative_to(PACKAGE)), file.read_text())) == []


@pytest.mark.parametrize("folder", FOLDERS_OF_SHORT_FILES)
def test_no_file_is_too_long(folder: str) -> None:
    lines = {file: len(file.read_text().splitlines()) for file in (REPOSITORY / folder).rglob("*.py")}
    assert lines
    assert {str(file.relative_to(REPOSITORY)): n for file, n in lines.items() if n > FILE_LINES_MAX} == {}


def test_a_class_with_too_many_lines_or_attributes_is_found() -> None:
    methods = "\n".join(f"    a{number}: int" for number in range(10))
    assigned = "\n".join(f"        self.b{number} = self" for number in range(6))
    many = f"class Many:\n{methods}\n    def __init__(self):\n{assigned}\n"
    long = "class Long:\n    x: int\n" + "\n" * 249 + "    y: int\n"
    assert list(find_oversized("m.py", many)) == ["m.py:Many: 18 lines, 16 attributes"]
    assert list(find_oversized("l.py", long)) == ["l.py:Long: 252 lines, 2 attributes"]


def name_module(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def read_imports(file: Path, modules: set[str]) -> Iterator[str]:
    """What a module imports of the package, in functions and for types alone as well."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in modules else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_modules_import_each_other_not_even_for_types() -> None:
    """import-linter compares siblings alone; a package and its module can import each other as well."""
    modules = {name_module(file) for file in FILES}
    graph = {name_module(file): modules.intersection(read_imports(file, modules)) for file in FILES}
    for name, imported in graph.items():
        imported.discard(name)  # a package's own __init__
    TopologicalSorter(graph).prepare()  # raises CycleError, which names them


def find_decisions(text: str, names: set[str]) -> Iterator[str]:
    """The classes that a text asks for, with ``isinstance`` or ``case``."""
    for node in ast.walk(ast.parse(text)):
        asked: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            asked = node.args[1:]
        elif isinstance(node, ast.MatchClass):
            asked = [node.cls]
        found = (inner.id for one in asked for inner in ast.walk(one) if isinstance(inner, ast.Name))
        yield from (name for name in found if name in names)


@pytest.mark.parametrize("table", TABLES)
def test_only_the_table_of_a_union_asks_for_its_members(table: str) -> None:
    names = {kind.__name__ for kind in TABLES[table]}
    asking = {str(file.relative_to(PACKAGE)): set(find_decisions(file.read_text(), names)) for file in FILES}
    assert {file: found for file, found in asking.items() if found} == {table: names}


def test_every_way_to_ask_for_a_class_is_found() -> None:
    text = "isinstance(a, A | X)\nisinstance(b, (X, B))\n"
    text += "match x:\n    case C():\n        pass\n    case X():\n        X()\n"
    assert list(find_decisions(text, {"A", "B", "C"})) == ["A", "B", "C"]


def find_type_names(text: str) -> Iterator[str]:
    """The names of classes and type aliases, without leading underscores."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="TypeAlias")):
                yield name.lstrip("_")
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript() | ast.BinOp()) if CAP_WORDS.match(name):
                yield name.lstrip("_")


def find_type_names_of_several_modules(texts: Mapping[str, str]) -> dict[str, list[str]]:
    modules = defaultdict(list)
    for module, text in texts.items():
        for name in find_type_names(text):
            modules[name].append(module)
    return {name: found for name, found in modules.items() if len(found) > 1}


def test_no_two_types_have_one_name() -> None:
    texts = {str(file.relative_to(PACKAGE)): file.read_text() for file in FILES}
    assert find_type_names_of_several_modules(texts) == {}


def test_two_types_of_one_name_are_found() -> None:
    texts = {
        "a.py": "class Call: ...\nclass _Line: ...\nX = 1\nclass Other: ...\n",
        "b.py": "def f():\n    class Call: ...\nLine: TypeAlias = str\nX = 1\nOther = Literal['a']\n",
    }
    assert find_type_names_of_several_modules(texts) == {name: ["a.py", "b.py"] for name in ("Call", "Line", "Other")}


def find_open_callbacks(text: str) -> Iterator[int]:
    """The lines of callbacks that are typed ``Any``: as what they are called with, or as what they return."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "Callable[" in node.value:
            with suppress(SyntaxError):  # prose
                yield from (node.lineno for _ in find_open_callbacks(node.value))
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).split(".")[-1] == "Callable":
            parameters, result = node.slice.elts if isinstance(node.slice, ast.Tuple) else (node.slice, node.slice)
            types = [*(parameters.elts if isinstance(parameters, ast.List) else [parameters]), result]
            if any(ast.unparse(part) in ("Any", "...", "Awaitable[Any]", "Coroutine[Any, Any, Any]") for part in types):
                yield node.lineno


def test_no_callback_is_typed_any() -> None:
    found = [f"{file.relative_to(PACKAGE)}:{line}" for file in FILES for line in find_open_callbacks(file.read_text())]
    assert found == []


@pytest.mark.parametrize(
    "annotation",
    [
        "Callable[..., Any]",
        "Callable[..., None]",
        "Callable[[Any], int]",
        "Callable[[], Any]",
        "typing.Callable[[], Any]",
        "Callable[[int], Awaitable[Any]]",
        "'Callable[[], Any]'",
        "list[Callable[[], Callable[[], Any]]]",
    ],
)
def test_a_callback_that_is_typed_any_is_found(annotation: str) -> None:
    assert list(find_open_callbacks(f"x: {annotation}")) == [1]


def test_other_callbacks_are_not_found() -> None:
    assert list(find_open_callbacks("x: Callable[[list[Any], object], dict[str, Any]]")) == []


def is_participle(word: str) -> bool:
    return (word.endswith("ed") and word not in ENDINGS_IN_ED) or word in IRREGULAR_PARTICIPLES


def find_participles(text: str) -> Iterator[str]:
    """The names of functions that begin with a participle, or end with one behind a noun. Properties may."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            words = node.name.strip("_").split("_")
            is_property = any("property" in ast.unparse(decorator) for decorator in node.decorator_list)
            is_noun = is_participle(words[-1]) and words[0] not in WORDS_BEFORE_PARTICIPLES
            if not is_property and node.name not in ASYNCIO_CALLBACKS and (is_participle(words[0]) or is_noun):
                yield node.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_name_of_no_function_is_a_participle(file: Path) -> None:
    assert list(find_participles(file.read_text())) == []


def test_a_name_that_is_a_participle_is_found() -> None:
    bad = ["watched", "_escaped", "given", "declared_length", "files_changed", "rules_left"]
    good = ["list_unused", "is_shared", "on_started", "feed", "need_more", "data_received", "_read_escaped"]
    text = (
        "".join(f"def {name}(): ...\n" for name in bad + good) + "class A:\n    @property\n    def closed(self): ...\n"
    )
    assert list(find_participles(text)) == bad


def find_unit(file: Path) -> str | None:
    """The module or package that a file of unit tests is named after, perhaps with an aspect of it behind its name."""
    parts = file.parent.relative_to(UNIT_TESTS).parts
    folder = ROOTS[parts[0]].joinpath(*parts[1:]) if parts and parts[0] in ROOTS else PACKAGE.joinpath(*parts)
    words = file.stem.removeprefix("test_").split("_")
    for count in range(len(words), 0, -1):
        name = "_".join(words[:count])
        if (folder / f"{name}.py").is_file() or (folder.is_dir() and parts and name == parts[-1]):
            return name
    return None


def test_unit_tests_are_named_after_modules_and_packages() -> None:
    files = sorted(UNIT_TESTS.rglob("test_*.py"))
    assert [str(file.relative_to(UNIT_TESTS)) for file in files if find_unit(file) is None] == TESTS_OF_THE_REPOSITORY


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("source/test_edits.py", "edits"),
        ("source/test_edits_of_lists.py", "edits"),
        ("source/test_source_of_others.py", "source"),
        ("source/test_nothing.py", None),
        ("bench/test_budget.py", "budget"),
        ("bench/test_edits.py", None),
        ("nothing/test_nothing.py", None),
        ("test_masking.py", "masking"),
        ("test_everything.py", None),
    ],
)
def test_what_a_file_of_unit_tests_is_named_after(name: str, unit: str | None) -> None:
    assert find_unit(UNIT_TESTS / name) == unit
