"""The book: what must come of each record, and what it says of a store that has less or more."""

from collections.abc import Sequence

from contracts.events import MAX_FORWARDS, Alias, Erase, Impression, Interaction, MoodEvent, Record, encode
from contracts.sharding import partition_of
from contracts.topics import EVENTS
from online.learn.counts import TAKEN, bucket_of
from online.store.state import id_hash
from tests.faults.book import Book
from tests.faults.recorded import PARTITIONS, START, Sending

ANNA, BEN = "anna", "ben"


def click(name: str, user: str = ANNA, item: str = "i1") -> Interaction:
    return Interaction(event_id=name, time=START, user_id=user, item_id=item, kind="like")


def read(log: Sequence[Record | bytes], partition: int | None = None) -> Book:
    book = Book()
    for offset, one in enumerate(log):
        key, value = (ANNA, one) if isinstance(one, bytes) else (one.key, encode(one))
        book.read(partition_of(key, PARTITIONS) if partition is None else partition, offset, value)
    return book


def hashes(*names: str) -> list[int]:
    return [id_hash(name) for name in names]


def test_a_store_with_each_once_is_as_the_book_says() -> None:
    book = read([click("a"), click("b"), click("a"), click("c", BEN)])
    taken = {(bucket_of(TAKEN, START), "i1"): 3}
    assert book.against({ANNA: hashes("a", "b"), BEN: hashes("c")}, taken, []).nothing
    assert book.duplicates == 1


def test_what_is_missing_or_there_twice_is_named() -> None:
    book = read([click("a"), click("b")])
    found = book.against({ANNA: hashes("a", "a")}, {(bucket_of(TAKEN, START), "i1"): 3}, [])
    assert found.lost == {"b of anna": 1}
    assert found.doubled == {"a of anna": 1, "count of i1": 1}


def test_another_order_is_a_fault_too() -> None:
    book = read([click("a"), click("b")])
    assert not book.against({ANNA: hashes("b", "a")}, dict(book.taken), []).nothing


def test_what_is_refused_must_be_in_the_dead_letters_and_nothing_else() -> None:
    book = read([b"no event", MoodEvent(event_id="m", time=START, user_id=ANNA, mood="klonk")])
    origins = [f"events/{partition_of(ANNA, PARTITIONS)}/{offset}" for offset in (0, 1)]
    assert book.against({ANNA: []}, {}, origins + origins[:1]).nothing
    assert set(book.against({}, {}, origins[:1]).lost) == {f"dead letter {origins[1]}"}
    assert set(book.against({}, {}, [*origins, "events/9/9"]).doubled) == {"dead letter events/9/9"}


def test_an_acknowledged_event_that_lies_nowhere_or_only_in_the_wrong_place_is_lost() -> None:
    wrong = (partition_of(ANNA, PARTITIONS) + 1) % PARTITIONS
    book = read([click("a")], wrong)
    book.acknowledge(Sending("misplaced", encode(click("a")), click("a"), wrong), f"{EVENTS.name}/{wrong}/0")
    assert set(book.unaccounted()) == {"a"}
    book.read(partition_of(ANNA, PARTITIONS), 1, encode(click("a")))
    assert not book.unaccounted()
    book.acknowledge(Sending("plain", encode(click("b")), click("b")), f"{EVENTS.name}/0/7")
    assert set(book.unaccounted()) == {"b", "what lay at events/0/7"}


def test_an_erased_user_has_nothing_and_an_alias_passes_on() -> None:
    alias = Alias(event_id="to-ben", time=START, user_id=ANNA, known_as=BEN)
    passed_on = Interaction(event_id="b", time=START, user_id=BEN, item_id="i1", kind="like", forwards=1)
    book = read(
        [click("a"), alias, click("b"), passed_on, click("c", BEN), Erase(event_id="e", time=START, user_id=BEN)]
    )
    assert {user: list(ids) for user, ids in book.histories.items()} == {ANNA: [], BEN: []}
    book = read([alias, click("b"), passed_on])
    assert list(book.histories[BEN]) == hashes("b")
    assert not book.histories[ANNA]


def test_impressions_have_no_history() -> None:
    page = Impression(event_id="p", time=START, user_id=ANNA, request_id="p", bundle="", shown=[])
    book = read([page])
    book.acknowledge(Sending("plain", encode(page), page), f"events/{partition_of(ANNA, PARTITIONS)}/0")
    assert book.against({ANNA: []}, {}, []).nothing


def test_what_goes_round_in_circles_ends_in_the_dead_letters() -> None:
    alias = Alias(event_id="to-ben", time=START, user_id=ANNA, known_as=BEN)
    tired = Interaction(event_id="b", time=START, user_id=ANNA, item_id="i1", kind="like", forwards=MAX_FORWARDS)
    book = read([alias, tired])
    at = f"events/{partition_of(ANNA, PARTITIONS)}/1"
    book.acknowledge(Sending("plain", encode(tired), tired), at)
    assert book.against({ANNA: []}, {}, [at]).nothing
