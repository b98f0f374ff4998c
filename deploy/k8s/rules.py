"""Draws components/observability/rules.yaml, as the Prometheus operator takes it, from deploy/observability/rules."""

from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped, unused-ignore]

HERE: Final = Path(__file__).parent
RULES: Final = HERE.parent / "observability" / "rules"
DRAWN: Final = HERE / "components" / "observability" / "rules.yaml"


def drawn() -> str:
    """One PrometheusRule for each file."""
    head = "# Drawn by deploy/k8s/rules.py from deploy/observability/rules: change it there.\n"
    return head + yaml.safe_dump_all(map(_rule, sorted(RULES.glob("*.yml"))), sort_keys=False, width=1000)


def _rule(file: Path) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"moodstream-{file.stem}"},
        "spec": yaml.safe_load(file.read_text()),
    }


if __name__ == "__main__":
    DRAWN.write_text(drawn())
