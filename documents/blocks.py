"""The blocks of code in the pages, each with its mark: run, run by `make check-docs`, or not run and why.

A comment stands right above a block, or alone at the top of a page for all of its blocks:
`<!-- not run: REASON -->`, `<!-- slow: run by make check-docs -->`, or `<!-- as printed: by the block above -->`.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
LANGUAGES: Final = ("sh", "python", "json", "toml", "yaml", "promql", "text")
"""What a block may be; `text` is what a program printed, or a file's content."""
_FENCE: Final = re.compile(r"^( *)```(.*)$")
_MARK: Final = re.compile(r"^ *<!-- (not run|slow|as printed): (.+) -->$")


class Block(NamedTuple):
    """One block."""

    page: str
    line: int
    language: str
    text: str
    mark: str
    """`not run`, `slow`, `as printed` of output that the block above has, or nothing: it's run with the suite."""
    reason: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """All pages of ours: the site's, and those in the repository's folder."""
    beside = [path for path in ROOT.glob("*.md") if path.name != "DECISIONS.md"]
    return sorted({*beside, *(ROOT / "docs").rglob("*.md")} - set(_linked()))


def blocks() -> list[Block]:
    """Every block of every page, in order."""
    return [block for page in pages() for block in blocks_of(str(page.relative_to(ROOT)), page.read_text())]


def blocks_of(page: str, text: str) -> list[Block]:
    """The blocks of one page."""
    return list(_blocks(page, text.splitlines()))


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    whole = _of_the_page(lines)
    opened, indent, mark = 0, "", whole
    for number, line in enumerate(lines, 1):
        if not (fence := _FENCE.match(line)):
            continue
        if not opened:
            opened, indent = number, fence[1]
            mark = _MARK.match(lines[number - 2]) or whole
            language = fence[2].strip()
        else:
            text = "\n".join(one.removeprefix(indent) for one in lines[opened : number - 1])
            yield Block(page, opened, language, text, mark[1] if mark else "", mark[2] if mark else "")
            opened = 0
    if opened:
        raise ValueError(f"{page}:{opened}: this block has no end")


def _of_the_page(lines: list[str]) -> re.Match[str] | None:
    for line, below in pairwise(lines[:5]):
        if (found := _MARK.match(line)) and not _FENCE.match(below):
            return found
    return None


def _linked() -> Iterator[Path]:
    """What stands in the site by a link, and is read where it lies."""
    return (path for path in (ROOT / "docs").rglob("*.md") if path.is_symlink())
