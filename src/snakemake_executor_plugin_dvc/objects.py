"""The content-addressed objects of a DVC cache: where they lie, whether they are whole, how one comes in."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .hashing import md5_file
from .links import make_folder, temporary_name
from .records import Record, Records, is_large, note

CACHE_MODE = 0o444


@dataclass(frozen=True)
class Absent:
    """An object that cannot be used, and why."""

    oid: str
    reason: str


class Objects:
    """One DVC cache directory (`files/md5/ab/cdef...`). `fetch` brings missing objects, `warn` takes a line.

    `promised` are objects that are not here and count as if they were: `fetch` may promise instead of bringing.
    """

    def __init__(
        self,
        directory: Path,
        fetch: Callable[["Objects", list[str]], None] | None = None,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.directory = directory
        self.rehashed_bytes = 0
        self.promised: set[str] = set()
        self._records = Records(directory)
        self._fetch = fetch
        self._warn = warn

    def path(self, oid: str) -> Path:
        """Where the object lies: `oid` is an MD5, with `.dir` for the list of a directory's files."""
        return self.directory / "files" / "md5" / oid[:2] / oid[2:]

    def check(self, oid: str) -> list[Absent]:
        """Check an object and, for a directory, all of its files; empty when everything is there and undamaged.

        Size and time are compared with the record; only what differs is hashed again. A damaged object is set aside.
        """
        recorded = self._records.read(oid)
        absent, seen = self._check_all(oid, recorded)
        missing = [item.oid for item in absent if item.reason == "missing"]
        if missing and self._fetch is not None:
            self._fetch(self, missing)
            absent, seen = self._check_all(oid, recorded)
        if not absent:
            self._records.update(oid, recorded, seen)
        return absent

    def _check_all(self, oid: str, recorded: Record) -> tuple[list[Absent], Record]:
        seen: Record = {}
        problem = self._check_one(oid, recorded, seen)
        if problem is not None:
            return [problem], seen
        if not oid.endswith(".dir"):
            return [], seen
        try:
            members = {member for member, _ in self.files(oid).values()}
        except ValueError as error:
            self._warn(f"the cache object {oid} is not used: {error}")
            return [self.set_aside(oid)], seen
        problems = [self._check_one(member, recorded, seen) for member in sorted(members)]
        return [problem for problem in problems if problem is not None], seen

    def _check_one(self, oid: str, recorded: Record, seen: Record) -> Absent | None:
        try:
            status = os.stat(self.path(oid))
        except OSError:
            return None if oid in self.promised else Absent(oid, "missing")
        if seen.get(oid, recorded.get(oid)) != (status.st_size, status.st_mtime_ns):
            self.rehashed_bytes += status.st_size
            if not self.intact(oid):
                return self.set_aside(oid)
        note(oid, status, seen)
        return None

    def intact(self, oid: str) -> bool:
        """Whether the object's bytes have its hash: reads them all."""
        return md5_file(self.path(oid)) == oid.removesuffix(".dir")

    def set_aside(self, oid: str) -> Absent:
        """Move a damaged object out of the cache, so that nothing restores it, and say where it is."""
        target = self.directory / "memo" / "damaged" / f"{oid}-{time.time_ns()}"
        with contextlib.suppress(OSError):
            make_folder(self.directory, target.parent)
            self.path(oid).rename(target)
            self._warn(f"the cache object {oid} is damaged: set aside as {target}")
        return Absent(oid, "damaged")

    def evict(self, oid: str) -> None:
        """Delete an object, if it is there. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            path = self.path(oid)
            large = is_large(os.stat(path))
            os.unlink(path)
            if large:
                self._records.forget(oid)

    def verify(self) -> Iterator[Absent]:
        """Hash every object of the cache and yield the damaged ones, which are set aside."""
        for path in sorted(self.directory.glob("files/md5/??/*")):
            oid = path.parent.name + path.name
            if len(oid.removesuffix(".dir")) != 32 or not path.is_file():
                continue
            try:
                if not self.intact(oid):
                    yield self.set_aside(oid)
            except FileNotFoundError:  # evicted meanwhile
                continue
            except OSError as error:
                yield Absent(oid, f"unreadable: {error.strerror}")

    def files(self, oid: str) -> dict[str, tuple[str, int]]:
        """The files of a `.dir` object: relative path to (md5, 0).

        Raises ValueError if it is no such list or names a path outside of the directory: a pulled cache is not trusted.
        """
        try:
            listed = {str(item["relpath"]): str(item["md5"]) for item in json.loads(self.path(oid).read_bytes())}
        except (KeyError, TypeError) as error:
            raise ValueError(f"it does not list files: {error!r}") from None
        for relative, member in listed.items():
            path = PurePosixPath(relative)
            if path.is_absolute() or ".." in path.parts or not path.parts:
                raise ValueError(f"it names {relative!r}, which lies outside of the directory")
            if len(member) != 32 or not set(member) <= set("0123456789abcdef"):
                raise ValueError(f"it names {member!r}, which is no MD5")
        return {relative: (member, 0) for relative, member in listed.items()}

    def add(self, oid: str, temporary: Path) -> bool:
        """Take a fetched file into the cache if its bytes have the hash."""
        if md5_file(temporary) != oid.removesuffix(".dir"):
            return False
        with self.incoming(self.path(oid)) as incoming:
            temporary.rename(incoming)
        return True

    @contextlib.contextmanager
    def incoming(self, target: Path) -> Iterator[Path]:
        """A temporary file in the cache that becomes the object when the block ends."""
        temporary = temporary_name(self.directory)
        try:
            yield temporary
            temporary.chmod(CACHE_MODE)
            make_folder(self.directory, target.parent)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
