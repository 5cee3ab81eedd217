"""Where a sweep keeps its state, `.modelworks/sweeps/NAME` in the repository, and who may change it."""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelworks.build import plain_yaml
from modelworks.build.allowed import nearest
from modelworks.build.errors import ModelworksError
from modelworks.eeipu.log import Log
from modelworks.eeipu.record import Record
from modelworks.eeipu.trial import Group

SWEEPS = Path(".modelworks/sweeps")
LOG, LOCK, RESULTS = "log.jsonl", "lock", "results"


class StateError(ModelworksError):
    """A sweep that is not there, or that somebody else uses."""


def folder(root: Path, name: str) -> Path:
    """The state of a sweep, by its name or its file, also if it was refused before it began. Raises StateError."""
    stem = Path(name).stem if name.endswith((".yaml", ".yml")) else name
    found = root / SWEEPS / stem
    if Path(stem).name == stem and found.is_dir():
        return found
    logs = [path for path in (root / SWEEPS).glob(f"*/{LOG}") if path.stat().st_size]
    known = sorted(path.parent.name for path in logs)
    near = nearest(stem, known)
    hint = f"; the nearest is {near}" if near else f"; there are {', '.join(known)}" if known else ""
    raise StateError(f"{name}: no such sweep has begun in {root}{hint}. Begin one: modelworks sweep sweeps/{stem}.yaml")


def read(root: Path, log: Log) -> Record:
    """What a log says, with the budget that the sweep's file has now: it may have changed since the sweep began.

    Raises StateError for a log that has not begun.
    """
    name, first = log.path.parent.name, log.first()
    if first is None:
        raise StateError(
            f"{name}: has not begun: {log.path} is empty. It is about to begin, or was refused or stopped before: then"
            f" run it: modelworks sweep sweeps/{name}.yaml"
        )
    last = log.sweep() or first["sweep"]
    sweep = {**last, "budget": _budget(root / "sweeps" / f"{name}.yaml", last["budget"])}
    groups = tuple(map(Group.of, first["groups"]))
    record = Record(name, sweep, groups, tuple(log.ended()), tuple(log.running()))
    best = record.best
    return record if best is None else replace(record, tested=log.tested().get(best.number))


def _budget(file: Path, then: Mapping[str, Any]) -> Mapping[str, Any]:
    """The budget of a sweep file if it is in the same unit, else that of `then`."""
    with contextlib.suppress(OSError, KeyError, TypeError, ValueError):
        now = plain_yaml.parse(file.read_bytes()).data["budget"]
        if all(float(now[unit]) > 0 for unit, amount in then.items() if amount is not None):
            return {unit: now[unit] for unit in then if unit in now}
    return then


@contextlib.contextmanager
def unused(place: Path) -> Iterator[None]:
    """Hold a sweep's lock, and be sure that none of its trials is being built. Raises StateError.

    The log need not be readable: a sweep whose log is damaged can be removed.
    """
    from snakemake_executor_plugin_dvc.buildlock import BuildLock

    with (place / LOCK).open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StateError(f"{place.name}: the sweep runs: stop it first (Ctrl-C), then try again") from None
        for workspace in sorted((place / "trials").glob("*/.dvc")):
            build = BuildLock(workspace.parent)
            holder = build.acquire()
            if holder is not None:
                raise StateError(f"{workspace.parent} is still being built by {holder}: wait until it has ended")
            build.release()
        yield


def forget(place: Path) -> None:
    """Remove what a sweep whose log is empty has made: for values that its file, or params.yaml, may no longer say.

    Raises StateError.
    """
    for path in place.iterdir():
        if path.name in (LOG, LOCK, RESULTS):
            continue
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            why = error.strerror
            raise StateError(f"{path}: cannot be removed: {why}. Mend that, and run the same command again") from None


def remove(place: Path) -> None:
    """Remove a sweep's state; what links to the cache goes, the cache does not."""
    (place / LOG).unlink(missing_ok=True)  # first: what a kill leaves of the rest is of no sweep that has begun
    shutil.rmtree(place)
