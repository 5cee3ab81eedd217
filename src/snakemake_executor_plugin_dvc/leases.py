"""Who is building what: a key that is being built is leased to one build, in a file beside the shared cache.

Any number of builds in any workspaces on the cache see it. A lease is dead when its process is, on the same host; of
another host, or where processes are hidden, when its file has not been touched for a minute. A cluster's job that a
dead build has left is cancelled, and waited for, before its key is anybody else's.
"""

import contextlib
import fcntl
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .holder import Holder
from .links import make_folder, temporary_name
from .records import write_json

BEAT_S = 5.0
_DEAD_S = 60.0
_ASK_S = 2.0
_ANSWER_S = 10.0
_JOB = re.compile(r"[0-9]+(_[0-9]+)?")


@dataclass(frozen=True)
class Lease:
    """One key that is being built: by whom, in which workspace, and as which job of a cluster."""

    holder: Holder
    workspace: str
    scheduler_job: str | None = None

    def __str__(self) -> str:
        job = f" (Slurm job {self.scheduler_job})" if self.scheduler_job else ""
        return f"pid {self.holder.pid} on host {self.holder.host} in {self.workspace}{job}"


class Leases:
    """The leases in `<cache>/memo/leases`, and those of this process. Raises OSError where the cache is read-only."""

    def __init__(self, cache: Path, workspace: Path) -> None:
        self._cache = cache
        self._folder = cache / "memo" / "leases"
        self._workspace = str(workspace)
        self._mine: dict[str, Lease] = {}
        self._asked: dict[str, float] = {}
        self._left: set[str] = set()

    def take(self, key: str) -> tuple[Lease | None, Lease | None]:
        """Take the lease of a key: who else holds it, if that one is alive; else the dead one that had it."""
        with self._locked():
            other = self._read(key)
            if other is not None and self._lives(key, other, cancel=True):
                return other, None
            self._write(key, Lease(Holder.me(), self._workspace))
            return None, other

    def note_job(self, key: str, scheduler_job: str) -> None:
        """Add the cluster's id of the job to a lease of this process."""
        mine = self._mine.get(key)
        if mine is not None:
            with contextlib.suppress(OSError):
                self._write(key, Lease(mine.holder, mine.workspace, scheduler_job))

    def release(self, key: str) -> None:
        """Give a lease back. Never raises: a build that has ended holds nothing."""
        mine = self._mine.pop(key, None)
        if mine is not None:
            with contextlib.suppress(OSError), self._locked():
                if self._read(key) == mine:
                    self._path(key).unlink()

    def release_all(self) -> None:
        """Give back what is left."""
        for key in list(self._mine):
            self.release(key)

    def mine(self, key: str) -> bool:
        """Whether this process has the lease."""
        return key in self._mine

    def beat(self) -> None:
        """Say that this process is alive."""
        for key in list(self._mine):
            with contextlib.suppress(OSError):
                os.utime(self._path(key))

    def live(self, key: str, cancel: bool = False) -> Lease | None:
        """Who builds a key now, None if nobody does. `cancel` what a build of one's own that died has left in Slurm."""
        lease = self._read(key)
        with contextlib.suppress(OSError):
            return lease if lease is not None and self._lives(key, lease, cancel) else None
        return None

    def keys(self) -> Iterator[str]:
        """The keys that somebody builds now."""
        for path in self._folder.glob("*.json"):
            if self.live(path.stem) is not None:
                yield path.stem

    def sweep(self) -> None:
        """Remove the leases of builds that died. Never raises."""
        with contextlib.suppress(OSError), self._locked():
            for path in self._folder.glob("*.json"):
                if self.live(path.stem) is None:
                    path.unlink(missing_ok=True)

    def _lives(self, key: str, lease: Lease, cancel: bool) -> bool:
        if self._holder_lives(key, lease):
            return True
        job = lease.scheduler_job
        if job is None or not _JOB.fullmatch(job):
            return False
        return self._job_lives(job, cancel and os.stat(self._path(key)).st_uid == os.geteuid())

    def _job_lives(self, job: str, cancel: bool) -> bool:
        """Whether Slurm still has the job of a build that died; asked now and then."""
        now = time.monotonic()
        if now - self._asked.get(job, -_ASK_S) >= _ASK_S:
            self._asked[job] = now
            self._left.discard(job)
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # no Slurm here
                if cancel:
                    subprocess.run(["scancel", job], capture_output=True, check=False, timeout=_ANSWER_S)
                queued = subprocess.run(
                    ["squeue", "-h", "-j", job], capture_output=True, check=False, timeout=_ANSWER_S
                )
                if queued.stdout.strip():
                    self._left.add(job)
        return job in self._left

    def _holder_lives(self, key: str, lease: Lease) -> bool:
        alive = lease.holder.lives() if lease.holder.here else None
        if alive is not None:
            return alive
        clock = temporary_name(self._cache)  # the file server's clock, which stamps the leases too
        try:
            clock.touch()
            return clock.stat().st_mtime - self._path(key).stat().st_mtime < _DEAD_S
        finally:
            clock.unlink(missing_ok=True)

    def _read(self, key: str) -> Lease | None:
        try:
            record: Any = json.loads(self._path(key).read_text(encoding="utf-8"))
            holder = Holder.read(record["holder"])
            return Lease(holder, str(record["workspace"]), record.get("scheduler_job")) if holder else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def _write(self, key: str, lease: Lease) -> None:
        write_json(self._path(key), asdict(lease), self._cache)
        self._mine[key] = lease

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time decides who has a lease. Where the file system knows no locks, none does."""
        make_folder(self._cache, self._folder)
        lock = os.open(self._folder / "lock", os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            with contextlib.suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
