"""One build at a time in a workspace, and who it is: the kernel drops the lock when the build dies."""

import atexit
import contextlib
import fcntl
import json
import os
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO

from .holder import Holder

_LOCK = Path(".snakemake") / "dvc-build.lock"
_SNAKEMAKE_LOCKS = Path(".snakemake") / "locks"
_LAST_MOMENTS_S = 5.0


class BuildLock:
    """An exclusive lock on the working directory whose file names the holder's pid, host and start time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _LOCK
        self._locks = folder / _SNAKEMAKE_LOCKS
        self._file: IO[str] | None = None

    def acquire(self) -> str | None:
        """Take the lock; None when taken, else a line that names the holder."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        if not self._flock(file):
            file.close()
            return self.holder()
        file.truncate(0)
        file.write(json.dumps(asdict(Holder.me())))
        file.flush()
        self._file = file
        return None

    def _flock(self, file: IO[str]) -> bool:
        """Lock without waiting, but for the last moments of what a dead build had started: it shares the lock."""
        deadline = time.monotonic() + _LAST_MOMENTS_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except OSError:
                holder = self._record()
                if holder is None or not holder.here or holder.lives() or time.monotonic() > deadline:
                    return False
                time.sleep(0.01)

    def rest(self) -> None:
        """Drop the lock and leave the record until this process ends.

        Snakemake takes its own lock before the executor takes this one, and drops it later.
        """
        if self._file is not None:
            self._file.close()
            self._file = None
            atexit.register(self._withdraw)

    def _withdraw(self) -> None:
        holder = self._record()
        if holder is not None and holder.pid == os.getpid():
            with contextlib.suppress(OSError):
                os.truncate(self._path, 0)

    def release(self) -> None:
        """Drop the lock and its record."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def holder(self) -> str:
        """Who holds the lock, in words."""
        return str(self._record() or "another build")

    def clear_dead(self) -> str | None:
        """Remove what a dead build left of Snakemake's own lock; the line to show, or None if there was nothing.

        Only a lock that this plugin's record explains is removed, and only on the host that the record names.
        """
        holder = self._record()
        if holder is None or not self._locks.is_dir() or not any(self._locks.iterdir()):
            return None
        if not holder.here:
            return f"this directory may still be built by {holder}: if not, run snakemake --unlock"
        if holder.lives() or self.acquire() is not None:
            return f"this directory is being built by {holder}"
        shutil.rmtree(self._locks, ignore_errors=True)
        self.release()
        return f"removed the lock of a build that died (pid {holder.pid}, since {holder.since})"

    def _record(self) -> Holder | None:
        try:
            return Holder.read(json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None
