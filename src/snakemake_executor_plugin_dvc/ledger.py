"""What each executed job cost: one JSON line a job, beside the shared cache, one file a build."""

import contextlib
import functools
import json
import os
import socket
import statistics
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .links import make_folder
from .meter import Ran
from .records import write_json

_HISTORY_FILES = 200
_STARTED = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class Record:
    """One line of the ledger. `key` is the run-cache key, or None for a job that is not memoized.

    `outs` are the outputs that were committed, path -> DVC's hash. `workspace` is the working directory of the build,
    on the host that it was started on. `figures` are what the job itself noted in its scratch folder, such as a speed.
    """

    key: str | None
    rule: str
    wildcards: dict[str, str]
    started: str
    wall_s: float
    cpu_s: float
    peak_bytes: int
    host: str
    device: str
    succeeded: bool
    scheduler_job: str | None
    git_commit: str | None
    workspace: str
    outs: dict[str, str]
    figures: dict[str, float]


@dataclass(frozen=True)
class Restores:
    """What one build has restored: when it began (UTC, ISO 8601), where, keys, and the seconds of each if noted."""

    started: str
    workspace: str
    keys: list[str]
    seconds: Sequence[float | None]


def record(
    key: str | None,
    rule: str,
    wildcards: dict[str, str],
    ran: Ran,
    succeeded: bool,
    outs: dict[str, str],
    figures: dict[str, float],
) -> Record:
    """The ledger's line for a job that ran."""
    return Record(
        key=key,
        rule=rule,
        wildcards=wildcards,
        started=ran.started,
        wall_s=round(ran.cost.wall_s, 3),
        cpu_s=round(ran.cost.cpu_s, 3),
        peak_bytes=ran.cost.peak_bytes,
        host=ran.host,
        device=ran.device,
        succeeded=succeeded,
        scheduler_job=ran.scheduler_job,
        git_commit=git_commit(),
        workspace=os.getcwd(),
        outs=outs,
        figures=figures,
    )


@functools.cache
def git_commit(folder: Path = Path()) -> str | None:
    """The commit that is checked out in a folder (the current one), followed by `+` if tracked files differ from it."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=40", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            cwd=folder,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


class Ledger:
    """Appends records and answers what a key or a rule has cost. Never raises: a build does not fail for its books."""

    def __init__(self, cache: Path) -> None:
        started = time.strftime(_STARTED, time.gmtime())
        self._cache = cache
        self._folder = cache / "memo" / "ledger"
        self._seconds = cache / "memo" / "seconds"
        self._path = self._folder / f"{started}-{socket.gethostname()}-{os.getpid()}.jsonl"
        self._history: dict[str, list[float]] | None = None

    def append(self, record: Record) -> None:
        """Write one record with a single append, and its seconds where `seconds` finds them."""
        with contextlib.suppress(OSError):
            make_folder(self._cache, self._folder)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(descriptor, (json.dumps(asdict(record)) + "\n").encode())
            finally:
                os.close(descriptor)
            if record.key is not None and record.succeeded:
                write_json(self._seconds / record.key[:3] / record.key, round(record.wall_s, 3), self._cache)
        if self._history is not None and record.succeeded:
            self._history[record.rule].append(record.wall_s)

    def restored(self, keys: Sequence[str], seconds: Sequence[float] = ()) -> None:
        """Note what a build has restored, with a single line at its end; `seconds`: what restoring each has taken."""
        with contextlib.suppress(OSError):
            folder = self._cache / "memo" / "restored"
            make_folder(self._cache, folder)
            with (folder / self._path.name).open("a", encoding="utf-8") as file:
                measured = {"seconds": [round(taken, 4) for taken in seconds]} if seconds else {}
                file.write(json.dumps({"workspace": os.getcwd(), "keys": list(keys), **measured}) + "\n")

    def ran(self) -> list[dict[str, Any]]:
        """The records of all successful runs that have a key, over all builds, the oldest first."""
        records = [record for record in self.records() if record.get("key") and record.get("succeeded")]
        return sorted(records, key=lambda record: str(record.get("started")))

    def made(self) -> dict[str, dict[str, Any]]:
        """The record of the last successful run of each key, over all builds."""
        return {record["key"]: record for record in self.ran()}

    def records(self, workspace: str | None = None, since: float = 0.0) -> list[dict[str, Any]]:
        """The records of all runs, failed ones too, of builds in one workspace, begun at a time (s) or later."""
        found = self._read(0, since)
        return [record for record in found if workspace is None or record.get("workspace") == workspace]

    def notes(self, since: float = 0.0) -> Iterator[Restores]:
        """What each build that began at a time (s since the epoch) or later has restored, the oldest first."""
        for path in _since(self._cache / "memo" / "restored", since):
            with contextlib.suppress(OSError, ValueError):
                started = _iso(path.name.partition("-")[0])
                for line in path.read_text(encoding="utf-8").splitlines():
                    with contextlib.suppress(ValueError, TypeError, KeyError):
                        note = json.loads(line)
                        keys = [str(key) for key in note["keys"]]
                        seconds = [float(taken) for taken in note.get("seconds") or []]
                        whole = seconds if len(seconds) == len(keys) else [None] * len(keys)
                        yield Restores(started, str(note["workspace"]), keys, whole)

    def restored_in(self) -> Iterator[tuple[str, str, list[str]]]:
        """What each build has restored, the oldest first: when it started (UTC, ISO 8601), where, keys."""
        for note in self.notes():
            yield note.started, note.workspace, note.keys

    def restores(self) -> Counter[str]:
        """How often each key has been restored, over all builds."""
        return Counter(key for _, _, keys in self.restored_in() for key in keys)

    def seconds(self, key: str) -> float:
        """Wall seconds that the job with this key took when it was last run, 0 if nobody wrote that down."""
        try:
            return float((self._seconds / key[:3] / key).read_text())
        except (OSError, ValueError):
            return 0.0

    def expected(self, rule: str) -> float | None:
        """Median wall seconds of a rule over the newest builds, or None if it has never run."""
        if self._history is None:
            self._history = defaultdict(list)
            for record in self._read(_HISTORY_FILES):
                with contextlib.suppress(KeyError, TypeError):
                    if record["succeeded"]:
                        self._history[record["rule"]].append(float(record["wall_s"]))
        times = self._history.get(rule)
        return statistics.median(times[-20:]) if times else None

    def _read(self, newest: int, since: float = 0.0) -> list[dict[str, Any]]:
        """The records of the newest builds, of all for 0, and of those begun at a time or later."""
        records = []
        for path in _since(self._folder, since)[-newest:]:
            with contextlib.suppress(OSError):
                for line in path.read_text().splitlines():
                    with contextlib.suppress(ValueError):
                        records.append(json.loads(line))
        return [record for record in records if isinstance(record, dict)]


def _since(folder: Path, since: float) -> list[Path]:
    """The files of builds begun at a time (s since the epoch) or later, the oldest first: the name holds the second."""
    first = time.strftime(_STARTED, time.gmtime(since)) if since else ""
    return sorted(path for path in folder.glob("*.jsonl") if path.name >= first)


def _iso(compact: str) -> str:
    """20261124T101500 as 2026-11-24T10:15:00Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.strptime(compact, _STARTED))
