"""dvc.lock: read one stage at a time, written once per run, everything else in it kept as it is."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import lockyaml
from .journal import Journal, finished
from .runcache import parse_yaml

LOCK_FILE = Path("dvc.lock")
_PATH = re.compile(r"^    - path: (\S.*)$", re.MULTILINE)


class DvcLock:
    """The working directory's dvc.lock, as text blocks by stage name, and the entries of this run not yet written.

    What a run begins and finishes goes to the journal at once: the build after one that was killed folds it in, and
    builds again what was begun and neither recorded nor settled.
    """

    def __init__(self, journal: Path, path: Path = LOCK_FILE) -> None:
        self.path = path
        self._journal = Journal(journal)
        self._blocks: dict[str, str] | None = None

    @property
    def pending(self) -> int:
        """How many stages wait to be written."""
        return len(self._journal.finished)

    def agrees(self, name: str, hashes: list[str]) -> bool:
        """Whether the stage's entry is absent or names these hashes: a look at its text, without parsing it."""
        if name in self._journal.finished:
            return hashes == [out["md5"] for out in self._journal.finished[name]["outs"]]
        block = self._read().get(name)
        return block is None or all(
            f" {md5}\n" in block or f'"{md5}"' in block or f"'{md5}'" in block for md5 in hashes
        )

    def entry(self, name: str) -> dict[str, Any] | None:
        """The entry of one stage, scalars as text, or None. Never raises: a lock file nobody can read names nothing."""
        if name in self._journal.finished:
            return self._journal.finished[name]
        block = self._read().get(name)
        if block is None:
            return None
        try:
            return parse_yaml(block)[name]
        except (ValueError, KeyError, TypeError):
            return None

    def _read(self) -> dict[str, str]:
        if self._blocks is None:
            try:
                self._blocks = lockyaml.split(lockyaml.read_text(self.path))
            except ValueError:
                self._blocks = {}
        return self._blocks

    def params(self, name: str, file: str) -> dict[str, Any]:
        """The typed params of one stage's entry, empty where it has none."""
        entry = self._journal.finished.get(name)
        if entry is None and name in self._read():
            entry = lockyaml.load_yaml(self._read()[name])[name]
        return ((entry or {}).get("params") or {}).get(file) or {}

    def begin(self, name: str, outputs: list[str]) -> None:
        """Note that a stage's outputs are about to be written or restored."""
        self._journal.begin(name, outputs)

    def settle(self, name: str) -> None:
        """Note that what a stage began is at an end, without an entry."""
        self._journal.settle(name)

    def record(self, name: str, entry: dict[str, Any]) -> None:
        """Note the entry of a finished stage."""
        self._journal.finish(name, entry)

    def write(self) -> None:
        """Merge what is pending into dvc.lock and rename it into place; the caller holds DVC's lock.

        Raises OSError, and ValueError if dvc.lock is not readable as YAML: it is left as it is.
        """
        if self._journal.finished:
            old = lockyaml.read_text(self.path)
            blocks = lockyaml.split(old)
            for name, entry in self._journal.finished.items():
                block = lockyaml.block(name, entry)
                if name not in blocks or not lockyaml.equal(blocks[name], block, typed="params" in entry):
                    blocks[name] = block
            text = lockyaml.HEAD + "".join(blocks.values())
            temporary = self.path.with_name(f".{self.path.name}.new")  # one name, so that what a killed build left goes
            try:
                if text != old:
                    temporary.write_text(text, encoding="utf-8")
                    temporary.replace(self.path)
            finally:
                temporary.unlink(missing_ok=True)
            self._blocks = None
        self._journal.clear()


def recorded_outputs(lock: Path, journal: Path) -> Iterator[str]:
    """The output paths that a dvc.lock and a journal name, from their text. Never raises."""
    with contextlib.suppress(ValueError):
        for block in lockyaml.split(lockyaml.read_text(lock)).values():
            _, _, outs = block.partition("\n    outs:\n")
            yield from (lockyaml.unquoted(path) for path in _PATH.findall(outs))
    for entry in finished(journal).values():
        yield from (out["path"] for out in entry["outs"])


@contextlib.contextmanager
def dvc_lock(folder: Path, notify: Callable[[str], None], patience: float = 600.0) -> Iterator[None]:
    """Hold DVC's repository lock (`.dvc/tmp/lock`), trying again with growing pauses for `patience` seconds.

    DVC itself gives up after three seconds. Raises TimeoutError, naming the file.
    """
    import zc.lockfile

    path = folder / "tmp" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline, pause, told = time.monotonic() + patience, 0.01, False
    while True:
        try:
            lock = zc.lockfile.LockFile(str(path))
            break
        except zc.lockfile.LockError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is still held by another DVC process after {patience:.0f} s") from None
        if not told and pause > 0.5:
            notify(f"waiting for another DVC process to release {path}")
            told = True
        time.sleep(pause)
        pause = min(pause * 2, 1.0)
    try:
        yield
    finally:
        lock.close()
