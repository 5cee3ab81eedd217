"""What was last known to be right about large objects: their size and modification time, one small file each."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from .links import make_folder, temporary_name

_LARGE = 1 << 18
Identity = tuple[int, int]
Record = dict[str, Identity]


class Records:
    """`memo/objects/abc/<hash>.json` in a cache: object to (size in bytes, modification time in ns).

    The record of a `.dir` object names its files too. Small objects have none: hashing them anew costs less.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._folder = cache / "memo" / "objects"

    def read(self, oid: str) -> Record:
        """The record of an object, empty if there is none or it cannot be read."""
        try:
            recorded = json.loads(self._path(oid).read_bytes())
            return {name: (int(size), int(mtime)) for name, (size, mtime) in recorded.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def update(self, oid: str, recorded: Record, seen: Record) -> None:
        """Write what was seen, where it differs from what is recorded. Never raises: the cost is only a rehash."""
        if seen != recorded:
            with contextlib.suppress(OSError):
                write_json(self._path(oid), seen, self._cache)

    def forget(self, oid: str) -> None:
        """Delete the record of an object. Raises OSError."""
        self._path(oid).unlink(missing_ok=True)

    def _path(self, oid: str) -> Path:
        return self._folder / oid[:3] / f"{oid}.json"


def is_large(status: os.stat_result) -> bool:
    """Whether an object is worth a record."""
    return status.st_size >= _LARGE


def note(oid: str, status: os.stat_result, seen: Record) -> None:
    """Add a large object's identity to a record."""
    if is_large(status):
        seen[oid] = (status.st_size, status.st_mtime_ns)


def write_json(path: Path, value: Any, cache: Path) -> None:
    """Write JSON under a temporary name in the cache, then rename. Raises OSError."""
    make_folder(cache, path.parent)
    temporary = temporary_name(cache)
    try:
        temporary.write_text(json.dumps(value))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
