"""Letters are set aside by a real worker, found by filters, mended, and sent again with one effect each."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import Misconfigured
from contracts.events import Interaction, MoodEvent
from contracts.topics import DEAD_LETTER, EVENTS, ITEMS
from moodstream.cli import main
from moodstream.letters import operate
from online.letters.wanted import Wanted, moment
from tests.stream import live
from tests.stream.live import Live

BROKEN = """
from online.learn import fold
whole = fold.Working.apply
def apply(self, event, row):
    if event.event_id.startswith("poison"):
        raise ZeroDivisionError("a bug of ours")
    return whole(self, event, row)
fold.Working.apply = apply
"""
TIME = 1_700_000_000_000


@pytest.fixture
def running(kafka: str, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Live]:
    with live.live(kafka, redis_url, namespace, tmp_path) as place:
        yield place


def like(user: str, item: str, name: str) -> Interaction:
    return Interaction(event_id=name, time=TIME, user_id=user, item_id=item, kind="like")


class Desk:
    """The verbs, as an operator has them."""

    def __init__(self, running: Live, capsys: pytest.CaptureFixture[str]) -> None:
        self._settings = running.settings
        self._capsys = capsys

    def letters(self, wanted: Wanted | None = None) -> list[dict[str, Any]]:
        self._capsys.readouterr()
        operate.print_list(self._settings, wanted or Wanted(), 50, as_json=True)
        found: list[dict[str, Any]] = json.loads(self._capsys.readouterr().out)
        return found

    def retry(
        self, wanted: Wanted, repaired: Path | None = None, *, again: bool = False, dry_run: bool = False
    ) -> tuple[bool, dict[str, dict[str, Any]]]:
        self._capsys.readouterr()
        done = operate.retry_some(self._settings, wanted, repaired, again=again, dry_run=dry_run, as_json=True)
        return done, {result["id"]: result for result in json.loads(self._capsys.readouterr().out)}


def history(running: Live, user: str) -> list[str]:
    """What the store has of a user: items, moods as their row."""
    _, record = running.until(lambda store: store.user(user), lambda found: found[1] is not None)
    assert record is not None
    return [entry.item or str(entry.mood) for entry in record.unpack()[1]]


def test_what_crashes_or_is_invalid_is_set_aside_mended_and_learned_once(
    running: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(running, capsys)
    running.put_in_force(1)
    running.send(
        [like("ann", "i1", "a1"), like("ann", "i2", "poison"), like("ann", "i3", "a3"), like("ben", "i4", "b")]
    )
    running.send([MoodEvent(event_id="m", time=TIME, user_id="ann", mood="klonk")])
    running.send([b'{"type":"interaction","user_id":"ben","item_id":"i5","kind":"hug"}', b"no event"])
    running.send([b"no item"], topic=ITEMS)
    monkeypatch.setattr(live, "SCRIPT", BROKEN + live.SCRIPT)
    worker = running.worker()
    running.wait_until_learned(90)
    running.until(lambda store: store.items_watermark(0), lambda _: len(running.records(DEAD_LETTER)) >= 5, 60)
    monkeypatch.undo()
    running.stop(worker)

    by_error: dict[str, list[dict[str, Any]]] = {}
    for letter in desk.letters():
        by_error.setdefault(letter["error"], []).append(letter)
    assert {error: len(those) for error, those in by_error.items()} == {"ZeroDivisionError": 1, "InvalidEvent": 4}
    (poison,) = by_error["ZeroDivisionError"]
    assert poison["event"]["event_id"] == "poison"
    assert (poison["reason"], poison["schema_version"], poison["retried"]) == ("a bug of ours", 1, [])
    assert poison["id"] == f"events/{poison['partition']}/{poison['offset']}"
    (klonk,) = desk.letters(Wanted(reason="KLONK"))
    (hug,) = desk.letters(Wanted(reason="hug", error="invalidevent", topic="events", since=poison["time"] - 60_000))
    assert [one["topic"] for one in desk.letters(Wanted(topic="items"))] == ["items"]
    assert [one["id"] for one in desk.letters(Wanted(ids=[hug["id"]]))] == [hug["id"]]
    assert not desk.letters(Wanted(since=poison["time"] + 3_600_000))
    assert not desk.letters(Wanted(until=1))

    worker = running.worker()  # the bug is mended
    everything = Wanted(error="ZeroDivisionError")
    assert desk.retry(everything, dry_run=True)[1][poison["id"]]["status"] == "good"
    assert desk.retry(everything)[1][poison["id"]]["status"] == "sent"
    done, results = desk.retry(everything)
    assert done
    assert results[poison["id"]]["status"] == "already sent"
    assert "id poison" in results[poison["id"]]["reason"]
    assert desk.retry(everything, again=True)[1][poison["id"]]["status"] == "sent"
    assert [len(one["retried"]) for one in desk.letters(Wanted(retried=True))] == [2]
    assert len(desk.letters(Wanted(retried=False))) == 4

    file = tmp_path / "letters.jsonl"
    operate.export(running.settings, Wanted(retried=False, topic="events"), file)
    lines = {line["id"]: line for line in map(json.loads, file.read_text().splitlines())}
    lines[klonk["id"]]["event"]["mood"] = "happy"
    lines[hug["id"]]["event"]["kind"] = "like"
    file.write_text("\n".join(map(json.dumps, lines.values())))
    for again in (False, True):
        done, results = desk.retry(Wanted(), file, again=again)
        assert not done  # one is no event still
        assert sorted(result["status"] for result in results.values()) == ["invalid", "sent", "sent"]
    done, results = desk.retry(Wanted())
    assert not done
    assert sorted(result["status"] for result in results.values()) == [*["already sent"] * 3, "invalid", "invalid"]

    running.wait_until_learned(90)
    running.stop(worker)
    assert history(running, "ann") == ["i1", "i3", "i2", "1"]
    assert history(running, "ben") == ["i4", "i5"]
    assert len(desk.letters()) == 5
    assert sum(b"poison" in raw.value for raw in running.raws()) == 3


class Shell:
    """The command line in this process, which has imported everything already."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def run(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Exit code, output and errors of `moodstream dead-letters …`."""
        self._capsys.readouterr()
        with self._monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["moodstream", "dead-letters", *arguments])
            for name, value in variables.items():
                patched.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def test_the_verbs_speak_as_they_should(running: Live, shell: Shell) -> None:
    running.send([b"no event"], topic=DEAD_LETTER)
    set_aside = {
        "raw": "eA==",
        "reason": "why",
        "error": "InvalidEvent",
        "topic": "events",
        "partition": 3,
        "offset": 7,
    }
    running.send([json.dumps({**set_aside, "time": TIME}).encode()] * 2, topic=DEAD_LETTER)
    variables = running.settings.environment()

    code, out, _ = shell.run("show", "events/3/7", **variables)
    assert code == 0
    assert "why" in out
    code, out, _ = shell.run("list", "--since", "2023-01-01", **variables)
    assert code == 0
    assert "1 letters: InvalidEvent 1" in out
    assert "1 records of the topic are no dead letters" in out
    code, out, _ = shell.run("retry", "--all", **variables)
    assert code == 1
    assert "invalid: events/3/7" in out
    code, _, err = shell.run("retry", "events/1/1", **variables)
    assert code == 1
    assert "dead-letters list" in err
    assert not running.records(EVENTS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "--since", "soon"), "2h"),
        (("list", "--topic", "enriched"), "events, items or kinesis:STREAM"),
        (("retry",), "--all"),
        (("retry", "events/1/1", "--all"), "in one way"),
        (("retry", "--repaired", "nowhere.jsonl"), "nowhere.jsonl"),
        (("list",), "moodstream doctor"),
        (("export", "letters.jsonl"), "moodstream doctor"),
    ],
)
def test_what_can_not_be_done_says_the_way_out(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = shell.run(*arguments, MOODSTREAM_KAFKA="127.0.0.1:1")
    assert code == 1
    assert said in err
    assert err.startswith("moodstream: ")
    assert err.count("\n") == 1


def test_times_are_said_as_people_say_them() -> None:
    assert moment("", 5, "--since") is None
    assert moment("2h", 10_000_000, "--since") == 2_800_000
    assert moment("1970-01-01T00:01", 5, "--since") == moment("1970-01-01T02:01+02:00", 5, "--since") == 60_000
    with pytest.raises(Misconfigured, match="--until"):
        moment("2 h", 5, "--until")
