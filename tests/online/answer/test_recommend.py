"""What an answer must hold: the right items, their reasons, and the truth about itself."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from contracts.events import Alias, Context, Erase, ItemEvent
from contracts.sharding import partition_of
from online.answer.asked import Ask, Rules
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import PARTITIONS, START, TOPIC_ID, World, felt, ids, took

BUNDLE = random_bundle(200, 1)
OTHER = random_bundle(200, 2)


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


async def begun(*bundles: Any) -> World:
    return await World(*(bundles or (BUNDLE,))).begin()


def test_a_new_user_gets_items_with_sources_and_the_standing_of_their_shard() -> None:
    async def scene() -> None:
        world = await begun()
        answer = await world.ask(n=10)
        assert len(set(ids(answer))) == 10
        assert all(item.sources and item.title for item in answer.items)
        assert answer.bundle == BUNDLE.version
        assert answer.watermark is not None
        assert (answer.watermark.partition, answer.watermark.incarnation) == (partition_of("me", PARTITIONS), TOPIC_ID)
        assert (answer.age_ms, answer.lag, answer.degraded) == (None, 0, [])

    run(scene())


def test_a_like_and_a_mood_change_the_next_answer() -> None:
    async def scene() -> None:
        world = await begun()
        before = ids(await world.ask())
        (sent,) = await world.learn(took("me", "i7"))
        liked = await world.ask()
        assert ids(liked) != before
        assert "i7" not in ids(liked)
        assert liked.watermark is not None
        assert liked.watermark.offset == sent.offset
        assert liked.age_ms == world.now - START
        await world.learn(felt("me", "😢"))
        sad = await world.ask()
        assert ids(sad) != ids(liked)
        assert sad.mood == "sad"

    run(scene())


def test_a_mood_asked_for_counts_for_that_answer_only() -> None:
    async def scene() -> None:
        world = await begun()
        plain = await world.ask()
        scared = await world.ask(mood="😱", explain=True)
        assert scared.mood == "scared"
        assert ids(scared) != ids(plain)
        assert any("mood" in item.sources for item in scared.items)
        assert ids(await world.ask()) == ids(plain)

    run(scene())


def test_a_mood_of_long_ago_is_over() -> None:
    async def scene() -> None:
        world = await begun()
        await world.learn(felt("me", "happy", START + 2000))
        assert (await world.ask()).mood == "happy"
        world.now += 24 * 3600 * 1000
        assert (await world.ask()).mood == ""

    run(scene())


def test_what_others_took_beside_it_is_found_by_co_visitation() -> None:
    async def scene() -> None:
        world = await begun()
        for user in ("a", "b", "c", "d", "e"):
            await world.learn(took(user, "i3"), took(user, "i150"))
        await world.learn(took("me", "i3"))
        found = await world.found(explain=True)
        assert "covisitation" in found["i150"].sources
        parts = found["i150"].parts
        assert parts is not None
        assert parts["covisited_10"] > 0

    run(scene())


def test_what_is_trending_in_the_mood_is_found_in_that_context() -> None:
    async def scene() -> None:
        world = await begun()
        sad = Context(mood="sad")
        for user in ("a", "b", "c"):
            event = took(user, "i90")
            await world.learn(type(event)(**{f: getattr(event, f) for f in event.__struct_fields__} | {"context": sad}))
        world.now += 2000
        assert {"trending", "context"} <= set((await world.found(mood="sad"))["i90"].sources)

    run(scene())


def test_seen_hidden_excluded_and_blocked_items_are_dropped() -> None:
    async def scene() -> None:
        world = await begun()
        best = ids(await world.ask(n=4))
        await world.learn(took("me", best[0]), took("me", best[1], "dislike"))
        answer = await world.ask(n=100, exclude=[best[2]], rules=Rules(block=[best[3]]))
        assert not set(best) & set(ids(answer))

    run(scene())


def test_only_the_categories_asked_for_are_shown_whatever_their_letter_case() -> None:
    async def scene() -> None:
        world = await begun()
        answer = await world.ask(n=100, categories=["Horror", "no such"])
        assert answer.items
        assert all("horror" in item.categories for item in answer.items)

    run(scene())


def test_no_item_in_a_category_is_said_and_nothing_else_is_shown() -> None:
    async def scene() -> None:
        world = await begun()
        answer = await world.ask(categories=["no such"])
        assert (answer.items, answer.degraded) == ([], ["items: nothing is left of what was asked for"])

    run(scene())


def test_who_has_seen_everything_sees_it_again_but_never_what_they_turned_down() -> None:
    async def scene() -> None:
        world = await begun(random_bundle(5, 1))
        await world.learn(*(took("me", f"i{number}") for number in range(4)), took("me", "i4", "dislike"))
        answer = await world.ask()
        assert set(ids(answer)) == {"i0", "i1", "i2", "i3"}
        assert any("seen already" in reason for reason in answer.degraded)

    run(scene())


def test_pages_don_t_repeat_while_learning_goes_on() -> None:
    async def scene() -> None:
        world = await begun()
        shown = ids(await world.ask(n=20))
        for page in range(2, 6):
            await world.learn(took("you", f"i{page}"))
            world.now += 30_000
            shown += ids(await world.ask(n=20, page=page))
        assert len(shown) == len(set(shown)) == 100

    run(scene())


def test_a_page_past_the_end_is_empty_and_says_so() -> None:
    async def scene() -> None:
        world = await begun(random_bundle(30, 1))
        assert len((await world.ask(n=20, page=2)).items) == 10
        answer = await world.ask(n=20, page=3)
        assert (answer.items, answer.degraded) == ([], ["items: this page is past the end"])

    run(scene())


def test_pinned_items_stand_first_and_a_boost_lifts() -> None:
    async def scene() -> None:
        world = await begun()
        await world.learn(took("me", "i1"))
        last = ids(await world.ask(n=100))[-1]
        rules = Rules(pin=["i5", "i1", "never heard of"], boost={last: 50.0})
        answer = await world.ask(rules=rules, explain=True)
        assert ids(answer)[:4] == ["i5", "i1", "never heard of", last]
        assert "rule" in answer.items[0].sources
        assert answer.items[3].parts is not None
        assert answer.items[3].parts["boost"] == 50.0

    run(scene())


def test_explained_parts_add_up_to_the_score() -> None:
    async def scene() -> None:
        world = await begun()
        await world.learn(took("me", "i1"))
        for item in (await world.ask(explain=True, mood="happy")).items:
            assert item.parts is not None
            assert sum(item.parts.values()) == pytest.approx(item.score, abs=1e-4)
        assert (await world.ask()).items[0].parts is None

    run(scene())


def test_diversity_keeps_the_best_first_and_moves_alike_items_apart() -> None:
    async def scene() -> None:
        world = await begun()
        plain, mixed = await world.ask(n=50, diversity=0.0), await world.ask(n=50, diversity=5.0)
        scores = [item.score for item in plain.items]
        assert scores == sorted(scores, reverse=True)
        assert ids(mixed)[0] == ids(plain)[0]

        def alike(items: list[str]) -> float:
            rows = world.library.current.directions[world.library.current.rows(items)]
            return float(np.triu(rows @ rows.T, 1).sum())

        assert alike(ids(mixed)[:10]) < alike(ids(plain)[:10])

    run(scene())


def test_every_answer_with_items_leaves_an_impression() -> None:
    async def scene() -> None:
        world = await begun()
        answer = await world.ask(n=3)
        second = await world.ask(n=3, page=2)
        first_shown, second_shown = world.impressions
        assert first_shown.request_id == answer.request_id != second.request_id
        assert [shown.item_id for shown in first_shown.shown] == ids(answer)
        assert [shown.position for shown in second_shown.shown] == [3, 4, 5]
        assert first_shown.bundle == BUNDLE.version

    run(scene())


def test_new_items_are_candidates_at_once_and_withdrawn_ones_never_more() -> None:
    async def scene() -> None:
        world = await begun()
        best = ids(await world.ask(n=1))[0]
        new = ItemEvent(event_id="1", time=START, item_id="brand new", title="A funny love", categories=["comedy"])
        gone = ItemEvent(event_id="2", time=START, item_id=best, withdrawn=True)
        await world.put_items(new, gone)
        found = await world.found(rules=Rules(pin=[best]))
        assert best not in found
        assert "fresh" in found["brand new"].sources
        assert found["brand new"].title == "A funny love"

    run(scene())


def test_an_item_that_nobody_described_comes_through_co_visitation_and_trending() -> None:
    async def scene() -> None:
        world = await begun()
        for user in ("a", "b", "c"):
            await world.learn(took(user, "i3"), took(user, "unheard of"))
        await world.learn(took("me", "i3"))
        world.now += 2000
        found = await world.found()
        assert {"covisitation", "trending"} <= set(found["unheard of"].sources)
        assert found["unheard of"].score > -50

    run(scene())


def test_an_alias_answers_for_the_known_user_and_an_erased_user_is_nobody() -> None:
    async def scene() -> None:
        world = await begun()
        await world.learn(took("known", "i3"), Alias(event_id="al", time=START, user_id="anonymous", known_as="known"))
        assert ids(await world.ask("anonymous")) == ids(await world.ask("known"))
        await world.learn(Erase(event_id="er", time=START, user_id="known"))
        assert ids(await world.ask("known")) == ids(await world.ask("somebody else"))

    run(scene())


def test_a_user_is_answered_with_the_bundle_of_their_state_until_it_moves() -> None:
    async def scene() -> None:
        world = await begun()
        await world.learn(took("me", "i3"))
        world.shelf.add(OTHER)
        await world.library.refresh()
        assert (await world.ask("me")).bundle == BUNDLE.version
        assert (await world.ask("a stranger")).bundle == BUNDLE.version  # the log says so: no control record yet
        await world.change_bundle(OTHER.version)
        assert (await world.ask("a stranger")).bundle == OTHER.version
        assert (await world.ask("me")).bundle == BUNDLE.version
        await world.learn(took("me", "i4"))
        assert (await world.ask("me")).bundle == OTHER.version

    run(scene())


def test_a_mood_that_nobody_knows_is_said() -> None:
    async def scene() -> None:
        world = await begun()
        answer = await world.ask(mood="flabbergasted")
        assert answer.items
        assert answer.degraded[0].startswith("mood: nobody knows 'flabbergasted'")

    run(scene())


def test_what_was_had_comes_again_only_where_it_is_asked_for() -> None:
    async def scene() -> None:
        world = await begun()
        await world.learn(took("me", "i3"), took("me", "i4"))
        assert not {"i3", "i4"} & set(await world.found())
        again = await world.found(repeat=True, explain=True)
        assert {"i3", "i4"} <= set(again)
        assert "again" in again["i4"].sources
        assert (again["i4"].parts or {})["again"] > (again["i3"].parts or {})["again"]
        assert "i4" not in await world.found(repeat=True, exclude=["i4"])

    run(scene())


def test_unless_it_is_said_what_was_had_comes_again_as_the_bundle_was_trained() -> None:
    async def scene() -> None:
        world = await begun(replace(BUNDLE, metrics={"plan": {"repeats": "kept"}}))
        await world.learn(took("me", "i3"))
        assert "i3" in await world.found()
        assert "i3" not in await world.found(repeat=False)

    run(scene())


def test_nothing_to_repeat_is_said_too() -> None:
    async def scene() -> None:
        world = await begun()
        answer = await world.ask(repeat=True, categories=["no such"])
        assert (answer.items, answer.degraded) == ([], ["items: nothing is left of what was asked for"])

    run(scene())


def test_what_follows_an_item_is_found() -> None:
    async def scene() -> None:
        world = await begun()
        for user in "abcde":
            await world.learn(took(user, "i3"), took(user, "i150"))
        await world.learn(took("me", "i3"))
        assert "following" in (await world.found())["i150"].sources
        await world.learn(took("me", "i20"))
        assert "following" not in (await world.found())["i150"].sources

    run(scene())


def test_what_is_like_what_was_turned_down_sinks() -> None:
    async def scene() -> None:
        world = await begun()
        for user in "abcde":
            await world.learn(took(user, "i3"), took(user, "i150"))
        before = (await world.found(explain=True))["i150"]
        await world.learn(took("me", "i3", "dislike"))
        after = await world.found(explain=True)
        assert "i3" not in after
        assert (before.parts or {}).get("unwanted", 0) == 0
        assert (after["i150"].parts or {})["unwanted"] < 0

    run(scene())


def test_what_was_shown_and_not_taken_sinks() -> None:
    async def scene() -> None:
        world = await begun()
        first = (await world.ask(n=5)).items[0].item_id
        scores = []
        for _ in range(4):
            found = (await world.found(explain=True))[first]
            scores.append((found.parts or {}).get("tired", 0.0))
            answer = await world.ask(n=5)
            await world.learn(world.impressions[-1])
            assert answer.items
        assert scores[0] == 0
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] < scores[1]

    run(scene())


def test_a_column_of_any_name_brings_what_is_taken_there() -> None:
    async def scene() -> None:
        world = await begun()
        cheap, dear = Context(extra={"price_band": "low"}), Context(extra={"price_band": "high"})
        for number in range(10):
            await world.learn(
                structs.replace(took(f"c{number}", "i150"), context=cheap),
                structs.replace(took(f"d{number}", "i160"), context=dear),
            )
        for context, first, second in ((cheap, "i150", "i160"), (dear, "i160", "i150")):
            found = (await world.recommender.considered(Ask(user_id="me", context=context))).found["context"]
            assert found.index(first) < found.index(second)

    run(scene())


def test_popular_items_pay_for_it_where_novelty_is_asked_for() -> None:
    async def scene() -> None:
        world = await begun()
        for number in range(20):
            await world.learn(took(f"u{number}", "i150"))
        plain, novel = [await world.found(novelty=novelty) for novelty in (0.0, 1.0)]
        assert plain["i150"].score - novel["i150"].score == pytest.approx(np.log1p(20), abs=0.1)

    run(scene())


def test_probabilities_come_once_enough_was_shown_and_fall_with_the_score() -> None:
    async def scene() -> None:
        world = await begun()
        assert (await world.ask()).items[0].probability is None
        for number in range(60):
            answer = await world.ask(f"u{number}", n=10)
            await world.learn(world.impressions[-1])
            await world.learn(took(f"u{number}", answer.items[0].item_id))
            world.now += 3_600_000
            await world.learn(took(f"u{number}", "i1", time=world.now))
        answer = await world.ask(n=10)
        chances = [item.probability for item in answer.items if item.probability is not None]
        assert len(chances) == 10
        assert all(0 < chance < 1 for chance in chances)

    run(scene())
