"""How far the lake has a partition's log: a note beside the files, since the last records may have left no row."""

import msgspec

from online.lake.folder import Folder


class _Position(msgspec.Struct):
    next: int


def noted_position(folder: Folder, incarnation: str, partition: int) -> int:
    """The next offset that the lake lacks; 0 where nothing was noted. Raises `Unavailable`."""
    raw = folder.get(_path(incarnation, partition))
    try:
        return msgspec.json.decode(raw, type=_Position).next if raw else 0
    except msgspec.MsgspecError:
        return 0  # a damaged note: the log is read again, and what the files hold is kept


def note_position(folder: Folder, incarnation: str, partition: int, upto: int) -> None:
    """Note that all before `upto` are in files; never goes back. Raises `Unavailable`."""
    if upto > noted_position(folder, incarnation, partition):
        folder.put(_path(incarnation, partition), msgspec.json.encode(_Position(upto)))


def _path(incarnation: str, partition: int) -> str:
    return f"incarnation={incarnation}/_positions/p{partition:04d}.json"
