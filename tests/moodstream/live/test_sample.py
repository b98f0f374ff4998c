"""A sample has many users, each from their first event of the tail on, in the order of the log."""

from batch.evaluate.protocol import Protocol
from batch.evaluate.split import Step, split
from moodstream.live.check import until
from moodstream.live.sample import OF_A_USER, sample
from tests.batch.evaluate.logs import event, noise

STEPS = split(noise(600), Protocol(repeats="kept")).steps


def test_so_many_are_scored_and_of_no_user_too_many() -> None:
    chosen = sample(STEPS, 35, seed=0)
    assert sum(step.scored for step in chosen) == 35
    users = [step.event.user_id for step in chosen if step.scored]
    assert max(map(users.count, users)) == OF_A_USER
    assert len(set(users)) == 4


def test_a_user_is_taken_from_the_first_event_on_with_all_between() -> None:
    unscored = [step._replace(scored=number % 3 == 0) for number, step in enumerate(STEPS)]
    chosen = sample(unscored, 40, seed=0)
    for user in {step.event.user_id for step in chosen}:
        theirs = [step for step in chosen if step.event.user_id == user]
        assert theirs == [step for step in unscored if step.event.user_id == user][: len(theirs)]
        assert theirs[-1].scored


def test_the_order_is_the_logs_and_the_seed_draws_the_users() -> None:
    def users(chosen: list[Step]) -> set[str]:
        return {step.event.user_id for step in chosen}

    chosen = sample(STEPS, 30, seed=0)
    assert chosen == sorted(chosen, key=lambda step: step.event.time)
    assert chosen == sample(STEPS, 30, seed=0)
    assert any(users(chosen) != users(sample(STEPS, 30, seed=seed)) for seed in range(1, 5))


def test_a_short_log_is_taken_whole() -> None:
    assert len(sample(STEPS[:8], 500, seed=0)) == 8
    assert not sample([], 500, seed=0)


def test_a_log_is_moved_to_end_now_with_its_gaps() -> None:
    log = [event(1, "u", "i1"), event(4, "u", "i2")]
    assert [one.time for one in until(log, 2_000_000_000_000)] == [1_999_999_997_000, 2_000_000_000_000]
