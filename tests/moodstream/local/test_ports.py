"""Ports: remembered while free, chosen anew and said when somebody else has taken one."""

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from moodstream.local import ports
from moodstream.local.ports import choose_ports, free_port, is_free, is_open, read_ports, taken_ports


def test_the_same_ports_come_back_without_a_word(tmp_path: Path) -> None:
    said: list[str] = []
    first = choose_ports(tmp_path / "ports.json", ["kafka", "redis"], said.append)
    assert choose_ports(tmp_path / "ports.json", ["kafka", "redis"], said.append) == first
    assert said == []
    assert len(set(first.values())) == 2
    assert all(is_free(port) for port in first.values())


def test_a_port_in_use_is_chosen_anew_with_one_line_and_remembered(tmp_path: Path) -> None:
    said: list[str] = []
    file = tmp_path / "ports.json"
    before = choose_ports(file, ["kafka", "redis"], said.append)
    with socket.create_server(("127.0.0.1", before["kafka"])):
        assert is_open(before["kafka"])
        assert taken_ports(before) == ["kafka"]
        after = choose_ports(file, ["kafka", "redis"], said.append)
    assert after["kafka"] != before["kafka"]
    assert after["redis"] == before["redis"]
    assert said == [f"port {before['kafka']} of kafka is taken by another program: {after['kafka']} from now on"]
    assert read_ports(file) == after


def test_a_damaged_memory_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("{kafka")
    assert set(choose_ports(tmp_path / "ports.json", ["kafka"], print)) == {"kafka"}


def test_a_port_learned_later_keeps_the_others(tmp_path: Path) -> None:
    first = choose_ports(tmp_path / "ports.json", ["kafka"], print)
    choose_ports(tmp_path / "ports.json", ["redis"], print)
    assert read_ports(tmp_path / "ports.json")["kafka"] == first["kafka"]


def test_a_port_is_given_once_though_nobody_listens_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    first = free_port(set())
    drawn = iter([first - 20_000, first - 20_000, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    monkeypatch.setattr(ports, "secrets", SimpleNamespace(randbelow=lambda _: next(drawn)))
    assert free_port(set()) != first
