"""What is needed: by hand, at the edges, and never less for more."""

import json
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]
from typer.testing import CliRunner

from contracts.errors import Misconfigured
from moodstream.cli import app
from moodstream.size import need
from moodstream.size.bench import with_bench
from moodstream.size.coefficients import MEASURED
from moodstream.size.need import Asked
from moodstream.size.plan import Plan, plan
from moodstream.size.prices import LIST, read

SHOP = Asked(users=1e7, events=8_000, items=1e5, requests=500)
K8S = Path(__file__).parents[3] / "deploy" / "k8s"


def counts(found: Plan) -> dict[str, float]:
    return {one.what: one.count for one in found.lines}


def planned(**other: float) -> dict[str, float]:
    return counts(plan(msgspec.structs.replace(SHOP, **other), MEASURED, LIST))


def test_it_counts_as_one_would_by_hand() -> None:
    found = planned(history=64)
    assert found["stream workers"] == 5, "8,000 × 2.5 × 166 µs / 0.7 = 4.7"
    assert found["partitions"] == 16
    assert found["API replicas"] == 16, "500 × 2.5 / 80 = 15.6"
    assert found["keys in Redis"] == pytest.approx((1e7 * 6_400 * 1.11 + 1e5 * 21_000) / 1e9)
    assert found["lake in S3"] == pytest.approx(8_000 * 86_400 * 365 * 37 / 1e9)


def test_cpu_decides_how_many_replicas_answer_where_answers_are_dear() -> None:
    of = {**MEASURED, "answer_ms": msgspec.structs.replace(MEASURED["answer_ms"], value=20.0)}
    replicas = need.serving(SHOP, of)
    assert replicas.count > planned()["API replicas"]
    assert "by CPU" in replicas.why


@pytest.mark.parametrize("name", ["users", "events", "items", "requests", "peak", "keep_days"])
def test_more_of_anything_never_needs_less(name: str) -> None:
    usual = getattr(SHOP, name)
    found = [
        plan(msgspec.structs.replace(SHOP, history=64, **{name: usual * times}), MEASURED, LIST)
        for times in (1.0, 1.3, 2.0)
    ]
    for less, more in pairwise(found):
        assert less.month <= more.month + 1e-6
        kept = {
            what: count for what, count in counts(less).items() if what != "Redis nodes"
        }  # larger ones may be fewer
        assert all(count <= counts(more)[what] for what, count in kept.items())


def test_a_tiny_one_still_has_two_of_everything_and_a_copy() -> None:
    found = planned(users=1.0, events=0.0, items=1.0, requests=0.0)
    assert found["stream workers"] == 2
    assert found["API replicas"] == 3
    assert found["Redis nodes"] == 9


@pytest.mark.parametrize("other", [{"events": 1e6}, {"users": 1e11}, {"events": 1e5, "peak": 1.0}])
def test_what_no_deployment_bears_is_refused_with_the_way_out(other: dict[str, float]) -> None:
    with pytest.raises(Misconfigured, match=r"namespaces|three brokers"):
        planned(**other)


def test_what_the_manifests_cannot_bear_is_said() -> None:
    found = plan(msgspec.structs.replace(SHOP, items=2e6), MEASURED, LIST)
    assert any("serving.yaml" in one for one in found.warnings)
    assert any("nightly.yaml" in one for one in found.warnings)
    assert not plan(Asked(users=1e4, events=0.5, items=1e3, requests=1), MEASURED, LIST).warnings


def test_the_autoscalers_targets_are_those_of_the_manifests() -> None:
    stream, serving = (
        next(yaml.safe_load_all((K8S / "components" / "autoscaling" / f"{name}.yaml").read_text()))["spec"]
        for name in ("stream", "serving")
    )
    said = {one["type"]: one["metadata"] for one in serving["triggers"]}
    assert (
        float(said["cpu"]["value"]) / 100,
        float(said["prometheus"]["threshold"]),
    ) == (need.API_BUSY, need.API_REQUESTS)
    (cpu,) = (one["metadata"]["value"] for one in stream["triggers"] if one["type"] == "cpu")
    assert float(cpu) / 100 == need.WORKER_BUSY
    assert (stream["minReplicaCount"], serving["minReplicaCount"]) == (need.LEAST_WORKERS, need.LEAST_API)


def test_every_coefficient_says_where_it_is_from_and_what_measures_it() -> None:
    assert all(one.value > 0 and one.unit and one.source and one.measured_by for one in MEASURED.values())


def test_own_measurements_stand_in_for_ours(tmp_path: Path) -> None:
    (bench := tmp_path / "bench.json").write_text(json.dumps(_bench()))
    of = with_bench(MEASURED, bench)
    assert of["worker_us"].value == 100
    assert of["redis_us"].value == pytest.approx(1e6 * 0.2 / 8_000)
    assert of["user_bytes_64"].value == 5_000
    assert of["lake_bytes"] == MEASURED["lake_bytes"]
    assert str(bench) in of["worker_us"].source


@pytest.mark.parametrize(
    ("other", "why"),
    [({"kind": "else"}, "no bench.json"), ({"quick": True}, "quick"), ({"found": []}, "none of the figures")],
)
def test_a_file_without_figures_is_refused(tmp_path: Path, other: dict[str, object], why: str) -> None:
    (bench := tmp_path / "bench.json").write_text(json.dumps({**_bench(), **other}))
    with pytest.raises(Misconfigured, match=why):
        with_bench(MEASURED, bench)


def test_own_prices_stand_in_for_the_list_and_an_unknown_name_is_refused(tmp_path: Path) -> None:
    (own := tmp_path / "prices.json").write_text('{"cpu_hour": 1}')
    assert read(own) == {**LIST, "cpu_hour": 1.0}
    for bad in ('{"cpu": 1}', '{"cpu_hour": -1}', "[]", "\xff"):
        own.write_text(bad)
        with pytest.raises(Misconfigured, match=r"prices\.json"):
            read(own)
    with pytest.raises(Misconfigured, match="can't be read"):
        read(tmp_path / "none.json")


def test_the_verb_tells_a_person_and_a_program() -> None:
    given = ["size", "--users", "10M", "--events", "2000", "--items", "1e6", "--requests", "500"]
    told, read_by_program = CliRunner().invoke(app, given), CliRunner().invoke(app, [*given, "--json"])
    assert told.exit_code == read_by_program.exit_code == 0
    assert {"partitions", "Redis nodes", "GPU hours a month", "all of it"} <= {
        what for what in ("partitions", "Redis nodes", "GPU hours a month", "all of it") if what in told.stdout
    }
    assert "assumed, not measured" in told.stdout
    found = json.loads(read_by_program.stdout)
    assert found["month"] == pytest.approx(sum(one["month"] for one in found["costs"]))
    assert found["settings"]["MOODSTREAM_PARTITIONS"] == "16"


def _bench() -> dict[str, object]:
    found = [
        {"name": "cpu of an event over stock faust", "ours": [90, 100, 110]},
        {"name": "stream over stock faust", "ours": [8_000], "notes": {"cores, redis": 0.2, "limit": "waiting"}},
        {"name": "learning with 64 events before", "ours": [70], "notes": {"packed bytes a user": 5_000}},
    ]
    return {"kind": "moodstream benchmarks", "began": "2026-11-23T00:00:00Z", "quick": False, "found": found}
