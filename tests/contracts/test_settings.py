"""Settings: unknown and unsafe ones are refused in one line, secrets are not shown, children get the same."""

from pathlib import Path

import pytest

from contracts import settings
from contracts.errors import Misconfigured
from contracts.settings import Secret, Settings

TOKEN = "hunter2-" * 3
EVERYWHERE = "0.0.0.0"  # noqa: S104


def read(**given: str) -> Settings:
    return settings.read({f"MOODSTREAM_{name.upper()}": value for name, value in given.items()})


def test_nothing_needs_to_be_set() -> None:
    assert settings.read({}) == settings.read({"PATH": "/bin", "moodstream_kafka": "x"}) == Settings()
    assert Settings().api_host == "127.0.0.1"


def test_texts_become_what_the_setting_is() -> None:
    read_all = read(
        kafka="a:1,b:2", redis="rediss://h:1/0", redis_cluster="true", home="/x y", api_port="8080", store_timeout_s="1"
    )
    assert read_all.kafka == "a:1,b:2"
    assert read_all.redis_cluster is True
    assert read_all.home == Path("/x y")
    assert (read_all.api_port, read_all.store_timeout_s) == (8080, 1.0)


@pytest.mark.parametrize(("name", "near"), [("api_prot", "API_PORT"), ("namespaces", "NAMESPACE"), ("rediss", "REDIS")])
def test_an_unknown_name_is_refused_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(
        Misconfigured, match=rf"MOODSTREAM_{name.upper()} is no setting: did you mean MOODSTREAM_{near}\?"
    ):
        read(**{name: "1"})


def test_an_unknown_name_near_to_nothing_is_refused_with_all_names() -> None:
    with pytest.raises(Misconfigured, match=r"kafka, redis, .*geoip"):
        read(zzzzzz="1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("partitions", "0"),
        ("partitions", "2048"),
        ("partitions", "four"),
        ("api_port", "70000"),
        ("api_port", "-1"),
        ("redis", "http://h:1"),
        ("redis_cluster", "maybe"),
        ("kafka", "no-port"),
        ("kafka", ""),
        ("kafka", "a:1,"),
        ("namespace", "Has Capitals"),
        ("namespace", ""),
        ("namespace", "a" * 64),
        ("namespace", "a.b"),
        ("user_idle_days", "0"),
        ("store_timeout_s", "0"),
        ("store_timeout_s", "nan"),
        ("store_timeout_s", "inf"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_variable(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"MOODSTREAM_{name.upper()}: ") as refused:
        read(**{name: value})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("partitions", [2**n for n in range(11)])
def test_powers_of_two_are_partition_counts(partitions: int) -> None:
    assert read(partitions=str(partitions)).partitions == partitions


@pytest.mark.parametrize("partitions", [3, 5, 6, 12, 100, 1023])
def test_a_partition_count_must_divide_the_shards(partitions: int) -> None:
    with pytest.raises(Misconfigured, match=f"MOODSTREAM_PARTITIONS must divide 1024: .* not {partitions}"):
        read(partitions=str(partitions))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert read(api_host=host).api_host == host


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "", "192.168.1.2", "example.com", "localhost.example.com"])
def test_beyond_loopback_a_token_is_demanded(host: str) -> None:
    for token in ("", "short", "x" * 15):
        with pytest.raises(Misconfigured, match="MOODSTREAM_API_TOKEN") as refused:
            read(api_host=host, api_token=token)
        assert not token or token not in str(refused.value)
    assert read(api_host=host, api_token=TOKEN).api_token == TOKEN


def test_the_token_is_not_shown() -> None:
    given = read(api_token=TOKEN)
    secret = Secret(given.api_token)
    for shown in (
        repr(given),
        str(given),
        f"{given}",
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret} {secret!r}",
    ):
        assert TOKEN not in shown
        assert "***" in shown
    assert secret.reveal() == TOKEN
    assert repr(Secret("")) == "''"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"api_host": EVERYWHERE, "api_token": TOKEN, "redis_cluster": "true", "redis": "redis://:pa55word@h:1/0"},
        {"home": "/x y", "geoip": "/g.mmdb", "lake": "s3://bucket/lake", "partitions": "64", "kafka_timeout_s": "0.5"},
    ],
)
def test_a_child_process_gets_the_same(given: dict[str, str]) -> None:
    assert settings.read(read(**given).environment()) == read(**given)


def test_the_process_s_own_variables_are_read_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODSTREAM_NAMESPACE", "from-outside")
    assert settings.read().namespace == "from-outside"
    assert Settings().namespace == "moodstream"


def test_lake_and_bundles_lie_at_home_unless_said_otherwise() -> None:
    assert read(home="/h").lake_url == "/h/lake"
    assert read(home="/h").bundles_url == "/h/bundles"
    assert Path(read(home="relative").lake_url).is_absolute()
    assert read(lake="s3://b/l", bundles="gs://b").lake_url == "s3://b/l"


def test_rich_and_urls_show_no_secrets_either() -> None:
    given = read(api_token=TOKEN, redis="redis://me:pa55word@h:1/0", lake="ftp://me:pa55word@h/lake")
    shown = f"{list(given.__rich_repr__())} {given!r}"
    assert TOKEN not in shown
    assert "pa55word" not in shown
    assert "redis://***@h:1/0" in shown


def test_the_operators_token_is_long_its_own_and_not_shown() -> None:
    for given in ({"admin_token": "short"}, {"admin_token": TOKEN, "api_token": TOKEN}):
        with pytest.raises(Misconfigured, match="MOODSTREAM_ADMIN_TOKEN wants at least 16 characters of its own"):
            read(**given)
    assert TOKEN not in repr(read(admin_token=TOKEN))
    assert read(admin_token=TOKEN).environment()["MOODSTREAM_ADMIN_TOKEN"] == TOKEN


@pytest.mark.parametrize("names", ["", "a b", "https://api.example", "api.example:443", "a,,b", "*.example"])
def test_hosts_are_names_without_scheme_and_port(names: str) -> None:
    with pytest.raises(Misconfigured, match="MOODSTREAM_API_HOSTS: "):
        read(api_hosts=names)
    assert read(api_hosts="api.example,10.0.0.1").api_hosts == "api.example,10.0.0.1"
