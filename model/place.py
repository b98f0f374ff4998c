"""A folder of small whole files, on this machine or wherever fsspec reaches."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import fsspec
from fsspec.implementations.local import LocalFileSystem

from contracts.errors import Misconfigured, Unavailable
from model.tensors import Raw, opened
from model.whole_file import write_whole

_DRIVERS: Final = ("aiobotocore", "aiohttp", "botocore")
"""s3fs lets their errors through, which are no OSErrors: nobody at the address, no such name, no credentials."""


class Place:
    """Files by their path below a URL; each is there whole or not at all, whoever is killed. Raises `Unavailable`."""

    def __init__(self, url: str, what: str = "") -> None:
        """`what` it is, said where it can't be had. Raises `Misconfigured` for a place that has no driver installed."""
        self.url = url.rstrip("/")
        self._said = f"{what} {self.url}".strip()
        try:
            fs, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise Misconfigured(f"{self._said} can't be opened: {error}") from error
        self._fs: Any = fs
        self.root: str = root.rstrip("/")
        """Of the paths within the file system."""

    def get(self, path: str) -> bytes | None:
        """The bytes there, or None."""
        with self._as_it_is() as fs:
            try:
                return bytes(fs.cat_file(f"{self.root}/{path}"))
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                return None

    def map(self, path: str) -> Raw | None:
        """The same, mapped into memory where it is a large file of this machine."""
        if not isinstance(self._fs, LocalFileSystem):
            return self.get(path)
        with self.reached():
            try:
                return opened(Path(f"{self.root}/{path}"))
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                return None

    def has(self, path: str) -> bool:
        """Whether anything is there."""
        with self._as_it_is() as fs:
            return bool(fs.exists(f"{self.root}/{path}"))

    def put(self, path: str, raw: bytes) -> None:
        """Write the whole file or nothing: a rename on a local disk, a single PUT elsewhere."""
        with self.reached() as fs:
            if isinstance(fs, LocalFileSystem):
                write_whole(Path(f"{self.root}/{path}"), raw)
            else:
                fs.makedirs(f"{self.root}/{path}".rpartition("/")[0], exist_ok=True)
                fs.pipe_file(f"{self.root}/{path}", raw)

    def remove(self, path: str) -> None:
        """So that it isn't there any more, if it was."""
        with self.reached() as fs, suppress(FileNotFoundError):
            fs.rm_file(f"{self.root}/{path}")

    def names(self, folder: str = "") -> list[str]:
        """The names in a folder, in order; none where there is no such folder."""
        with self._as_it_is() as fs:
            try:
                found = fs.ls(f"{self.root}/{folder}".rstrip("/"), detail=False)
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in found)

    @contextmanager
    def reached(self) -> Iterator[Any]:
        """The file system, which may know listings from before; raises `Unavailable` for what fails of it inside."""
        try:
            yield self._fs
        except Exception as error:
            if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _DRIVERS:
                raise Unavailable(f"{self._said} can't be reached: {error}") from error
            raise

    @contextmanager
    def _as_it_is(self) -> Iterator[Any]:
        with self.reached() as fs:
            fs.invalidate_cache()  # others write there, too
            yield fs
