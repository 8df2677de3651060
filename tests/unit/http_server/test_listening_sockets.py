"""The sockets that listeners accept from."""

from __future__ import annotations

import socket

import pytest

from naftiko_runtime.http_server.listening_sockets import ListenError, get_port, open_shared_socket, open_socket

HOST = "127.0.0.1"


def test_a_socket_listens_on_a_free_port() -> None:
    with open_socket(HOST, 0, "shop") as listening, socket.create_connection((HOST, get_port(listening))) as caller:
        assert caller.getpeername() == listening.getsockname()


def test_a_port_in_use_is_named_with_who_wants_it() -> None:
    with open_socket(HOST, 0, "shop") as listening:
        port = get_port(listening)
        with pytest.raises(ListenError, match=f"{HOST}:{port} for other"):
            open_socket(HOST, port, "other")


def test_a_port_that_another_program_would_share_is_not_taken() -> None:
    with socket.socket() as theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        theirs.bind((HOST, 0))
        theirs.listen()
        with pytest.raises(ListenError):
            open_socket(HOST, theirs.getsockname()[1], "shop", many=True)


def test_a_name_that_does_not_resolve_is_named() -> None:
    with pytest.raises(ListenError, match=r"nowhere\.invalid:1 for shop"):
        open_socket("nowhere.invalid", 1, "shop")


def test_several_sockets_share_a_port_that_was_opened_for_it() -> None:
    with open_socket(HOST, 0, "shop", many=True) as first, open_shared_socket(first, "shop") as second:
        assert get_port(first) == get_port(second)


def test_a_port_that_was_not_opened_for_it_is_not_shared() -> None:
    with open_socket(HOST, 0, "shop") as first, pytest.raises(ListenError, match="for shop"):
        open_shared_socket(first, "shop")
