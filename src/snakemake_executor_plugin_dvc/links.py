"""How a file gets a second name: reflink, hard link, symbolic link or copy, whichever the file system allows first."""

import contextlib
import errno
import fcntl
import itertools
import os
import re
import shutil
import stat
from collections.abc import Collection, Iterable
from pathlib import Path

_FICLONE = 0x40049409
_LINK_ERRORS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY}
_COUNTER = itertools.count()
_UNIQUE = re.compile(r"(?P<host>.+)-(?P<pid>[0-9]+)-[0-9]+(?:-old)?")


class Links:
    """DVC's `cache.type` in order of preference, less what turns out not to work here; a copy always does.

    `scratch` is a folder of the workspace for temporary names; without one they lie beside the files.
    """

    def __init__(self, types: Iterable[str], scratch: Path | None = None) -> None:
        self.types = tuple(dict.fromkeys([*types, "copy"]))
        self.scratch = scratch
        self._unsupported: set[str] = set()

    def allows(self, kind: str) -> bool:
        """Whether a kind of link is configured and has not failed yet."""
        return kind in self.types and kind not in self._unsupported

    @property
    def preferred(self) -> str:
        """The first kind that may work."""
        return next(kind for kind in self.types if kind not in self._unsupported)

    def place(self, source: Path, target: Path, without: Collection[str] = ()) -> str:
        """Give `source` the new name `target` by the first kind of link that works; the kind. Raises OSError."""
        for kind in self.types:
            if self.allows(kind) and kind not in without and self.make(kind, source, target):
                return kind
        raise OSError(errno.ENOTSUP, "no kind of link works", str(target))

    def make(self, kind: str, source: Path, target: Path) -> bool:
        """Make one kind of link; False if the file system cannot. Raises OSError for anything else."""
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
            if error.errno not in (errno.EMLINK, errno.EPERM):
                self._unsupported.add(kind)
            return False
        return True

    def temporary(self, path: Path) -> Path:
        """A fresh temporary name on the file system of `path`."""
        name = f".{path.name[:100]}.memo-{unique_name()}"
        if self.scratch is not None and os.stat(self.scratch).st_dev == os.stat(path.parent).st_dev:
            return self.scratch / name
        return path.with_name(name)


def unique_name() -> str:
    """A name that no other process or call uses."""
    return f"{os.uname().nodename}-{os.getpid()}-{next(_COUNTER)}"


def temporary_folder(cache: Path) -> Path:
    """Where everything that is written into a cache lies until it is whole."""
    return cache / "memo" / "tmp"


def temporary_name(cache: Path) -> Path:
    """A fresh temporary name inside a cache. Raises OSError if the folder cannot be made."""
    folder = temporary_folder(cache)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _open_to_group(folder.parent)
        folder.mkdir(exist_ok=True)
        _open_to_group(folder)
    return folder / unique_name()


def make_folder(cache: Path, folder: Path) -> None:
    """Make a folder of a cache, and those above it, as open to the group as the one above: a team may share the cache.

    Nobody sees it before it is. Raises OSError.
    """
    if folder.is_dir():
        return
    make_folder(cache, folder.parent)
    temporary = temporary_name(cache)
    if folder.is_dir():  # one of those that temporary names need
        return
    temporary.mkdir()
    try:
        _open_to_group(temporary, folder.parent)
        temporary.rename(folder)
    except OSError:
        temporary.rmdir()
        if not folder.is_dir():
            raise


def _open_to_group(folder: Path, above: Path | None = None) -> None:
    if os.stat(above or folder.parent).st_mode & stat.S_IWGRP:
        with contextlib.suppress(OSError):
            folder.chmod(stat.S_IMODE(os.stat(folder).st_mode) | stat.S_IRWXG)


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files of processes of this host that are dead. Never raises."""
    for path in folder.glob("*"):
        found = _UNIQUE.fullmatch(path.name.rpartition(".memo-")[2])
        if found and found["host"] == os.uname().nodename and not alive(int(found["pid"])):
            with contextlib.suppress(OSError):
                remove(path)


def alive(pid: int) -> bool:
    """Whether a process of this host with that id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def swap(temporary: Path, path: Path) -> None:
    """Move `temporary` to `path`, whatever is there."""
    if temporary.is_dir() or (path.is_dir() and not path.is_symlink()):
        old = temporary.with_name(f"{temporary.name}-old")
        if path.is_symlink() or path.exists():
            path.rename(old)
        temporary.rename(path)
        remove(old)
    else:
        temporary.replace(path)


def remove(path: Path) -> None:
    """Delete a file, a link or a whole directory, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def executable_bits() -> int:
    """The bits that make a new file executable for whoever may read it."""
    return 0o111 & ~umask()


def umask() -> int:
    """The bits that new files of this process do not get."""
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
