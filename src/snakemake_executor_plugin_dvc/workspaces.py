"""Which working directories use a cache: what their dvc.lock names must not be evicted."""

import contextlib
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .records import write_json


@dataclass(frozen=True)
class User:
    """A working directory that has built with the cache, the host that it was on, and the file that says so."""

    folder: Path
    host: str
    note: Path

    @property
    def here(self) -> bool:
        """Whether it was used on this host."""
        return self.host == socket.gethostname()


def register(cache: Path, folder: Path) -> None:
    """Note that a working directory uses the cache. Never raises."""
    name = hashlib.sha256(os.fsencode(f"{socket.gethostname()}:{folder}")).hexdigest()[:24]
    note = cache / "memo" / "workspaces" / f"{name}.json"
    if not note.exists():
        with contextlib.suppress(OSError):
            write_json(note, {"folder": str(folder), "host": socket.gethostname()}, cache)


def registered(cache: Path) -> Iterator[User]:
    """The working directories that have used the cache."""
    for note in sorted((cache / "memo" / "workspaces").glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            content = json.loads(note.read_text(encoding="utf-8"))
            yield User(Path(content["folder"]), str(content["host"]), note)
