"""The doctor: one finding a part, each failure with its way out, and nothing changed by asking."""

from pathlib import Path

import pytest

from contracts.errors import BundleRejected, Misconfigured
from moodstream.local import doctor
from moodstream.local.doctor import Check, diagnose
from moodstream.local.home import Home
from moodstream.local.lock import HomeLock
from moodstream.local.ports import free_port

NAMES = ["python", "machine", "java", "kafka", "redis", "home", "ports", "disk", "torch"]


def test_a_machine_that_was_set_up_is_fine_and_stays_as_it_was(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    checks = diagnose(home)
    assert [check.name for check in checks] == NAMES
    assert [check for check in checks if not check.ok] == []
    assert not home.path.exists()


def test_servers_that_are_down_are_named_with_the_way_out(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port(set())}"
    checks = {check.name: check for check in diagnose(Home(tmp_path), kafka=nobody, redis=f"redis://{nobody}/0")}
    assert not checks["kafka"].ok
    assert checks["kafka"].detail.startswith(f"no Kafka answers at {nobody}")
    assert "MOODSTREAM_KAFKA" in checks["kafka"].way_out
    assert not checks["redis"].ok
    assert "MOODSTREAM_REDIS" in checks["redis"].way_out


def test_who_is_given_a_kafka_needs_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_java() -> None:
        raise Misconfigured("no Java: install one")

    monkeypatch.setattr(doctor, "find_java", no_java)
    checks = {check.name: check for check in diagnose(Home(tmp_path), kafka=f"127.0.0.1:{free_port(set())}")}
    assert checks["java"].ok
    assert not {check.name: check for check in diagnose(Home(tmp_path))}["java"].ok


def test_servers_that_answer_are_fine(tmp_path: Path, kafka: str, redis_url: str) -> None:
    checks = {check.name: check for check in diagnose(Home(tmp_path), kafka=kafka, redis=redis_url)}
    assert checks["kafka"].ok
    assert checks["redis"].ok


def test_a_home_in_use_names_its_holder(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    with HomeLock(home.lock):
        assert "in use by process" in doctor.check_home(home).detail
    assert "not in use" in doctor.check_home(home).detail


def test_arm_without_a_compiler_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setenv("PATH", "/nonexistent")
    check = doctor.check_machine()
    assert not check.ok
    assert "apt-get install gcc" in check.way_out


def test_a_further_check_is_asked_last_and_may_fail(tmp_path: Path) -> None:
    def good() -> Check:
        return Check("bundle", True, "b1")

    def bad() -> Check:
        raise BundleRejected("the bundle b1 is damaged: run `moodstream rollback`")

    checks = diagnose(Home(tmp_path), more=[good, bad])
    assert checks[-2] == Check("bundle", True, "b1")
    assert checks[-1] == Check("more", False, "the bundle b1 is damaged", "run `moodstream rollback`")
