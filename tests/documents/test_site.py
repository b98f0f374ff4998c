"""The site: every page is in it, every link leads somewhere, and nothing that it shows comes from elsewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from documents.__main__ import stale
from documents.blocks import ROOT, pages

BUILDER = Path(sys.executable).with_name("zensical")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FETCHED = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="?((?:https?:)?//[^"\s>]+)')


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the pages, strictly: a link or an anchor that leads nowhere fails."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "zensical.toml", folder)
    shutil.copytree(ROOT / "docs", folder / "docs")
    built = subprocess.run((BUILDER, "build", "--strict"), cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-3000:]
    assert "No issues found" in built.stdout + built.stderr
    return folder / "site"


def test_the_pages_that_are_made_from_the_code_are_as_the_code_is() -> None:
    assert not stale(), "run make pages"


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "zensical.toml").read_text()
    docs = ROOT / "docs"
    wanted = [str(path.relative_to(docs)) for path in docs.rglob("*.md")]
    assert not [page for page in wanted if f'"{page}"' not in navigation]


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    built = sorted(site.rglob("*.html"))
    assert len(built) > 20
    assert not [(page.name, found) for page in built for found in FETCHED.findall(page.read_text())]
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert not re.findall(r"(?:@import|url\()\s*['\"]?(?:https?:)?//[^)'\"]+", styles)


def test_what_would_be_fetched_is_found() -> None:
    assert FETCHED.findall('<link rel="x" href="https://fonts.example/a.css"><script src=//cdn.example/x.js>') == [
        "https://fonts.example/a.css",
        "//cdn.example/x.js",
    ]


def test_tables_and_blocks_are_what_they_look_like(site: Path) -> None:
    settings = (site / "settings" / "index.html").read_text()
    assert "<table>" in settings
    assert 'class="language-sh' in settings
    assert "```" not in "".join(page.read_text() for page in site.rglob("*.html"))


@pytest.mark.parametrize("page", [page for page in pages() if page.parent == ROOT], ids=lambda page: page.name)
def test_links_out_of_the_repositorys_folder_lead_somewhere(page: Path) -> None:
    """Those within the site are the builder's to check, anchors too."""
    inside = [link.partition("#") for link in LINK.findall(page.read_text()) if "://" not in link]
    assert not [name for name, _, _ in inside if name and not (page.parent / name).exists()]
    for name, _, anchor in inside:
        if anchor:
            headings = re.findall(r"^#+ (.+)$", ((page.parent / name) if name else page).read_text(), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in headings]


def test_links_to_other_sites_are_encrypted_and_whole() -> None:
    found = {link for page in pages() for link in LINK.findall(page.read_text()) if "://" in link}
    assert found
    assert not [link for link in found if not re.match(r"https://[a-z0-9.-]+(/|$)", link)]
