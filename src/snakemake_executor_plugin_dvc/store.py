"""The content-addressed files of a DVC cache: put, check, fetch and link them, one copy on disk where that is possible.

Layout: DVC's own `files/md5/ab/cdef...`, and beside it `memo/objects/abc/<hash>.json`, which holds the size and the
modification time that each large object had when its content was last known to be right. Small ones are hashed anew
each time, which costs less than keeping books.
"""

import contextlib
import errno
import fcntl
import itertools
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .hashing import Content, md5_file, tree_bytes

CACHE_MODE = 0o444
_FICLONE = 0x40049409
_LINK_ERRORS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY}
_LARGE = 1 << 18
_COUNTER = itertools.count()
Identity = tuple[int, int]


@dataclass(frozen=True)
class Absent:
    """An object that cannot be used, and why."""

    oid: str
    reason: str


class Store:
    """One DVC cache directory. Every write is atomic: any number of builds may share it.

    `link_types` is DVC's `cache.type`, in order of preference. A file that others link too is linked only up to
    `shared_limit` bytes: Snakemake touches what it restores, which through a hard link changes the time that every
    other workspace sees; up to that size Snakemake compares content instead (`--max-checksum-file-size`).
    `scratch` is a folder of the workspace for temporary names; without one they lie beside the files.
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
        self.scratch = scratch
        self.link_types = tuple(dict.fromkeys([*link_types, "copy"]))
        self.shared_limit = shared_limit
        self.rehashed_bytes = 0
        self._fetch = fetch
        self._warn = warn
        self._unsupported: set[str] = set()

    def path(self, oid: str) -> Path:
        """Where the object lies: `oid` is an MD5, with `.dir` for the list of a directory's files."""
        return self.directory / "files" / "md5" / oid[:2] / oid[2:]

    # Checking

    def check(self, oid: str) -> list[Absent]:
        """Check an object and, for a directory, all of its files; empty when everything is there and undamaged.

        Size and time are compared with the record; only what differs is hashed again. A damaged object is set aside.
        """
        recorded = self._read_record(oid)
        absent, seen = self._check_all(oid, recorded)
        missing = [item.oid for item in absent if item.reason == "missing"]
        if missing and self._fetch is not None:
            self._fetch(self, missing)
            absent, seen = self._check_all(oid, recorded)
        if not absent:
            self._update_record(oid, recorded, seen)
        return absent

    def _check_all(self, oid: str, recorded: dict[str, Identity]) -> tuple[list[Absent], dict[str, Identity]]:
        seen: dict[str, Identity] = {}
        problem = self._check_one(oid, recorded, seen)
        if problem is not None:
            return [problem], seen
        if not oid.endswith(".dir"):
            return [], seen
        members = {member for member, _ in self.files(oid).values()}
        problems = [self._check_one(member, recorded, seen) for member in sorted(members)]
        return [problem for problem in problems if problem is not None], seen

    def _check_one(self, oid: str, recorded: dict[str, Identity], seen: dict[str, Identity]) -> Absent | None:
        path = self.path(oid)
        try:
            status = os.stat(path)
        except OSError:
            return Absent(oid, "missing")
        if recorded.get(oid) != (status.st_size, status.st_mtime_ns):
            self.rehashed_bytes += status.st_size
            if not self.intact(oid):
                return self.set_aside(oid)
        _note(oid, status, seen)
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
            if len(oid.removesuffix(".dir")) == 32 and not self.intact(oid):
                yield self.set_aside(oid)

    # Reading

    def files(self, oid: str) -> dict[str, tuple[str, int]]:
        """The files of a `.dir` object: relative path to (md5, 0)."""
        listed = json.loads(self.path(oid).read_bytes())
        return {item["relpath"]: (item["md5"], 0) for item in listed}

    def restore(self, oid: str, path: Path, executable: bool = False) -> None:
        """Put the object's content at `path`, replacing what is there. Raises OSError, then `path` is as before."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if not oid.endswith(".dir") and not os.path.lexists(path) and self._link_new(oid, path, executable):
            return
        temporary = self._beside(path)
        try:
            if oid.endswith(".dir"):
                self._restore_directory(oid, temporary)
            else:
                self._place(oid, temporary, self._sharing(oid, path), executable)
            _swap(temporary, path)
        finally:
            _remove(temporary)

    def _link_new(self, oid: str, path: Path, executable: bool) -> bool:
        """Hard-link straight to a name that is free: one system call, and atomic as it is."""
        preferred = next(kind for kind in self.link_types if kind not in self._unsupported)
        if executable or preferred != "hardlink" or self._sharing(oid, path):
            return False
        return self._link("hardlink", self.path(oid), path)

    def _restore_directory(self, oid: str, temporary: Path) -> None:
        made = {temporary}
        temporary.mkdir()
        for relative, (member, _) in self.files(oid).items():
            target = temporary / relative
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            self._place(member, target, shared=False, executable=False)

    def _sharing(self, oid: str, path: Path) -> bool:
        """Whether a touch of a hard link at `path` could be seen elsewhere and would matter there."""
        status = os.stat(self.path(oid))
        others = status.st_nlink - 1
        with contextlib.suppress(OSError):
            others -= os.path.samestat(os.lstat(path), status)
        return others > 0 and status.st_size > self.shared_limit

    def _place(self, oid: str, target: Path, shared: bool, executable: bool) -> None:
        source = self.path(oid)
        for kind in self.link_types:
            if kind in self._unsupported or (kind == "hardlink" and (shared or executable)):
                continue
            if kind == "symlink" and executable:
                continue
            if self._link(kind, source, target):
                break
        if executable:
            target.chmod(target.stat().st_mode | (0o111 & ~_umask()))

    def _link(self, kind: str, source: Path, target: Path) -> bool:
        try:
            if kind == "hardlink":
                os.link(source, target)
            elif kind == "symlink":
                target.symlink_to(source)
            elif kind == "reflink":
                _clone(source, target)
            else:
                shutil.copyfile(source, target)
        except OSError as error:
            if kind == "copy" or error.errno not in _LINK_ERRORS:
                raise
            if error.errno != errno.EMLINK:
                self._unsupported.add(kind)
            return False
        return True

    # Writing

    def put(self, content: Content, path: Path) -> None:
        """Store a file or directory whose content has just been hashed. Raises OSError, then `path` is as before.

        Where hard links are allowed, `path` and the object are one file afterwards.
        """
        seen: dict[str, Identity] = {}
        recorded = self._read_record(content.md5)
        if content.files is None:
            self._put_file(content.md5, path, content.executable, recorded, seen)
        else:
            for relative, (member, _) in content.files.items():
                self._put_file(member, path / relative, False, recorded, seen, inside=True)
            self._put_bytes(content.md5, tree_bytes(content.files), seen)
        self._update_record(content.md5, recorded, seen)

    def _put_file(
        self,
        oid: str,
        path: Path,
        executable: bool,
        recorded: dict[str, Identity],
        seen: dict[str, Identity],
        inside: bool = False,
    ) -> None:
        target = self.path(oid)
        problem = self._check_one(oid, recorded, seen) if target.exists() else Absent(oid, "missing")
        if problem is not None and not self._adopt(path, target, executable):
            self._copy_in(path, target)
        if not executable and ("hardlink" in self.link_types or "symlink" in self.link_types):
            self._unify(oid, path, inside)
        _note(oid, os.stat(target), seen)

    def _adopt(self, path: Path, target: Path, executable: bool) -> bool:
        """Make the output itself the object, by a hard link, where that is allowed and nobody else holds the file."""
        if executable or "hardlink" not in self.link_types or "hardlink" in self._unsupported:
            return False
        status = os.lstat(path)
        if status.st_nlink != 1 or not stat.S_ISREG(status.st_mode):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except FileExistsError:
            return True
        except OSError as error:
            if error.errno not in _LINK_ERRORS:
                raise
            self._unsupported.add("hardlink")
            return False
        target.chmod(CACHE_MODE)
        return True

    def _copy_in(self, path: Path, target: Path) -> None:
        temporary = self.temporary()
        try:
            if "reflink" not in self.link_types or not self._reflink(path, temporary):
                shutil.copyfile(path, temporary)
            temporary.chmod(CACHE_MODE)
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.rename(target)
        finally:
            temporary.unlink(missing_ok=True)

    def _reflink(self, source: Path, target: Path) -> bool:
        return "reflink" not in self._unsupported and self._link("reflink", source, target)

    def _unify(self, oid: str, path: Path, inside: bool) -> None:
        """Replace an output by a link to its object if they are two files; its time stays what it was."""
        status = os.lstat(path)
        target = os.stat(self.path(oid))
        if os.path.samestat(status, target) or (not inside and self._sharing(oid, path)):
            return
        temporary = self._beside(path)
        try:
            self._place(oid, temporary, shared=False, executable=False)
            if not inside:
                os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
            temporary.replace(path)
        finally:
            _remove(temporary)

    def _put_bytes(self, oid: str, data: bytes, seen: dict[str, Identity]) -> None:
        target = self.path(oid)
        if not target.exists() or target.read_bytes() != data:
            temporary = self.temporary()
            try:
                temporary.write_bytes(data)
                temporary.chmod(CACHE_MODE)
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
        _note(oid, os.stat(target), seen)

    def add(self, oid: str, temporary: Path) -> bool:
        """Take a fetched file into the cache if its bytes have the hash."""
        if md5_file(temporary) != oid.removesuffix(".dir"):
            return False
        temporary.chmod(CACHE_MODE)
        self.path(oid).parent.mkdir(parents=True, exist_ok=True)
        temporary.rename(self.path(oid))
        return True

    # Records

    def note(self, oid: str, path: Path) -> None:
        """Record the object's time anew after Snakemake has touched its hard link at `path`."""
        with contextlib.suppress(OSError):
            linked = os.lstat(path)
            if linked.st_size < _LARGE:
                return
            status, recorded = os.stat(self.path(oid)), self._read_record(oid)
            identity = (status.st_size, status.st_mtime_ns)
            known = recorded.get(oid)
            if known is not None and known[0] == identity[0] and os.path.samestat(status, linked):
                self._write_record(oid, {oid: identity})

    def _record_path(self, oid: str) -> Path:
        return self.directory / "memo" / "objects" / oid[:3] / f"{oid}.json"

    def _update_record(self, oid: str, recorded: dict[str, Identity], seen: dict[str, Identity]) -> None:
        if seen != recorded:
            self._write_record(oid, seen)

    def _read_record(self, oid: str) -> dict[str, Identity]:
        try:
            recorded = json.loads(self._record_path(oid).read_bytes())
            return {name: (int(size), int(mtime)) for name, (size, mtime) in recorded.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _write_record(self, oid: str, seen: dict[str, Identity]) -> None:
        with contextlib.suppress(OSError):
            write_json(self._record_path(oid), seen)

    def _beside(self, path: Path) -> Path:
        """A fresh temporary name on the file system of `path`."""
        name = f".{path.name[:200]}.memo-{os.getpid()}-{next(_COUNTER)}"
        if self.scratch is not None and os.stat(self.scratch).st_dev == os.stat(path.parent).st_dev:
            return self.scratch / name
        return path.with_name(name)

    def temporary(self) -> Path:
        """A fresh temporary name inside the cache."""
        folder = self.directory / "memo" / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{os.uname().nodename}-{os.getpid()}-{next(_COUNTER)}"


def _note(oid: str, status: os.stat_result, seen: dict[str, Identity]) -> None:
    if status.st_size >= _LARGE:
        seen[oid] = (status.st_size, status.st_mtime_ns)


def write_json(path: Path, value: Any) -> None:
    """Write JSON under a temporary name, then rename. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(value))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _clone(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("xb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())
        except OSError:
            target.unlink()
            raise


def _swap(temporary: Path, path: Path) -> None:
    """Move `temporary` to `path`, whatever is there."""
    if temporary.is_dir() or (path.is_dir() and not path.is_symlink()):
        old = temporary.with_name(f"{temporary.name}-old")
        if path.is_symlink() or path.exists():
            path.rename(old)
        temporary.rename(path)
        _remove(old)
    else:
        temporary.replace(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
