"""What a cache must keep: what live workspaces, branch heads and tags name, and what is being built now."""

import contextlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_MD5 = re.compile(rb"\bmd5[\"']?: [\"']?([0-9a-f]{32}(?:\.dir)?)\b")
_TRACKED = ("dvc.lock", ".dvc")


@dataclass
class Pins:
    """The pinned objects (without the files of directories), who pins them, and what could not be looked at."""

    objects: set[str] = field(default_factory=set)
    workspaces: list[Path] = field(default_factory=list)
    refs: int = 0
    keys: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


def find(cache: Path) -> Pins:
    """Everything that pins objects of a cache. The notes of workspaces that are gone are removed."""
    from snakemake_executor_plugin_dvc.leases import Leases
    from snakemake_executor_plugin_dvc.repository import find_root, journal
    from snakemake_executor_plugin_dvc.workspaces import registered

    pins, repositories = Pins(), set()
    for user in registered(cache):
        if not user.folder.is_dir():
            if user.here:
                user.note.unlink(missing_ok=True)
            else:
                pins.unseen.append(f"{user.folder} of host {user.host}")
            continue
        pins.workspaces.append(user.folder)
        with contextlib.suppress(FileNotFoundError):
            root = find_root(user.folder)
            for path in (user.folder / "dvc.lock", journal(root, user.folder), *_data_files(root)):
                with contextlib.suppress(OSError):
                    pins.objects |= _named(path.read_bytes())
            repositories |= _repository(root)
    for repository in sorted(repositories):
        for text in _heads(repository, pins):
            pins.objects |= _named(text)
    pins.keys = list(Leases(cache, Path.cwd()).keys())
    return pins


def _named(text: bytes) -> set[str]:
    """The hashes in a lock file, a journal or a .dvc file, from its text."""
    return {found.decode() for found in _MD5.findall(text)}


def _data_files(root: Path) -> Iterator[Path]:
    """The .dvc files of a DVC root, as far as git would look: what `dvc add` has tracked, which nothing can rebuild."""
    pending = [root]
    while pending:
        folder = pending.pop()
        with contextlib.suppress(OSError):
            for path in folder.iterdir():
                if path.name.startswith(".") or path.is_symlink():
                    continue
                if path.suffix == ".dvc" and path.is_file():
                    yield path
                elif path.is_dir() and path.name != "artifacts" and not (path / ".dvc").is_dir():
                    pending.append(path)


def _repository(folder: Path) -> set[Path]:
    with contextlib.suppress(subprocess.CalledProcessError, OSError):
        return {Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())}
    return set()


def _heads(repository: Path, pins: Pins) -> Iterator[bytes]:
    """The lock files and .dvc files of all branch heads and tags."""
    refs = _git(repository, "for-each-ref", "--format=%(objectname)", "refs/heads", "refs/tags", "refs/remotes")
    blobs: set[str] = set()
    for ref in sorted(set(refs.decode().split())):
        pins.refs += 1
        with contextlib.suppress(subprocess.CalledProcessError):  # a tag of something that is no commit
            for line in _git(repository, "ls-tree", "-r", "-z", ref).decode("utf-8", "replace").split("\0"):
                about, _, name = line.partition("\t")
                if name.endswith(_TRACKED):
                    blobs.add(about.split()[2])
    if blobs:
        yield _git(repository, "cat-file", "--batch", stdin="\n".join(sorted(blobs)).encode())


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout
