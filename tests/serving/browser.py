"""A real Chromium for the tests of pages, driven by Playwright, and axe-core, which looks for what shuts people out."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

CHROMIUM: Final = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
AXE: Final = ("axe_playwright_python", "axe.min.js")
"""The package that brings axe-core, and the file in it; `AXE` of the environment may name another file."""
HOSTILE: Final = '<img src=x onerror="document.title = 1">"\'&amp;<script>document.title = 2</script>'
WIDE: Final = {"width": 1300, "height": 900}
PHONE: Final = {"width": 390, "height": 844}


def axe() -> Path | None:
    """Where axe-core is."""
    if given := os.environ.get("AXE"):
        return Path(given)
    package = importlib.util.find_spec(AXE[0])
    return Path(package.origin).with_name(AXE[1]) if package and package.origin else None


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium, where there is one."""
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("Playwright isn't installed: pip install playwright axe-playwright-python")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium, or set CHROMIUM")
    sync_api: Any = importlib.import_module("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def violations(page: Any) -> list[str]:
    """What axe finds on a page that was opened with `bypass_csp`, each with its first elements."""
    page.add_script_tag(path=str(axe()))
    found = page.evaluate("axe.run().then(found => found.violations)")
    return [f"{one['id']}: {[node['html'] for node in one['nodes']][:3]}" for one in found]
