"""Logs: the end of one for a message, and a limit that doesn't lose the writer."""

from pathlib import Path

from moodstream.local.logs import limit, tail


def test_the_tail_is_the_last_lines_indented(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(str(number) for number in range(5000)))
    assert tail(log, 2) == "  4998\n  4999"
    assert tail(tmp_path / "none") == "  (no log)"


def test_a_long_log_is_kept_once_and_begun_anew_under_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        assert not limit(log, 100)
        writer.write(b"y")
        assert limit(log, 100)
        writer.write(b"z")
    assert log.read_bytes() == b"z"
    assert (tmp_path / "log.1").read_bytes() == b"x" * 100 + b"y"
    assert not limit(tmp_path / "none", 1)
