"""What goes from a DVC cache into a workspace and back: restore, put, and one copy on disk where possible."""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from .hashing import Content, tree_bytes
from .links import Links, executable_bits, make_folder, remove, swap
from .objects import CACHE_MODE, Objects
from .records import Record, is_large, note

_ONE_FILE = ("hardlink", "symlink")


class Store(Objects):
    """A DVC cache directory, read and written. Every write is atomic: any number of builds may share it.

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
        fetch: Callable[[Objects, list[str]], None] | None = None,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        super().__init__(directory, fetch, warn)
        self.shared_limit = shared_limit
        self._links = Links(link_types, scratch)

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
        make_folder(self.directory, target.parent)
        try:
            return self._links.make("hardlink", path, target)
        except FileExistsError:
            return True

    def _copy_in(self, path: Path, target: Path) -> None:
        with self.incoming(target) as temporary:
            if not (self._links.allows("reflink") and self._links.make("reflink", path, temporary)):
                shutil.copyfile(path, temporary)

    def _put_bytes(self, oid: str, data: bytes) -> None:
        target = self.path(oid)
        if not target.exists() or target.read_bytes() != data:
            with self.incoming(target) as temporary:
                temporary.write_bytes(data)

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
