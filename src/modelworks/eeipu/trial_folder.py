"""A trial's folder: a workspace while it runs, then what is worth keeping of it.

`trial.json` says what is tried and when it began, `outcome.json` what came of it: written before the rest goes, so that
a driver that is killed in between finds it. The build's output is in `build.log`. A small file takes a whole block of
the disk (4 KB), much beside small results: of params.yaml only the trial's own values stay, and the output of a build
that has ended well goes.
"""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from modelworks.build import laid_over, params, workspace
from modelworks.eeipu.trial import Outcome, StageCost, Values
from snakemake_executor_plugin_dvc.buildlock import BuildLock

LOG = "build.log"
_TRIAL, _OUTCOME = "trial.json", "outcome.json"
_KEPT = (params.FILE, "dvc.lock", _OUTCOME)
_LAST_MOMENTS_S = 60.0


class TrialFolder:
    """The folder of one trial. `values` are the searched keys' values that it is for."""

    def __init__(self, folder: Path, values: Values) -> None:
        self.path = Path(os.path.realpath(folder))
        self._values = dict(values)

    def outcome(self, keep: str) -> Outcome | None:
        """What came of the trial, if it has ended; then what is not kept is gone, too."""
        stored = self._read(_OUTCOME)
        if stored is None:
            return None
        given = stored["outcome"]
        self._prune(given["status"], keep)
        texts = {name: tuple(given[name]) for name in ("mismatches", "explained")}
        return Outcome(**{**given, **texts, "stages": tuple(StageCost(**stage) for stage in given["stages"])})

    def open(self, like: Path, asked: float) -> tuple[float, float]:
        """Make the workspace like another one unless it is there.

        Returns when the trial began and when the memo was `asked` for it, in seconds since the epoch.
        """
        known = self._read(_TRIAL)
        if known is not None:
            self.wait_for_the_dead()
            return float(known["begun"]), asked or float(known["asked"])
        begun = time.time()
        shutil.rmtree(self.path, ignore_errors=True)  # of another sweep that had this name
        workspace.discard_partial(self.path)
        workspace.copy(like, self.path, self._values)
        self._write(_TRIAL, {"begun": begun, "asked": asked})
        return begun, asked

    def close(self, outcome: Outcome, keep: str) -> None:
        """Note what came of the trial and remove the workspace, but for a few small files and the artifact `keep`."""
        self._write(_OUTCOME, {"outcome": asdict(outcome)})
        self._prune(outcome.status, keep)

    def wait_for_the_dead(self) -> None:
        """Let a build whose driver, or whose parent, was killed come to its end."""
        lock, locks = BuildLock(self.path), self.path / ".snakemake" / "locks"
        deadline = time.monotonic() + _LAST_MOMENTS_S
        while locks.is_dir() and any(locks.iterdir()) and time.monotonic() < deadline:
            if lock.clear_dead() is None:  # nobody says whose lock it is
                break
            time.sleep(0.1)
        while lock.acquire() is not None and time.monotonic() < deadline:  # Snakemake's own lock goes first
            time.sleep(0.1)
        lock.release()

    def _read(self, name: str) -> dict[str, Any] | None:
        """What one of the two files says, if it is for these values."""
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((self.path / name).read_text(encoding="utf-8"))
            if isinstance(found, dict) and found.get("values") == self._values:
                return found
        return None

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        workspace.write(self.path / name, json.dumps({"values": self._values, **content}))

    def _prune(self, status: str, keep: str) -> None:
        own = [(tuple(key.split(".")), value) for key, value in self._values.items()]
        workspace.write(self.path / params.FILE, laid_over.edited("{}\n", own))
        names = (*_KEPT, os.path.normpath(keep), *((LOG,) if status != "ok" else ()))
        _prune(self.path, {self.path / name for name in names})


def any_ok(trials: Path) -> bool:
    """Whether any trial that has ended in one of these folders has a value."""
    for path in trials.glob(f"*/{_OUTCOME}"):
        with contextlib.suppress(OSError, ValueError):
            if json.loads(path.read_text(encoding="utf-8"))["outcome"]["status"] == "ok":
                return True
    return False


def _prune(folder: Path, kept: set[Path]) -> None:
    """Remove everything below a folder but the kept paths."""
    for entry in os.scandir(folder):
        path = Path(entry.path)
        if path in kept:
            continue
        if not entry.is_dir(follow_symlinks=False):
            path.unlink()
        elif any(path in one.parents for one in kept if one.exists()):
            _prune(path, kept)
        else:
            shutil.rmtree(path, ignore_errors=True)
