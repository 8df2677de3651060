"""Any open query of a caller: the fields that the document sets are dropped, and all others are passed on."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from hypothesis import example, given
from hypothesis import strategies as st

from naftiko_runtime.engine.caller_query import drop_fields, fold_field_names

OWN = ("api_key", "a b", "schlüssel")
NAMES = fold_field_names(OWN)
PIECES = st.sampled_from(
    [b"api_key", b"api%5Fkey", b"%61PI_key", b"a+b", b"a%20b", b"b", b"=", b"=v", b"&", b";", b"%", b"+"]
)


def spelled(name: str, choices: list[int]) -> bytes:
    """A name with some of its bytes percent-encoded, in either case."""
    raw = name.encode()
    ways = zip(raw, (choices * len(raw))[: len(raw)], strict=True)
    plain = [
        (b"+" if byte == ord(" ") else bytes([byte]), f"%{byte:02X}".encode(), f"%{byte:02x}".encode())
        for byte, _ in ways
    ]
    return b"".join(way[choice] for way, choice in zip(plain, (choices * len(raw))[: len(raw)], strict=True))


def names_of(query: bytes) -> list[bytes]:
    """The decoded names of a query's fields, as a server reads them that splits at ampersands only."""
    fields = query.split(b"&")
    return [unquote_to_bytes(field.partition(b"=")[0].replace(b"+", b" ")).lower() for field in fields]


@given(st.binary() | st.lists(PIECES).map(b"".join))
@example(b"&api_key=1&;api_key=2&&")
def test_no_own_field_gets_through(raw: bytes) -> None:
    kept = drop_fields(raw, NAMES)
    assert not NAMES & set(names_of(kept))
    at_semicolons = [part for part in kept.replace(b"&", b";").split(b";") if b"=" in part]
    assert not NAMES & {name for part in at_semicolons for name in names_of(part)}
    assert drop_fields(kept, NAMES) == kept


@given(st.binary())
def test_a_query_without_own_fields_stays_byte_for_byte(raw: bytes) -> None:
    foreign = raw.replace(b"e", b"x").replace(b"E", b"x").replace(b"%", b"x").replace(b"+", b"x").replace(b" ", b"x")
    assert drop_fields(foreign, NAMES) == foreign


@given(
    st.sampled_from(OWN),
    st.lists(st.integers(0, 2), min_size=1),
    st.lists(st.sampled_from([b"q=1", b"", b"x=%zz;y", b"=", b"api_key[]=1", b"%2561"])),
    st.integers(0, 5),
)
def test_an_own_field_goes_in_every_spelling_and_the_rest_stays(
    name: str, choices: list[int], others: list[bytes], at: int
) -> None:
    own = spelled(name, choices) + b"=theirs"
    assert drop_fields(b"&".join([*others[:at], own, *others[at:]]), NAMES) == b"&".join(others)
