"""Fetch missing objects from the default DVC remote."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .key import Key
from .links import temporary_name
from .objects import Objects
from .runcache import Outs, RunCache, is_name


class Remote:
    """The repository's default remote (`core.remote`), opened when the first object is missing."""

    def __init__(self, root: Path, name: str | None, warn: Callable[[str], None]) -> None:
        self._root = root
        self._name = name
        self._warn = warn
        self._odb: Any = None

    def promise(self, store: Objects, oids: list[str]) -> None:
        """Note which objects could be downloaded, and download nothing but lists of files."""
        self._each(store, oids, self._promise_one)

    def _promise_one(self, store: Objects, oid: str) -> None:
        if oid.endswith(".dir"):
            self._fetch_one(store, oid)
        elif self._odb.fs.exists(self._odb.oid_to_path(oid)):
            store.promised.add(oid)

    def fetch(self, store: Objects, oids: list[str]) -> None:
        """Download objects into the store; what is not there, or not right, stays missing."""
        self._each(store, oids, self._fetch_one)

    def results(self, runs: RunCache, key: Key) -> list[Outs]:
        """The results that the remote's run-cache has of a key, which the local one has too then."""
        try:
            if self._open():
                fs, objects = self._odb.fs, self._odb.path  # <remote>/files/md5
                folder = fs.join(fs.parent(fs.parent(objects)), "runs", key.digest[:2], key.digest)
                for path in fs.ls(folder, detail=False) if fs.exists(folder) else []:
                    name = f"{key.digest[:2]}/{key.digest}/{fs.name(path)}"
                    temporary = temporary_name(runs.directory.parent)
                    try:
                        fs.get_file(path, str(temporary))
                        if not is_name(name) or not runs.take(name, temporary):
                            self._warn(f"the remote {self._name!r} holds a damaged entry runs/{name}: not used")
                    finally:
                        temporary.unlink(missing_ok=True)
        except Exception as error:  # any remote's own errors
            self._give_up(error)
        return runs.results(key)

    def _each(self, store: Objects, oids: list[str], get: Callable[[Objects, str], None]) -> None:
        try:
            for oid in oids if self._open() else []:
                get(store, oid)
                if oid.endswith(".dir") and store.path(oid).exists():
                    members = {member for member, _ in store.files(oid).values()}
                    for member in sorted(members):
                        if not store.path(member).exists():
                            get(store, member)
        except Exception as error:  # any remote's own errors: the build goes on without it
            self._give_up(error)

    def _open(self) -> bool:
        """Whether there is a remote; it is opened when it is first needed."""
        if self._name is not None and self._odb is None:
            from dvc.repo import Repo

            self._odb = Repo(str(self._root)).cloud.get_remote_odb(self._name)
        return self._name is not None

    def _give_up(self, error: Exception) -> None:
        self._warn(f"the remote {self._name!r} cannot be used: {error}")
        self._name = None

    def _fetch_one(self, store: Objects, oid: str) -> None:
        source = self._odb.oid_to_path(oid)
        if not self._odb.fs.exists(source):
            return
        temporary = temporary_name(store.directory)
        try:
            self._odb.fs.get_file(source, str(temporary))
            if not store.add(oid, temporary):
                self._warn(f"the remote {self._name!r} holds a damaged object {oid}: not used")
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
