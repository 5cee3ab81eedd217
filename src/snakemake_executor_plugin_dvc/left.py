"""What the last build left in place, so that the next one notices what others have put there since.

Snakemake judges an output by its time and by the params, inputs and code that it noted when it made it. Whatever
`dvc repro`, `dvc checkout` or `dvc exp` put in its place it takes for its own.
"""

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from .hashing import IGNORED, Hasher, Unfaithful

Identity = list[Any]


class Left:
    """`outputs.json` in the memo's state folder: output path -> [DVC's hash, identity of the file or directory]."""

    def __init__(self, state: Path) -> None:
        self._path = state / "outputs.json"
        self._hashes = state / "md5.sqlite"
        self._noted: dict[str, list[Any] | None] = {}

    def note(self, path: str, md5: str) -> None:
        """An output that is in place now, after Snakemake has touched it."""
        self._noted[path] = [md5, identity(Path(path))]

    def forget(self, paths: Iterable[str]) -> None:
        """Outputs of a job that was run and whose result is not in the cache."""
        self._noted |= dict.fromkeys(paths)

    def write(self) -> None:
        """Merge what was noted into the file. Never raises: the cost is only that more is looked up."""
        if self._noted:
            self._store({**self._load(), **self._noted})
            self._noted = {}

    def foreign(self, folder: Path, pending: Mapping[str, str], cache: Callable[[], Path]) -> list[str]:
        """The outputs below `folder` that are there and are not what was left: another result, or a damaged link.

        `pending` is what a killed build had finished (path -> hash). What is in no cache, a file that somebody has
        edited by hand, is left to Snakemake.
        """
        known = self._load() | {path: [md5, None] for path, md5 in pending.items()}
        found, same = [], {}
        hasher = Hasher(self._hashes)
        for path, (md5, left) in known.items():
            now = identity(folder / path)
            if now is None or now == left:
                continue
            with contextlib.suppress(OSError, Unfaithful, ValueError):
                content = hasher.content(str(folder / path)).md5
                if content == md5:
                    same[path] = [md5, now]
                elif _is_linked(folder / path) or (cache() / "files" / "md5" / content[:2] / content[2:]).exists():
                    found.append(path)
        if same:
            self._store(known | same)
        return found

    def _load(self) -> dict[str, list[Any]]:
        try:
            stored = json.loads(self._path.read_bytes())
            return {path: [str(md5), left] for path, (md5, left) in stored.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _store(self, outputs: Mapping[str, list[Any] | None]) -> None:
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(".new")
            temporary.write_text(json.dumps({path: entry for path, entry in outputs.items() if entry is not None}))
            temporary.replace(self._path)


def identity(path: Path) -> Identity | None:
    """Inode, size and modification time of a file; a hash of those of all files of a directory; None if it is gone."""
    try:
        status = os.stat(path)
        if not stat.S_ISDIR(status.st_mode):
            return [status.st_ino, status.st_size, status.st_mtime_ns]
        members = sorted(_members(str(path)))
    except OSError:
        return None
    return [hashlib.sha256(json.dumps(members).encode()).hexdigest()]


def _members(folder: str) -> Iterable[Identity]:
    pending = [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.name in IGNORED:
                    continue
                if entry.is_dir():
                    pending.append(entry.path)
                else:
                    status = entry.stat()
                    name = os.path.relpath(entry.path, folder).encode("utf-8", "backslashreplace").decode()
                    yield [name, status.st_ino, status.st_size, status.st_mtime_ns]


def _is_linked(path: Path) -> bool:
    return path.is_file() and (path.is_symlink() or os.stat(path).st_nlink > 1)
