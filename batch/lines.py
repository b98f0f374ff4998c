"""The physical lines of a text file, plain or gzipped, with their numbers; bounded memory, whatever is in them."""

import gzip
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from contracts.errors import InvalidEvent

MAX_LINE: Final = 1 << 20
"""Bytes of a line; what is longer is named as wrong and skipped, so that no cell can fill the memory."""
NOT_UTF_8: Final = "not UTF-8: say what it is with --encoding, such as latin-1 or cp1252"
_KEPT: Final = 10_000
_GZIP, _ZIP, _UTF16, _MARK = b"\x1f\x8b", b"PK\x03\x04", (b"\xff\xfe", b"\xfe\xff"), b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line without its end; where `wrong` says something, `text` is only what can be shown of it."""

    number: int
    text: str
    wrong: str = ""


class Lines(Iterator[Line]):
    """Lines in their order; lines may be given back, to be read again."""

    def __init__(self, file: BinaryIO, path: Path, fallback: str) -> None:
        self._file = file
        self._path = path
        self._fallback = fallback
        self._back: deque[Line] = deque()
        self.number = 0

    def __next__(self) -> Line:
        if self._back:
            return self._back.popleft()
        raw = self._readline()
        if not raw:
            raise StopIteration
        if self.number == 0 and raw.startswith(_MARK):
            raw = raw[len(_MARK) :]
        self.number += 1
        if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
            return self._too_long(raw)
        try:
            return Line(self.number, raw.decode().rstrip("\r\n"))
        except UnicodeDecodeError:
            text = raw.decode(self._fallback or "latin-1", "replace").rstrip("\r\n")
            return Line(self.number, text, "" if self._fallback else NOT_UTF_8)

    def give_back(self, lines: list[Line]) -> None:
        """The next lines will be these."""
        self._back.extendleft(reversed(lines))

    def _too_long(self, raw: bytes) -> Line:
        while (more := self._readline()) and not more.endswith(b"\n"):
            pass
        return Line(self.number, raw[:_KEPT].decode("latin-1"), f"the line is longer than {MAX_LINE:,} bytes")

    def _readline(self) -> bytes:
        try:
            return self._file.readline(MAX_LINE)
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidEvent(f"{self._path}:{self.number + 1}: {error}") from error


@contextmanager
def opened(path: Path, fallback: str = "") -> Iterator[tuple[Lines, BinaryIO]]:
    """The lines of a file, and the file itself, whose position says how far reading is.

    Lines that are not UTF-8 are wrong, or read as `fallback` says. Raises `InvalidEvent` for what holds no lines of
    text, and while reading for a damaged or cut off archive.
    """
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if head.startswith(_ZIP):
            raise InvalidEvent(f"{path} is a zip archive: unpack it, and name a file in it")
        if head.startswith(_UTF16):
            raise InvalidEvent(f"{path} is UTF-16: save it as UTF-8")
        text = gzip.open(file) if path.suffix == ".gz" or head.startswith(_GZIP) else file  # noqa: SIM115 - ends with it
        lines = Lines(cast("BinaryIO", text), path, fallback)
        yield lines, file
