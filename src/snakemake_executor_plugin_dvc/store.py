"""The content-addressed files of a DVC cache: check, restore, put and fetch them, one copy on disk where possible."""

import contextlib
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .hashing import Content, md5_file, tree_bytes
from .links import Links, executable_bits, remove, swap, temporary_name
from .records import Record, Records, is_large, note

CACHE_MODE = 0o444
_ONE_FILE = ("hardlink", "symlink")


@dataclass(frozen=True)
class Absent:
    """An object that cannot be used, and why."""

    oid: str
    reason: str


class Store:
    """One DVC cache directory (`files/md5/ab/cdef...`). Every write is atomic: any number of builds may share it.

    `link_types` is DVC's `cache.type`. A file that others link too is linked only up to `shared_limit` bytes:
    Snakemake touches what it restores, which through a hard link changes the time that every other workspace sees; up
    to that size Snakemake compares content instead (`--max-checksum-file-size`).

    Objects are read-only, but for those that a file output is linked to: Snakemake takes a file that its owner cannot
    write for one that is `protected()`, and refuses to build it again.
    """

    def __init__(
        self,
        directory: Path,
        link_types: Iterable[str] = ("reflink", "copy"),
        shared_limit: int = 1_000_000,
        scratch: Path | None = None,
        fetch: Callable[["Store", list[str]], None] | None = None,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.directory = directory
        self.shared_limit = shared_limit
        self.rehashed_bytes = 0
        self._links = Links(link_types, scratch)
        self._records = Records(directory)
        self._fetch = fetch
        self._warn = warn

    def path(self, oid: str) -> Path:
        """Where the object lies: `oid` is an MD5, with `.dir` for the list of a directory's files."""
        return self.directory / "files" / "md5" / oid[:2] / oid[2:]

    # Checking

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
            return Absent(oid, "missing")
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
            target.parent.mkdir(parents=True, exist_ok=True)
            self.path(oid).rename(target)
            self._warn(f"the cache object {oid} is damaged: set aside as {target}")
        return Absent(oid, "damaged")

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

    # Reading

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

    def restore(self, oid: str, path: Path, executable: bool = False, private: bool = False) -> None:
        """Put the object's content at `path`, replacing what is there. Raises OSError, then `path` is as before.

        A `private` file gets an inode of its own: its mode will be changed.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        private = private or executable
        if not oid.endswith(".dir") and not os.path.lexists(path) and self._link_new(oid, path, private):
            return
        temporary = self._links.temporary(path)
        try:
            if oid.endswith(".dir"):
                self._restore_directory(oid, temporary)
            else:
                self._place_file(oid, path, temporary, private)
            if executable:
                temporary.chmod(temporary.stat().st_mode | executable_bits())
            swap(temporary, path)
        finally:
            remove(temporary)

    def _link_new(self, oid: str, path: Path, private: bool) -> bool:
        """Hard-link straight to a name that is free: one system call, and atomic as it is."""
        if self._links.preferred != "hardlink" or "hardlink" in self._unfit(oid, path, private):
            return False
        if not self._links.make("hardlink", self.path(oid), path):
            return False
        _let_owner_write(path)
        return True

    def _place_file(self, oid: str, path: Path, temporary: Path, private: bool) -> None:
        """Make at `temporary` what will stand at `path`."""
        if self._links.place(self.path(oid), temporary, without=self._unfit(oid, path, private)) in _ONE_FILE:
            _let_owner_write(temporary)

    def _unfit(self, oid: str, path: Path, private: bool) -> tuple[str, ...]:
        """The kinds of link that must not be used for a file output at `path`."""
        status = os.stat(self.path(oid))
        if private or status.st_uid != os.geteuid():
            return _ONE_FILE
        others = status.st_nlink - 1
        with contextlib.suppress(OSError):
            others -= os.path.samestat(os.lstat(path), status)
        return ("hardlink",) if others > 0 and status.st_size > self.shared_limit else ()

    def _restore_directory(self, oid: str, temporary: Path) -> None:
        made = {temporary}
        temporary.mkdir()
        for relative, (member, _) in self.files(oid).items():
            target = temporary / relative
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            self._links.place(self.path(member), target)

    # Writing

    def put(self, content: Content, path: Path, private: bool = False) -> None:
        """Store a file or directory whose content has just been hashed. Raises OSError, then `path` is as before.

        Where hard links are allowed, `path` and the object are one file afterwards, unless it is `private`.
        """
        seen: Record = {}
        recorded = self._records.read(content.md5)
        if content.files is None:
            self._put_one(content.md5, path, recorded, seen, link=not private and not content.executable)
            if not private and not content.executable:
                self._unify(content.md5, path, self._unfit(content.md5, path, private))
        else:
            for relative, (member, _) in content.files.items():
                if self._put_one(member, path / relative, recorded, seen, link=True):
                    self.path(member).chmod(CACHE_MODE)
                self._unify(member, path / relative)
            self._put_bytes(content.md5, tree_bytes(content.files))
        self._records.update(content.md5, recorded, seen)

    def _put_one(self, oid: str, path: Path, recorded: Record, seen: Record, link: bool) -> bool:
        """Store one file unless its object is there and whole; whether it is a new object."""
        target = self.path(oid)
        new = self._check_one(oid, recorded, seen) is not None
        if new and not (link and self._adopt(path, target)):
            self._copy_in(path, target)
        note(oid, os.stat(target), seen)
        return new

    def _adopt(self, path: Path, target: Path) -> bool:
        """Make the output itself the object, by a hard link, where that is allowed and nobody else holds the file."""
        status = os.lstat(path)
        if not self._links.allows("hardlink") or status.st_nlink != 1 or not stat.S_ISREG(status.st_mode):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._links.make("hardlink", path, target)
        except FileExistsError:
            return True

    def _copy_in(self, path: Path, target: Path) -> None:
        with self._incoming(target) as temporary:
            if not (self._links.allows("reflink") and self._links.make("reflink", path, temporary)):
                shutil.copyfile(path, temporary)

    def _put_bytes(self, oid: str, data: bytes) -> None:
        target = self.path(oid)
        if not target.exists() or target.read_bytes() != data:
            with self._incoming(target) as temporary:
                temporary.write_bytes(data)

    @contextlib.contextmanager
    def _incoming(self, target: Path) -> Iterator[Path]:
        """A temporary file in the cache that becomes the object when the block ends."""
        temporary = self.temporary()
        try:
            yield temporary
            temporary.chmod(CACHE_MODE)
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def _unify(self, oid: str, path: Path, unfit: tuple[str, ...] | None = None) -> None:
        """Replace a file by a link to its object if they are two files.

        `unfit` names the links that must not be used for a file output, whose time stays what it was.
        """
        status = os.lstat(path)
        kinds = [kind for kind in _ONE_FILE if self._links.allows(kind) and kind not in (unfit or ())]
        if not kinds or os.path.samestat(status, os.stat(self.path(oid))):
            return
        temporary = self._links.temporary(path)
        try:
            if not self._links.make(kinds[0], self.path(oid), temporary):
                return
            if unfit is not None:
                _let_owner_write(temporary)
                os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
            temporary.replace(path)
        finally:
            remove(temporary)

    def add(self, oid: str, temporary: Path) -> bool:
        """Take a fetched file into the cache if its bytes have the hash."""
        if md5_file(temporary) != oid.removesuffix(".dir"):
            return False
        with self._incoming(self.path(oid)) as incoming:
            temporary.rename(incoming)
        return True

    def temporary(self) -> Path:
        """A fresh temporary name inside the cache."""
        return temporary_name(self.directory)

    def touched(self, oid: str, path: Path) -> None:
        """Record a large object's time anew after Snakemake has touched its hard link at `path`."""
        with contextlib.suppress(OSError):
            linked = os.lstat(path)
            if not is_large(linked):
                return
            recorded = self._records.read(oid)
            known = recorded.get(oid)
            same_file = os.path.samestat(os.stat(self.path(oid)), linked)
            if known is not None and known[0] == linked.st_size and same_file:
                self._records.update(oid, recorded, {oid: (linked.st_size, linked.st_mtime_ns)})


def _let_owner_write(path: Path) -> None:
    mode = os.stat(path).st_mode
    if not mode & stat.S_IWUSR:
        os.chmod(path, stat.S_IMODE(mode) | stat.S_IWUSR)
