"""Columns hold what training and the ranker's replay need of an event, and give it back."""

from batch.log import events_of, of_events
from contracts.events import Context, Impression, Interaction, MoodEvent, Shown
from contracts.kinds import ORDER

EVENTS: list[Interaction | MoodEvent] = [
    *(Interaction(event_id=f"e{n}", time=n, user_id="u", item_id="i", kind=kind) for n, kind in enumerate(ORDER)),
    Interaction(event_id="e9", time=9, user_id="u", item_id="i", kind="rating", value=4.5),
    Interaction(event_id="e10", time=10, user_id="u", item_id="i", kind="dwell", value=0.0),
    Interaction(event_id="e11", time=11, user_id="u", item_id="i", context=Context(mood="sad")),
    MoodEvent(event_id="e12", time=12, user_id="v", mood="happy"),
]


def test_events_come_back_from_their_columns() -> None:
    assert events_of(of_events(EVENTS)) == EVENTS


def test_a_part_has_every_column() -> None:
    assert events_of(of_events(EVENTS).part(9, 13))[0] == Interaction(
        event_id="e0", time=9, user_id="u", item_id="i", kind="rating", value=4.5
    )
    assert len(events_of(of_events(EVENTS).part(9, 11))) == 2


def test_what_was_shown_stands_before_the_event_that_followed() -> None:
    shown = [
        Impression(event_id=f"p{n}", time=n, user_id="u", request_id="r", bundle="", shown=[Shown("i", 0, 0.5, 1.0)])
        for n in range(3)
    ]
    log = of_events([*shown[:2], *EVENTS[:2], shown[2], EVENTS[2]])
    assert events_of(log) == [*shown[:2], *EVENTS[:2], shown[2], EVENTS[2]]
    assert events_of(log.part(1, 3), first=1) == [EVENTS[1], shown[2], EVENTS[2]]
    assert of_events([shown[0], EVENTS[0], shown[1], EVENTS[1]]).shown.shape == (2,)


def test_a_mood_that_nobody_knows_is_left_out_as_the_stream_does() -> None:
    unknown = MoodEvent(event_id="m", time=1, user_id="u", mood="flabbergasted-xyz")
    assert not events_of(of_events([unknown]))
