"""What a build says of a job that failed: what it used, its last lines, and the line that runs it again alone."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

from .jobs import title
from .meter import Ran

_LINES = 10
_TAIL_BYTES = 1 << 14
_UNKNOWN = "<TBD>"


def describe(job: Any, ran: Ran | None) -> list[str]:
    """The lines to show. `ran` is what was measured, if it ran at all."""
    used = ""
    if ran is not None:
        used = f" on {ran.host} after {ran.cost.wall_s:.1f} s, peak memory {ran.cost.peak_bytes / 2**20:.0f} MB"
    lines = [f"{title(job)} failed{used}"]
    for log in [] if job.is_group() else job.log:
        if last := tail(Path(log)):
            lines += [f"the last lines of {log}:", *(f"  {line}" for line in last)]
    command = again(job)
    return [*lines, f"run it again alone: {command}"] if command else lines


def again(job: Any) -> str | None:
    """A shell line that runs the job's command as the build did; None for what is more than a shell command."""
    if job.is_group() or not job.rule.shellcmd or job.is_shadow or _UNKNOWN in job.shellcmd:
        return None
    if job.conda_env_spec or job.container_img_url or job.env_modules:
        return None
    command = shlex.join(["bash", "-euo", "pipefail", "-c", job.shellcmd.strip()])
    return f"cd {shlex.quote(os.getcwd())} && PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH {command}"


def tail(log: Path) -> list[str]:
    """The last lines of a log, none if it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()[-_LINES:]
    except OSError:
        return []
