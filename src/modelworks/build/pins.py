"""What a cache must keep: what live workspaces, branch heads and tags name, and what is being built now."""

import contextlib
import os
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_TRACKED = ("dvc.lock", ".dvc")
# Git must neither fetch what is missing, by whatever command a repository names for it, nor look elsewhere.
_ALONE = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}


@dataclass
class Pins:
    """The pinned objects (without the files of directories), who pins them, and what could not be looked at.

    `gone` are the notes of workspaces of this host that are not there any more.
    """

    objects: set[str] = field(default_factory=set)
    workspaces: list[Path] = field(default_factory=list)
    refs: int = 0
    keys: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    gone: list[Path] = field(default_factory=list)


def find(cache: Path, besides: Collection[Path] = ()) -> Pins:
    """Everything that pins objects of a cache, but for the workspaces `besides`.

    A workspace that cannot be looked at, another user's or another host's, pins what its last build has noted.
    """
    from snakemake_executor_plugin_dvc.leases import Leases
    from snakemake_executor_plugin_dvc.workspaces import registered

    pins, repositories = Pins(), set()
    for user in registered(cache):
        if user.here and user.folder in besides:
            continue
        try:
            pins.objects |= _of_workspace(user.folder)
        except FileNotFoundError:
            if user.here:
                pins.gone.append(user.note)
                continue
            pins.objects |= user.objects
            pins.unseen.append(f"{user.folder} of host {user.host}: what its last build named is pinned")
        except OSError as error:
            pins.objects |= user.objects
            pins.unseen.append(f"{user.folder} ({error.strerror}): what its last build named is pinned")
        else:
            repositories |= _repository(user.folder, pins)
        pins.workspaces.append(user.folder)
    for repository in sorted(repositories):
        pins.objects |= _of_heads(repository, pins)
    pins.keys = list(Leases(cache, Path.cwd()).keys())
    return pins


def _of_workspace(folder: Path) -> set[str]:
    """What a workspace names. Raises FileNotFoundError if it is not there, OSError if it cannot be read."""
    from snakemake_executor_plugin_dvc.repository import journal
    from snakemake_executor_plugin_dvc.workspaces import named

    os.stat(folder)
    root = next((one for one in (folder, *folder.parents) if (one / ".dvc").is_dir()), folder)
    found: set[str] = set()
    for path in (folder / "dvc.lock", journal(root, folder), *_data_files(root)):
        if path.exists():
            found |= named(path.read_bytes())
    return found


def _data_files(root: Path) -> Iterator[Path]:
    """The .dvc files of a DVC root, short of hidden folders: what `dvc add` has tracked, which nothing can rebuild."""
    pending = [root]
    while pending:
        for path in pending.pop().iterdir():
            if path.name.startswith(".") or path.is_symlink():
                continue
            if path.suffix == ".dvc" and path.is_file():
                yield path
            elif path.is_dir() and path.name != "artifacts" and not (path / ".dvc").is_dir():
                pending.append(path)


def _repository(folder: Path, pins: Pins) -> set[Path]:
    """The git repository around a folder. Git itself refuses those of other users."""
    try:
        return {Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())}
    except OSError:
        return set()
    except subprocess.CalledProcessError as error:
        if b"dubious ownership" in error.stderr:
            pins.unseen.append(f"branches and tags around {folder}: the repository is another user's")
        return set()


def _of_heads(repository: Path, pins: Pins) -> set[str]:
    """What the lock files and .dvc files of all branch heads and tags name."""
    from snakemake_executor_plugin_dvc.workspaces import named

    refs: list[str] = []
    try:
        listed = _git(repository, "for-each-ref", "--format=%(objectname)", "refs/heads", "refs/tags", "refs/remotes")
        refs = sorted(set(listed.decode().split()))
        blobs: set[str] = set()
        for ref in refs:
            with contextlib.suppress(subprocess.CalledProcessError):  # a tag of something that is no commit
                for line in _git(repository, "ls-tree", "-r", "-z", ref).decode("utf-8", "replace").split("\0"):
                    about, _, name = line.partition("\t")
                    if name.endswith(_TRACKED):
                        blobs.add(about.split()[2])
        text = _git(repository, "cat-file", "--batch", stdin="\n".join(sorted(blobs)).encode()) if blobs else b""
    except subprocess.CalledProcessError as error:
        pins.unseen.append(f"branches and tags of {repository}: {error.stderr.decode('utf-8', 'replace').strip()}")
        return set()
    pins.refs += len(refs)
    return set(named(text))


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "protocol.allow=never", "-C", str(folder), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True, env=kept | _ALONE).stdout
