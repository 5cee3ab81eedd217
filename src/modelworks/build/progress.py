"""Where a stage keeps its progress, so that it goes on after a kill: the folder that the memo offers for its key."""

import contextlib
import fcntl
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path

_OFFERS = Path(".snakemake/dvc-scratch")
_PATIENCE_S = 20.0
_locks: list[int] = []


def folder(outputs: Iterable[str]) -> Path | None:
    """The folder of the key that this build makes with these outputs, made if need be; None without a memo.

    A cluster's job gets it in MODELWORKS_SCRATCH. An offer of another build, which may have died, does not count. The
    folder is this process's alone until it and its keeper have ended: None if another one does not let go of it.
    """
    given = os.environ.get("MODELWORKS_SCRATCH") or _offered(outputs)
    if not given:
        return None
    try:
        found = Path(given)
        found.mkdir(parents=True, exist_ok=True)
        if found.parent.stat().st_mode & stat.S_IWGRP and found.stat().st_uid == os.geteuid():
            found.chmod(stat.S_IMODE(found.stat().st_mode) | stat.S_IRWXG)
        usable = os.access(found, os.W_OK) and _lock(found)
    except OSError:
        return None
    return found if usable else None


def _lock(found: Path) -> bool:
    """Lock a folder until this process and those that it forks have ended; a killed one takes a moment to."""
    handle = os.open(found, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                return False
            time.sleep(0.05)
        except OSError:  # a file system without locks
            break
    _locks.append(handle)
    return True


def tidy(kept: Path | None) -> None:
    """Remove the folder of a stage that has ended, unless it holds something."""
    if kept is not None:
        with contextlib.suppress(OSError):
            kept.rmdir()


def _offered(outputs: Iterable[str]) -> str | None:
    first = min((os.path.relpath(path) for path in outputs), default="")
    name = hashlib.sha256(os.fsencode(first)).hexdigest()[:32]
    try:
        offer = json.loads((_OFFERS / name).read_text(encoding="utf-8"))
        return str(offer["folder"]) if str(offer["pid"]) == os.environ.get("MODELWORKS_BUILD_PID") else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
