"""Who is drawn depends on the id and the salt alone, and each halving keeps some half of who was drawn before."""

import pyarrow as pa

from batch.drawn_users import DrawnUsers
from contracts.sharding import user_shard

IDS = [f"u{number}" for number in range(2000)]


def drawn(salt: str, halvings: int, ids: list[str]) -> list[str]:
    users = DrawnUsers(salt)
    for _ in range(halvings):
        users.halve()
    codes = users.codes(pa.chunked_array([ids]))
    return [user for user, code in zip(ids, codes, strict=True) if code >= 0]


def test_all_are_drawn_at_first_and_about_half_of_them_after_each_halving() -> None:
    assert drawn("", 0, IDS) == IDS
    half, quarter = drawn("", 1, IDS), drawn("", 2, IDS)
    assert 900 < len(half) < 1100
    assert 420 < len(quarter) < 580
    assert set(quarter) < set(half)


def test_the_same_are_drawn_in_any_order_and_others_by_another_salt() -> None:
    assert set(drawn("a", 2, IDS)) == set(drawn("a", 2, IDS[::-1]))
    both = set(drawn("a", 1, IDS)) & set(drawn("b", 1, IDS))
    assert 420 < len(both) < 580


def test_a_share_of_users_is_one_of_each_canary_too() -> None:
    half = drawn("a", 1, IDS)
    assert 0.45 < sum(user_shard(user) < 512 for user in half) / len(half) < 0.55


def test_codes_are_counted_on_and_who_is_known_keeps_a_place_through_a_halving() -> None:
    users = DrawnUsers("s")
    before = users.codes(pa.chunked_array([IDS]))
    assert before.tolist() == list(range(2000))
    new = users.halve()
    kept = [user for user, code in zip(IDS, new, strict=True) if code >= 0]
    assert users.ids == kept
    assert users.share == 0.5
    assert users.codes(pa.chunked_array([IDS])).tolist() == new.tolist()
    assert users.drawn(IDS).tolist() == (new >= 0).tolist()
