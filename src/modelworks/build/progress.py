"""Where a stage keeps its progress, so that it goes on after a kill: the folder that the memo offers for its key."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

_OFFERS = Path(".snakemake/dvc-scratch")


def folder(outputs: Iterable[str]) -> Path | None:
    """The folder of the key that this build makes with these outputs, made if need be; None without a memo.

    A cluster's job gets it in MODELWORKS_SCRATCH. An offer of another build, which may have died, does not count.
    """
    given = os.environ.get("MODELWORKS_SCRATCH") or _offered(outputs)
    if not given:
        return None
    try:
        found = Path(given)
        found.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return found if os.access(found, os.W_OK) else None


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
