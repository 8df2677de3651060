"""The smallest part of a document that can be left out."""

import pytest

from naftiko_runtime.document.separable_parts import find_separable_part


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ("exposes 0 resources 1 operations 2 call", "exposes 0 resources 1 operations 2"),
        ("exposes 0 resources 1 forward targetNamespace", "exposes 0 resources 1 forward"),
        ("exposes 0 resources 1 path", "exposes 0 resources 1"),
        ("exposes 0 tools 1 inputParameters 0 name", "exposes 0 tools 1"),
        ("exposes 0 port", "exposes 0"),
        ("consumes 0 resources 1 operations 2 body", "consumes 0 resources 1 operations 2"),
        ("consumes 0 baseUri", "consumes 0"),
        ("aggregates 0 functions 1 with imo", "aggregates 0 functions 1"),
        ("aggregates 0 namespace", "aggregates 0"),
        ("binds 0 keys TOKEN", "binds 0 keys TOKEN"),
        ("binds 0 location", "binds 0"),
        ("info label", "info"),
        ("naftiko", ""),
    ],
)
@pytest.mark.parametrize("root", [(), ("capability",)])
def test_find_separable_part(place: str, part: str, root: tuple[str, ...]) -> None:
    assert find_separable_part((*root, *steps(place))) == ((*root, *steps(part)) if part else ())


def steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in path.split())
