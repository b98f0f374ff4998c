"""Rules, alerts and dashboards: as drawn, valid, each alert seen firing and still, each with a runbook."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]

from deploy.observability.draw import DASHBOARDS, dashboard, drawn
from tests.observability.prometheus import OBSERVABILITY, ROOT, program

RULES = sorted((OBSERVABILITY / "rules").glob("*.yml"))
TESTS = sorted((OBSERVABILITY / "rules" / "tests").glob("*.yml"))
ALERTS: list[dict[str, Any]] = [
    rule
    for path in RULES
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


def ran(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", drawn(), ids=lambda path: path.name)
def test_what_is_drawn_is_what_the_tables_say(path: Path) -> None:
    assert path.read_text() == drawn()[path], "run: .venv/bin/python -m deploy.observability.draw"


def test_no_dashboard_is_left_that_nobody_draws() -> None:
    assert {*(OBSERVABILITY / "grafana" / "dashboards").iterdir()} == {p for p in drawn() if p.suffix == ".json"}


@pytest.mark.parametrize("one", DASHBOARDS, ids=lambda one: one.name)
def test_a_dashboard_has_room_for_each_of_its_panels(one: Any) -> None:
    panels = dashboard(one)["panels"]
    taken = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_rules_are_valid() -> None:
    ran(program("promtool"), "check", "rules", *map(str, RULES))
    ran(program("promtool"), "check", "config", "--syntax-only", str(OBSERVABILITY / "prometheus.yml"))


def test_alertmanager_takes_its_configuration() -> None:
    ran(program("amtool"), "check-config", str(OBSERVABILITY / "alertmanager.yml"))


def test_each_alert_fires_when_it_should_and_not_else() -> None:
    ran(program("promtool"), "test", "rules", *map(str, TESTS))


def test_no_alert_is_without_a_test_in_which_it_fires() -> None:
    cases = [
        case
        for path in TESTS
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test.get("alert_rule_test", ())
    ]
    assert {alert["alert"] for alert in ALERTS} == {case["alertname"] for case in cases if case["exp_alerts"]}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_each_alert_says_what_is_wrong_how_bad_it_is_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["summary"]
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_no_runbook_is_left_of_an_alert_that_is_no_more() -> None:
    headings = re.findall(r"^## (Moodstream\w+)$", (ROOT / "docs" / "runbooks.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(alert["alert"] for alert in ALERTS)
