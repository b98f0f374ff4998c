"""The map of the items, and where users stand on it."""

from collections.abc import Sequence

import numpy as np

from contracts.events import ItemEvent, MoodEvent
from online.answer.answered import Whereabouts
from online.answer.atlas import Atlases, atlas, landmarks
from online.answer.catalogue import catalogue
from online.answer.users import Users
from online.answer.view import Viewer
from online.answer.whereabouts import Locator
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import PARTITIONS, START, World, in_loop, took

BUNDLE = random_bundle(80, 5)


def test_the_same_bundle_has_the_same_map_each_time_and_its_axes_are_square() -> None:
    first, second = atlas(catalogue(BUNDLE, {})), atlas(catalogue(BUNDLE, {}))
    assert first
    assert second
    assert first.axes.tobytes() == second.axes.tobytes()
    np.testing.assert_allclose(first.axes @ first.axes.T, np.eye(2), atol=1e-5)
    assert 0 < first.told <= 1


def test_an_axis_shows_what_sets_items_apart() -> None:
    drawn, items = atlas(catalogue(BUNDLE, {})), catalogue(BUNDLE, {})
    assert drawn
    places = np.array([drawn.place(np.asarray(items.vectors)[items.row(item.item_id)]) for item in BUNDLE.catalogue])
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-3)
    rng = np.random.default_rng(1).normal(size=(2, items.vectors.shape[1]))
    other, _ = np.linalg.qr(rng.T)
    directions = items.directions[2:] - drawn.centre
    assert places.var(axis=0).sum() > (directions @ other).var(axis=0).sum()


def test_a_changed_catalogue_keeps_the_map_and_each_bundle_has_its_own() -> None:
    maps, other = Atlases(), random_bundle(80, 6)
    maps.draw(catalogue(BUNDLE, {}))
    before = maps.of(BUNDLE.version)
    maps.draw(catalogue(BUNDLE, {"x": ItemEvent(event_id="x", time=START, item_id="x", title="New")}))
    maps.draw(catalogue(other, {}))
    assert maps.of(BUNDLE.version) is before
    assert maps.of(other.version) is not before
    assert maps.of("unheard of") is None


def test_landmarks_are_well_known_have_names_and_stand_apart() -> None:
    items = catalogue(BUNDLE, {})
    drawn = atlas(items)
    assert drawn
    marks = landmarks(items, drawn)
    first = items.items[items.by_popularity[0] - 2].item_id
    assert marks[0][0] == first
    places = np.array([mark[1:] for mark in marks])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(len(marks))
    assert apart.min() >= 0.1
    gone = catalogue(BUNDLE, {first: ItemEvent(event_id="w", time=START, item_id=first, withdrawn=True)})
    assert first not in {item for item, _, _ in landmarks(gone, drawn)}


def test_too_few_items_or_none_have_no_map() -> None:
    assert atlas(catalogue(None, {})) is None
    assert atlas(catalogue(random_bundle(2, 1), {})) is None


async def located(world: World, maps: Atlases, token: str = "", user: str = "me") -> Whereabouts:
    """Where the user is."""
    viewer = Viewer(world.memory, world.library, world.enricher, PARTITIONS)
    users = Users(viewer, world.library, world.stream, world.clock, 5.0)
    return await Locator(users, world.library, maps).find(user, token)


async def begun(*bundles: object) -> tuple[World, Atlases]:
    """A world with its maps."""
    known: Sequence[object] = bundles or (BUNDLE,)
    world, maps = World(*known), Atlases()  # type: ignore[arg-type]
    world.library.prepares.append(maps.draw)
    return await world.begin(), maps


@in_loop
async def test_a_user_stands_where_their_embedding_points_to_and_nobody_stands_nowhere() -> None:
    world, maps = await begun()
    assert (await located(world, maps)).place is None
    await world.learn(took("me", "i1"), took("me", "i2"))
    found, drawn = await located(world, maps), maps.of(BUNDLE.version)
    assert drawn
    embedding = np.array((await world.profiler.profile("me")).embedding, np.float32)
    assert found.place == drawn.place(embedding)
    assert found.events == 2
    assert not found.degraded


@in_loop
async def test_an_acknowledged_event_moves_the_place_before_the_stream_has_it() -> None:
    world, maps = await begun()
    await world.learn(took("me", "i1"))
    before = await located(world, maps)
    mood = MoodEvent(event_id="m", time=START, user_id="me", mood="sad")
    after = await located(world, maps, world.token("me", world.sent(mood)))
    assert (after.folded, after.mood) == (1, "sad")
    assert after.place != before.place


@in_loop
async def test_a_user_on_another_bundle_than_the_map_is_of_is_told_so() -> None:
    world, maps = await begun()
    await world.learn(took("me", "i1"))
    world.shelf.add(random_bundle(80, 7))
    await world.library.refresh()
    found = await located(world, maps)
    assert found.place is None
    assert any(reason.startswith("map: ") for reason in found.degraded)
