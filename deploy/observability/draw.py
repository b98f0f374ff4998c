"""Draws Grafana's dashboards and Prometheus' rules from their tables: `python -m deploy.observability.draw`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from deploy.observability import promises
from deploy.observability.dashboards.learning import LEARNING
from deploy.observability.dashboards.overview import OVERVIEW
from deploy.observability.dashboards.serving import SERVING
from deploy.observability.dashboards.stream import STREAM
from deploy.observability.panels import Dashboard, Panel

HERE: Final = Path(__file__).parent
DASHBOARDS: Final = (OVERVIEW, STREAM, SERVING, LEARNING)
_SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
_WIDTH: Final = 24
_HEIGHT: Final = 8
_LOW: Final = 4
"""Of a row of plain numbers."""


def drawn() -> dict[Path, str]:
    """Every file, and what it should hold."""
    files = {HERE / "rules" / "promises.yml": promises.rules()}
    for one in DASHBOARDS:
        text = json.dumps(dashboard(one), indent=1, ensure_ascii=False) + "\n"
        files[HERE / "grafana" / "dashboards" / f"{one.name}.json"] = text
    return files


def dashboard(one: Dashboard) -> dict[str, Any]:
    """As Grafana 10 and later read it; nothing but what has been in its schema since version 8."""
    return {
        "uid": f"moodstream-{one.name}",
        "title": one.title,
        "tags": ["moodstream"],
        "timezone": "browser",
        "schemaVersion": 36,
        "version": 1,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "links": [{"type": "dashboards", "title": "Moodstream", "tags": ["moodstream"], "asDropdown": False}],
        "templating": {"list": []},
        "annotations": {"list": []},
        "panels": [{"id": number, **panel} for number, panel in enumerate(_panels(one), 1)],
    }


def _panels(one: Dashboard) -> Iterator[dict[str, Any]]:
    y = 0
    for title, panels in one.rows.items():
        yield {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": _place(0, y, _WIDTH, 1)}
        y += 1
        width, height = _WIDTH // len(panels), _LOW if panels[0].kind == "stat" else _HEIGHT
        for place, panel in enumerate(panels):
            yield {**_panel(panel), "gridPos": _place(place * width, y, width, height)}
        y += height


def _place(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def _panel(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "min": panel.floor,
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    if panel.kind == "timeseries":
        defaults["custom"] = {"lineWidth": 1, "fillOpacity": 10, "showPoints": "never"}
        if panel.limit is not None:
            defaults["custom"]["thresholdsStyle"] = {"mode": "line"}
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _OPTIONS[panel.kind],
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": query, "legendFormat": legend}
            for number, (legend, query) in enumerate(panel.queries.items())
        ],
    }


_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "background",
        "graphMode": "area",
        "textMode": "auto",
    },
}

if __name__ == "__main__":
    for path, text in drawn().items():
        path.write_text(text)
