"""Which working directories use a cache, and what their dvc.lock names: that must not be evicted."""

import contextlib
import hashlib
import json
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .records import write_json

_MD5 = re.compile(rb"\bmd5[\"']?: [\"']?([0-9a-f]{32}(?:\.dir)?)\b")


@dataclass(frozen=True)
class User:
    """A working directory that has built with the cache, its host, the objects that it named then, the note of it."""

    folder: Path
    host: str
    objects: frozenset[str]
    note: Path

    @property
    def here(self) -> bool:
        """Whether it was used on this host."""
        return self.host == socket.gethostname()


def register(cache: Path, folder: Path) -> None:
    """Note that a working directory uses the cache. Never raises."""
    if not _note(cache, folder).exists():
        note(cache, folder, frozenset())


def note(cache: Path, folder: Path, objects: frozenset[str]) -> None:
    """Note which objects a working directory names, for those who cannot look at it themselves. Never raises."""
    content = {"folder": str(folder), "host": socket.gethostname(), "objects": sorted(objects)}
    with contextlib.suppress(OSError):
        write_json(_note(cache, folder), content, cache)


def registered(cache: Path) -> Iterator[User]:
    """The working directories that have used the cache."""
    for path in sorted((cache / "memo" / "workspaces").glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            content = json.loads(path.read_text(encoding="utf-8"))
            objects = frozenset(str(oid) for oid in content["objects"])
            yield User(Path(content["folder"]), str(content["host"]), objects, path)


def named(text: bytes) -> frozenset[str]:
    """The hashes in a lock file, a journal or a .dvc file, from its text."""
    return frozenset(found.decode() for found in _MD5.findall(text))


def _note(cache: Path, folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(f"{socket.gethostname()}:{folder}")).hexdigest()[:24]
    return cache / "memo" / "workspaces" / f"{name}.json"
