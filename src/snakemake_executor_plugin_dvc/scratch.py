"""A folder for each key that is being built, where a long job keeps its progress: it outlives kills and later builds.

`<cache>/memo/scratch/<key>`, deleted when the key's result is committed. A changed input has another key, so nobody
ever goes on from what is stale. Only the build that has the key's lease hands it out.

A job learns of it by a file of its working directory, `.snakemake/dvc-scratch/NAME`, where NAME is the first 32 digits
of the SHA-256 of the job's first output (sorted, relative to the working directory): JSON with `folder` and the `pid`
of the build. It is of no use to anything that this build has not started.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from .links import make_folder

OFFERS = Path(".snakemake/dvc-scratch")


class Scratch:
    """The scratch folders of a cache, as offered to the jobs of one working directory."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._folder = cache / "memo" / "scratch"
        shutil.rmtree(OFFERS, ignore_errors=True)  # of a build that was killed

    def folder(self, key: str) -> Path:
        """The folder of a key, made by the job that wants it."""
        return self._folder / key

    def offer(self, key: str, outputs: Sequence[str]) -> None:
        """Let the job that makes these outputs use the folder of its key. Never raises: it then starts anew."""
        with contextlib.suppress(OSError):
            make_folder(self._cache, self._folder)
            OFFERS.mkdir(parents=True, exist_ok=True)
            offer = OFFERS / offer_name(outputs)
            offer.write_text(json.dumps({"folder": str(self.folder(key)), "pid": os.getpid()}))

    def withdraw(self, outputs: Sequence[str]) -> None:
        """The job has ended; what it has left stays."""
        with contextlib.suppress(OSError):
            (OFFERS / offer_name(outputs)).unlink(missing_ok=True)

    def figures(self, key: str) -> dict[str, float]:
        """What the job noted for the ledger, in `ledger.json`: names and numbers; empty where that is anything else."""
        try:
            found = json.loads((self.folder(key) / "ledger.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        whole = isinstance(found, dict) and all(type(value) in (int, float) for value in found.values())
        return found if whole else {}

    def delete(self, key: str) -> None:
        """The key's result is committed: its progress is of no more use."""
        folder = self.folder(key)
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)


def offer_name(outputs: Sequence[str]) -> str:
    """The name of the file that offers a folder to the job with these outputs."""
    return hashlib.sha256(os.fsencode(min(outputs))).hexdigest()[:32]
