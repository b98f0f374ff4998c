"""A folder of small whole files, on this machine or wherever fsspec reaches."""

from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from contracts.errors import Misconfigured, Unavailable
from model.whole_file import write_whole


class Place:
    """Files by their path below a URL; each is there whole or not at all, whoever is killed. Raises `Unavailable`."""

    def __init__(self, url: str) -> None:
        """Raises `Misconfigured` for a place that no driver is installed for."""
        self.url = url.rstrip("/")
        try:
            fs, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise Misconfigured(f"{url} can't be opened: {error}") from error
        self._fs: Any = fs
        self._root = root.rstrip("/")

    def get(self, path: str) -> bytes | None:
        """The bytes there, or None."""
        try:
            self._fs.invalidate_cache()
            return bytes(self._fs.cat_file(f"{self._root}/{path}"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unavailable(error) from error

    def put(self, path: str, raw: bytes) -> None:
        """Write the whole file or nothing: a rename on a local disk, a single PUT elsewhere."""
        try:
            if isinstance(self._fs, LocalFileSystem):
                write_whole(Path(f"{self._root}/{path}"), raw)
            else:
                self._fs.makedirs(f"{self._root}/{path}".rpartition("/")[0], exist_ok=True)
                self._fs.pipe_file(f"{self._root}/{path}", raw)
        except OSError as error:
            raise self._unavailable(error) from error

    def remove(self, path: str) -> None:
        """So that it isn't there any more, if it was."""
        try:
            self._fs.rm_file(f"{self._root}/{path}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unavailable(error) from error

    def names(self, folder: str = "") -> list[str]:
        """The names in a folder, in order; none where there is no such folder."""
        try:
            self._fs.invalidate_cache()
            found = self._fs.ls(f"{self._root}/{folder}".rstrip("/"), detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise self._unavailable(error) from error
        return sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in found)

    def _unavailable(self, error: OSError) -> Unavailable:
        return Unavailable(f"{self.url} can't be reached: {error}")
