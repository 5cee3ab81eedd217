"""MD5 of files and directories exactly as DVC computes it, each file read once while it stays unchanged."""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IGNORED = frozenset({".snakemake_timestamp"})
_IGNORED_DIRECTORIES = frozenset({".dvc", ".git", ".hg"})
_PERSISTED_SIZE = 1 << 20
_RACY_NS = 20_000_000


class Unfaithful(Exception):
    """Something that DVC cannot store and give back as it was. The text names the path."""


@dataclass(frozen=True)
class Content:
    """What one file or directory holds: its DVC hash, size in bytes and, for a directory, its files.

    `files` maps relative POSIX paths to (md5, size); it is None for a file.
    """

    md5: str
    size: int
    executable: bool = False
    files: dict[str, tuple[str, int]] | None = None

    def entry(self, path: str) -> dict[str, Any]:
        """The dictionary that DVC writes to dvc.lock for this content at `path`."""
        entry: dict[str, Any] = {"path": path, "hash": "md5", "md5": self.md5, "size": self.size}
        if self.files is not None:
            entry["nfiles"] = len(self.files)
        if self.executable:
            entry["isexec"] = True
        return entry


def tree_bytes(files: dict[str, tuple[str, int]]) -> bytes:
    """The content of DVC's `.dir` object for the given files."""
    return json.dumps([{"md5": files[path][0], "relpath": path} for path in sorted(files)], sort_keys=True).encode()


def md5_file(path: str | Path) -> str:
    """MD5 of a file's bytes."""
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "md5").hexdigest()


class Hasher:
    """Hashes paths with a cache keyed by inode, size and modification time.

    Files of a megabyte and more are remembered across runs in an SQLite file (`database`); a hash taken within 20 ms
    of a file's last change is never remembered, since a second change could leave the same time.
    """

    def __init__(self, database: Path | None = None, ignore: Any = None) -> None:
        self._memory: dict[str, tuple[tuple[int, int, int], str]] = {}
        self._database = database
        self._connection: sqlite3.Connection | None = None
        self._ignore = ignore
        self.hashed_bytes = 0

    def content(self, path: str, strict: bool = False) -> Content:
        """Hash a file or directory. `strict` refuses what DVC cannot store (for outputs): see `Unfaithful`."""
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            if strict:
                raise Unfaithful(f"{path} is a symbolic link")
            status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            return self._directory(path, strict)
        if not stat.S_ISREG(status.st_mode):
            raise Unfaithful(f"{path} is neither a file nor a directory")
        return Content(self.file(path, status), status.st_size, bool(status.st_mode & stat.S_IEXEC))

    def _directory(self, path: str, strict: bool) -> Content:
        files: dict[str, tuple[str, int]] = {}
        pending = [(path, "")]
        while pending:
            folder, prefix = pending.pop()
            empty = True
            with os.scandir(folder) as entries:
                for entry in entries:
                    relative = prefix + entry.name
                    if entry.name in IGNORED:
                        continue
                    if self._ignored(entry):
                        if strict:
                            raise Unfaithful(f"{entry.path} is ignored by DVC")
                        continue
                    empty = False
                    if entry.is_symlink() and (strict or entry.is_dir()):
                        raise Unfaithful(f"{entry.path} is a symbolic link")
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((entry.path, relative + "/"))
                        continue
                    files[relative] = self._member(entry, strict)
            if empty and strict:
                raise Unfaithful(f"{folder} is an empty directory")
        digest = hashlib.md5(tree_bytes(files), usedforsecurity=False).hexdigest()
        return Content(f"{digest}.dir", sum(size for _, size in files.values()), files=files)

    def _ignored(self, entry: os.DirEntry[str]) -> bool:
        if entry.name in _IGNORED_DIRECTORIES:
            return True
        return self._ignore is not None and self._ignore(entry.path, entry.is_dir(follow_symlinks=False))

    def _member(self, entry: os.DirEntry[str], strict: bool) -> tuple[str, int]:
        status = entry.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unfaithful(f"{entry.path} is neither a file nor a directory")
        if strict and status.st_mode & stat.S_IEXEC:
            raise Unfaithful(f"{entry.path} is executable, which a directory output does not keep")
        try:
            entry.name.encode()
        except UnicodeEncodeError:
            raise Unfaithful(f"{entry.path!r} has a name that is not UTF-8") from None
        return self.file(entry.path, status), status.st_size

    def file(self, path: str, status: os.stat_result) -> str:
        """MD5 of the file at `path`, whose status the caller has just read."""
        identity = (status.st_ino, status.st_size, status.st_mtime_ns)
        known = self._memory.get(path)
        if known is not None and known[0] == identity:
            return known[1]
        large = status.st_size >= _PERSISTED_SIZE
        if large and (digest := self._recall(path, identity)):
            self._memory[path] = (identity, digest)
            return digest
        digest = md5_file(path)
        self.hashed_bytes += status.st_size
        if time.time_ns() - status.st_mtime_ns > _RACY_NS:
            self.remember(path, status, digest, persist=large)
        return digest

    def remember(self, path: str, status: os.stat_result, digest: str, persist: bool | None = None) -> None:
        """Note a hash known from elsewhere: a restored or a committed file."""
        identity = (status.st_ino, status.st_size, status.st_mtime_ns)
        self._memory[path] = (identity, digest)
        if persist if persist is not None else status.st_size >= _PERSISTED_SIZE:
            try:
                with self._open() as connection:
                    connection.execute(
                        "INSERT OR REPLACE INTO md5 VALUES (?, ?, ?, ?, ?)", (os.path.abspath(path), *identity, digest)
                    )
            except (sqlite3.Error, OSError):
                self._database = None

    def identities(self, path: str) -> dict[str, os.stat_result]:
        """The status of a file, or of every file below a directory: see `was_written`."""
        found = {}
        pending = [path]
        while pending:
            here = pending.pop()
            status = os.stat(here)
            if stat.S_ISDIR(status.st_mode):
                with os.scandir(here) as entries:  # a link to a directory is refused when it is hashed
                    pending += [
                        entry.path
                        for entry in entries
                        if entry.name not in IGNORED and not (entry.is_symlink() and entry.is_dir())
                    ]
            else:
                found[here] = status
        return found

    def known(self, path: str) -> str | None:
        """The remembered MD5 of a file that has not changed since, without reading it."""
        try:
            status = os.lstat(path)
        except OSError:
            return None
        known = self._memory.get(path)
        identity = (status.st_ino, status.st_size, status.st_mtime_ns)
        if known is not None and known[0] == identity:
            return known[1]
        return self._recall(path, identity) if status.st_size >= _PERSISTED_SIZE else None

    def _recall(self, path: str, identity: tuple[int, int, int]) -> str | None:
        try:
            row = self._open().execute(
                "SELECT md5 FROM md5 WHERE path = ? AND inode = ? AND size = ? AND mtime = ?",
                (os.path.abspath(path), *identity),
            )
            found = row.fetchone()
        except (sqlite3.Error, OSError):
            self._database = None
            return None
        return found[0] if found else None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._database is None:
                raise sqlite3.Error("no database")
            self._database.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._database, timeout=10, check_same_thread=False)
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS md5 (path TEXT PRIMARY KEY, inode INT, size INT, mtime INT, md5 TEXT)"
            )
        return self._connection


def carry_over(database: Path, folder: Path, new_database: Path, new_folder: Path) -> None:
    """Give another folder, which links the same large files by the same names, what is remembered of one.

    Never raises: the cost is only that they are hashed anew.
    """
    with contextlib.suppress(sqlite3.Error, OSError):
        shutil.copyfile(database, new_database)
        with contextlib.closing(sqlite3.connect(new_database)) as connection, connection:
            connection.execute("DELETE FROM md5 WHERE substr(path, 1, ?) != ?", (len(f"{folder}/"), f"{folder}/"))
            connection.execute("UPDATE md5 SET path = ? || substr(path, ?)", (str(new_folder), len(str(folder)) + 1))


def was_written(before: os.stat_result | None, after: os.stat_result | None) -> bool:
    """Whether a file was written between two looks, even if it holds the same again.

    The time of a file with several names says nothing: through a hard link another workspace may have touched it.
    """
    if before is None or after is None:
        return True
    if (before.st_ino, before.st_size) != (after.st_ino, after.st_size):
        return True
    return before.st_mtime_ns != after.st_mtime_ns and before.st_nlink == after.st_nlink == 1
