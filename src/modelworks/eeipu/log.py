"""The trial log of a sweep: one JSON object a line, on disk before anything goes on, and all that a sweep remembers.

Whoever writes holds the lock, which the kernel drops when the process dies. A last line without its end was being
written when that happened, so nothing has followed from it: it is cut off. Reading needs no lock.
"""

import fcntl
import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any, Self

from modelworks.build.errors import ModelworksError
from modelworks.eeipu.trial import Foresight, Outcome, Proposal, StageCost, Trial
from snakemake_executor_plugin_dvc.holder import Holder

VERSION = 1


class LogError(ModelworksError):
    """A log that cannot be used; the text names file, line and remedy."""


class Log:
    """A sweep's log at `path`: what it holds, and, within `with log:`, where more is appended.

    Raises LogError for a line that is not an event or does not follow from those before it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._lock: IO[str] | None = None
        self._read()

    def __enter__(self) -> Self:
        """Take the lock, and cut off a torn last line. Raises LogError, naming who holds the lock."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = self._locked()
        new = not self.path.exists()
        self._file = self.path.open("ab")
        os.truncate(self.path, self._read())
        if new:
            _sync_folder(self.path.parent)
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._file, self._lock):
            if file is not None:
                file.close()
        self._file = self._lock = None

    def append(self, event: Mapping[str, Any]) -> None:
        """Add an event, with the time under `at`; it is on disk when this returns. Nothing is added if it raises."""
        if self._file is None:
            raise LogError(f"{self.path}: is written to by whoever holds its lock only")
        dated = {**event, "at": round(time.time(), 3)}
        text = json.dumps(dated, allow_nan=False) + "\n"
        read = json.loads(text)  # what a resumed sweep will have of it
        self._apply(read, len(self.events) + 1)
        size = os.fstat(self._file.fileno()).st_size
        try:
            self._file.write(text.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            os.truncate(self.path, size)
            self._read()
            raise LogError(f"{self.path}: cannot be written: {error.strerror}; the sweep can be resumed") from None
        self.events.append(read)

    def propose(self, number: int, proposal: Proposal, warm_up: bool, foresight: Foresight, proposer: float) -> None:
        """Add a proposal, before its build starts."""
        predicted = {"stages": dict(foresight.stages), "hits": sorted(foresight.hits), "at": foresight.at}
        self.append(
            {
                "event": "proposed",
                "trial": number,
                "values": proposal.values,
                "warm_up": warm_up,
                "predicted": predicted,
                "proposer": proposer,
                "details": plain(proposal.details),
            }
        )

    def end(self, number: int, outcome: Outcome) -> None:
        """Add what came of a trial."""
        self.append({"event": "ended", "trial": number, **asdict(outcome)})

    def trials(self) -> list[Trial]:
        """All trials by number; one without outcome runs, or ran when its driver died."""
        return [self._trials[number] for number in sorted(self._trials)]

    def ended(self) -> list[Trial]:
        """The trials that have ended, in the order of their end."""
        return [self._trials[event["trial"]] for event in self.events if event["event"] == "ended"]

    def running(self) -> list[Trial]:
        """The trials without outcome, by number."""
        return [trial for trial in self.trials() if trial.outcome is None]

    def first(self) -> dict[str, Any] | None:
        """The event that says what the sweep is, None for a new log."""
        return self.events[0] if self.events else None

    def sweep(self) -> dict[str, Any] | None:
        """The sweep file as it was last run, None for a new log."""
        return next((event["sweep"] for event in reversed(self.events) if event["event"] in ("sweep", "changed")), None)

    def tested(self) -> dict[int, float]:
        """Trial -> its test score, of the trials that were tested by what the sweep file names now, in their order."""
        found: dict[int, float] = {}
        test = None
        for event in self.events:
            if event["event"] == "tested":
                found[event["trial"]] = event["value"]
            elif event["event"] in ("sweep", "changed") and (now := event.get("sweep", {}).get("test")) != test:
                test, found = now, {}
        return found

    def _locked(self) -> IO[str]:
        path = self.path.with_name("lock")
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = _holder(file.read())
            file.close()
            raise LogError(f"{path}: another driver runs this sweep: {holder}. Wait for it, or stop it") from None
        file.truncate(0)
        file.write(json.dumps(asdict(Holder.me())))
        file.flush()
        return file

    def _read(self) -> int:
        """Read the whole file; the bytes up to the end of the last whole line."""
        self.events: list[dict[str, Any]] = []
        self._trials: dict[int, Trial] = {}
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:whole].split(b"\n")[:-1], 1):
            try:
                event = json.loads(line)
            except ValueError:
                raise self._error(number, "is no JSON") from None
            self._apply(event, number)
            self.events.append(event)
        return whole

    def _apply(self, event: Any, line: int) -> None:
        try:
            self._follow(event, line)
        except (KeyError, TypeError, AttributeError) as error:
            raise self._error(line, f"is not a whole event ({type(error).__name__}: {error})") from None

    def _follow(self, event: dict[str, Any], line: int) -> None:
        kind = event["event"]
        if (kind == "sweep") != (line == 1):
            raise self._error(line, "is a second beginning" if kind == "sweep" else "stands before the sweep's own")
        if kind == "sweep":
            if event["version"] != VERSION:
                raise self._error(line, f"has version {event['version']}, this program writes version {VERSION}")
        elif kind == "proposed":
            if event["trial"] in self._trials:
                raise self._error(line, f"proposes trial {event['trial']} again")
            self._trials[event["trial"]] = _proposed(event)
        elif kind in ("ended", "tested"):
            trial = self._trials.get(event["trial"])
            if trial is None or (trial.outcome is None) != (kind == "ended"):
                missing = "was not proposed" if trial is None else "has ended" if kind == "ended" else "has not ended"
                raise self._error(line, f"is of trial {event['trial']}, which {missing}")
            if kind == "ended":
                self._trials[trial.number] = replace(trial, outcome=_outcome(event))
        elif kind != "changed" or not isinstance(event["sweep"], dict):
            raise self._error(line, f"has an unknown event, {kind!r}")

    def _error(self, line: int, what: str) -> LogError:
        return LogError(
            f"{self.path}: line {line} {what}. Restore the file, or begin anew: modelworks sweep clean"
            f" {self.path.parent.name} --yes"
        )


def plain(value: Any) -> Any:
    """A value as JSON has it: NumPy's numbers as Python's, what is not finite as text, any other object as its text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _proposed(event: dict[str, Any]) -> Trial:
    predicted = event["predicted"]
    foresight = Foresight(predicted["stages"], frozenset(predicted["hits"]), predicted["at"])
    return Trial(
        event["trial"], event["values"], event["warm_up"], foresight, float(event["proposer"]), event["details"]
    )


def _outcome(event: dict[str, Any]) -> Outcome:
    stages = tuple(StageCost(**stage) for stage in event["stages"])
    mismatches, explained = tuple(event["mismatches"]), tuple(event["explained"])
    return Outcome(event["status"], event["value"], stages, mismatches, event["error"], explained)


def _holder(text: str) -> str:
    try:
        return str(Holder.read(json.loads(text)) or "unknown")
    except ValueError:
        return "unknown"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
