"""The DVC remote of a workspace, opened: what lies there, and files sent there or brought from it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelworks.build.errors import ModelworksError


class RemoteError(ModelworksError):
    """No remote, one that cannot be reached or used, or a transfer that broke off."""


class TeamRemote:
    """One DVC remote, through DVC's own file system for it."""

    def __init__(self, remote: Any, repo: Any) -> None:
        self.name = str(remote.name)
        self.repo = repo
        self.place = f"{self.name!r} ({remote.fs.unstrip_protocol(remote.path)})"
        self._remote = remote
        self._fs = remote.fs
        self._made: set[str] = set()
        self._lock = threading.Lock()

    @property
    def jobs(self) -> int:
        """How many files DVC transfers at once with this kind of remote."""
        return int(self._fs.jobs)

    def check(self, made: bool) -> None:
        """List the remote's top once. Raises RemoteError where that fails; `made`: a local folder must be there."""
        from dvc.fs import LocalFileSystem

        if made and isinstance(self._fs, LocalFileSystem) and not self._fs.isdir(self._remote.path):
            raise self.unreachable("there is no such folder (the first push makes it)")
        try:
            self._fs.ls(self._remote.path, detail=False)
        except FileNotFoundError as error:
            if not isinstance(self._fs, LocalFileSystem) and not self._bucket_is_there():
                raise self.unreachable(error) from None
        except Exception as error:  # each file system has errors of its own
            raise self.unreachable(error) from None

    def _bucket_is_there(self) -> bool:
        try:
            return bool(self._fs.exists(self._fs.parts(self._remote.path)[0]))
        except Exception:
            return False

    def unreachable(self, error: object) -> RemoteError:
        """The error to raise for a remote that does not answer, or not as it should."""
        return RemoteError(
            f"the remote {self.place} cannot be used: {error or type(error).__name__}."
            f" See where it is with `dvc remote list`, and that it is mounted or that its credentials are set"
        )

    # What lies there

    def find(self, folder: str) -> Iterator[str]:
        """The names of all files below a folder, relative to it, as the remote gives them: not to be trusted."""
        top = self.path(folder).rstrip("/") + "/"
        try:
            for path in self._fs.find(top.rstrip("/")):
                if path.startswith(top):
                    yield path.removeprefix(top)
        except FileNotFoundError:
            return

    def sizes(self, folder: str) -> dict[str, int]:
        """The files of one folder and their sizes in bytes; names are not to be trusted."""
        top = self.path(folder).rstrip("/") + "/"
        try:
            listed = list(self._fs.ls(top.rstrip("/"), detail=True))
        except FileNotFoundError:
            return {}
        files = [item for item in listed if item["type"] == "file" and item["name"].startswith(top)]
        return {item["name"].removeprefix(top): int(item["size"]) for item in files}

    def objects(self, oids: set[str], jobs: int) -> set[str]:
        """Which of these objects are there, asked in the way that DVC finds cheapest."""
        return set(self._remote.odb.oids_exist(sorted(oids), jobs=jobs)) if oids else set()

    def path(self, name: str) -> str:
        """Where a file lies that has this name below the remote's root."""
        return str(self._fs.join(self._remote.path, *name.split("/")))

    # Transfers

    def send(self, source: Path, name: str, callback: Any, protect: bool = False) -> int:
        """Upload a file, which appears there when it is whole; its size in bytes."""
        target, size = self.path(name), source.stat().st_size
        self._make_folder(self._fs.parent(target))
        self._fs.put_file(str(source), target, callback=callback)
        if protect:
            self._remote.odb.protect(target)
        return size

    def _make_folder(self, folder: str) -> None:
        with self._lock:
            if folder not in self._made:
                self._fs.makedirs(folder, exist_ok=True)
                self._made.add(folder)

    def bring(self, name: str, target: Path, callback: Any) -> None:
        """Download a file to a temporary name of the caller's. Raises FileNotFoundError if it is not there."""
        self._fs.get_file(self.path(name), str(target), callback=callback)


def open_remote(root: Path, name: str | None) -> TeamRemote:
    """The remote called `name` of the DVC repository at `root`, or its default one. Raises RemoteError."""
    from dvc.config import ConfigError, NoRemoteError, RemoteNotFoundError
    from dvc.exceptions import DvcException
    from dvc.fs import HTTPFileSystem, RemoteMissingDepsError
    from dvc.repo import Repo

    try:
        repo = Repo(str(root))
        remote = repo.cloud.get_remote(name)
    except NoRemoteError:
        raise RemoteError(
            f"{root}: no default remote is configured. Set one: dvc remote add -d store /path/to/store,"
            " or name one that there is with --remote"
        ) from None
    except RemoteNotFoundError:
        known = ", ".join(sorted(repo.config["remote"])) or "none"
        raise RemoteError(f"{root}: there is no remote {name!r}; known: {known}") from None
    except (ImportError, RemoteMissingDepsError) as error:
        raise RemoteError(
            f"{root}: the remote's file system needs a package that is not installed: {error}."
            " For S3: pip install 'modelworks[s3]' (dvc-s3)"
        ) from None
    except (ConfigError, DvcException) as error:
        raise RemoteError(f"{root}: {error}") from None
    if isinstance(remote.fs, HTTPFileSystem) or remote.fs.version_aware or remote.worktree:
        kind = "an HTTP remote" if isinstance(remote.fs, HTTPFileSystem) else "a cloud-versioned remote"
        raise RemoteError(f"{root}: {remote.name!r} is {kind}, which cannot hold a run-cache: use another remote")
    return TeamRemote(remote, repo)
