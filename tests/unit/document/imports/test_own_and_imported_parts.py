"""The sections of a document as data."""

from naftiko_runtime.document.imports.own_and_imported_parts import (
    collect_words,
    find_references,
    get_name,
    get_variables,
    iter_imports,
    iter_own_parts,
    mentions,
)

DATA = {
    "consumes": [{"namespace": "a"}, {"import": "b", "location": "b.yml"}, "text"],
    "capability": {"consumes": [{"import": "c", "as": "d", "location": "c.yml"}]},
}


def test_own_parts_and_imports_of_a_section() -> None:
    assert [(get_name(part), key_path) for key_path, part in iter_own_parts(DATA, "consumes")] == [
        ("a", ("consumes", 0))
    ]
    assert [(get_name(entry), key_path) for key_path, entry in iter_imports(DATA, "consumes")] == [
        ("b", ("consumes", 1)),
        ("d", ("capability", "consumes", 0)),
    ]
    assert list(iter_own_parts(DATA, "binds")) == []
    assert list(iter_own_parts("text", "consumes")) == []


def test_references_of_an_expose() -> None:
    expose = {
        "tools": [{"call": "api.get", "with": {"call": "other.get"}}, {"ref": "shared.find"}, {"call": "api.put"}],
        "resources": [{"forward": {"targetNamespace": "raw"}}],
    }
    assert find_references(expose) == [("consumes", "api"), ("aggregates", "shared"), ("consumes", "raw")]


def test_a_part_mentions_a_name_of_which_it_has_all_words() -> None:
    words = collect_words({"token": "{{env.TOKEN}}", "X-Key": ["{{ HOST }}"]})
    assert mentions(words, "TOKEN")
    assert mentions(words, "HOST")
    assert mentions(words, "X-Key")
    assert not mentions(words, "PORT")


def test_variables_of_a_bind() -> None:
    assert get_variables({"keys": {"TOKEN": "MY_TOKEN"}}) == {"TOKEN": "MY_TOKEN"}
    assert get_variables({"keys": ["TOKEN"]}) == {}
