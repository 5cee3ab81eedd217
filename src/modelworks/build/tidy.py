"""Removes what a workspace remembers beside its artifacts, once it is old and nothing refers to it."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from modelworks.build import snapshot
from modelworks.build.fingerprint import HISTORY

_SNAPSHOT_S = 14 * 24 * 3600
_HISTORY_S = 90 * 24 * 3600
_ORDERS = Path(".snakemake/dvc-slurm")


def stale(workspace: Path) -> Iterator[Path]:
    """Copies that no job in a queue can want any more, and fingerprints that dvc.lock does not name.

    Of one's own workspaces: what lies in another user's is theirs.
    """
    with contextlib.suppress(OSError):
        if workspace.stat().st_uid == os.geteuid():
            yield from _stale(workspace, time.time())


def _stale(workspace: Path, now: float) -> Iterator[Path]:
    if not any((workspace / _ORDERS).glob("*.json")):
        for path in (workspace / snapshot.FOLDER).glob("*"):
            if now - path.stat().st_mtime > _SNAPSHOT_S:
                yield path
    lock = workspace / "dvc.lock"
    named = lock.read_text(encoding="utf-8") if lock.exists() else ""
    for path in (workspace / HISTORY).glob("*.json"):
        if now - path.stat().st_mtime > _HISTORY_S and path.stem not in named:
            yield path


def remove(path: Path) -> None:
    """Remove one of them; copies are read-only."""
    if path.is_dir():
        snapshot.remove(path)
    else:
        path.unlink(missing_ok=True)
