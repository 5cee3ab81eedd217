"""A job's order to a node: written when it is submitted, answered when it has run."""

import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakemake_executor_plugin_dvc.memo import Miss
from snakemake_executor_plugin_dvc.meter import Cost, Ran

from . import node

_UNKNOWN = "<TBD>"
_FOLDER = Path(".snakemake", "dvc-slurm")
_THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
)


@dataclass(frozen=True)
class Result:
    """How a job ended on its node, and what it used there."""

    status: int
    ran: Ran


def leftovers(folder: Path) -> list["Order"]:
    """The orders that a dead build has left in a working directory."""
    return [Order(path) for path in sorted((folder / _FOLDER).glob("*.json"))]


@dataclass(frozen=True)
class Order:
    """The file of one job's order."""

    path: Path

    @property
    def command_line(self) -> str:
        """What Slurm starts."""
        return shlex.join([sys.executable, str(Path(node.__file__).resolve()), str(self.path)])

    def result(self) -> Result | None:
        """What the node answered, None while the job has not ended."""
        try:
            answer = json.loads(self.path.with_suffix(".done").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        cost = Cost(float(answer["wall_s"]), float(answer["cpu_s"]), int(answer["peak_bytes"]))
        ran = Ran(answer["started"], cost, answer["host"], answer["device"], answer["scheduler_job"])
        return Result(int(answer["status"]), ran)

    @property
    def scheduler_job(self) -> str | None:
        """The cluster's id of the job, None if it was never submitted."""
        try:
            return self.path.with_suffix(".job").read_text(encoding="utf-8")
        except OSError:
            return None

    def remove(self) -> None:
        """Delete the order and its answer."""
        for suffix in (self.path.suffix, ".done", ".partial", ".job"):
            self.path.with_suffix(suffix).unlink(missing_ok=True)

    def submitted(self, scheduler_job: str) -> None:
        """Note the cluster's id of the job, for a build that finds the order of a dead one."""
        self.path.with_suffix(".job").write_text(scheduler_job, encoding="utf-8")


def write(job: Any, miss: Miss | None, through_snakemake: Callable[[Any], str], environment: dict[str, str]) -> Order:
    """Write the order of a job that is about to be submitted.

    A shell job's command is run as it is: a node that has only this order cannot decide to run anything else. What
    needs more than a shell runs through Snakemake on the node (the command line that `through_snakemake` gives).
    """
    direct = is_plain(job)
    name = re.sub(r"[^A-Za-z0-9_-]", "_", miss.spec.name if miss is not None else job.name)[:100]
    path = Path(_FOLDER, f"{name}-{job.jobid}-{os.urandom(4).hex()}.json").absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    shell_environment = _shell_environment(job) if direct else {}
    outputs = [os.path.abspath(output) for output in job.output] if direct else []
    logs = [os.path.abspath(log) for log in job.log] if direct else []
    content = {
        "folder": os.getcwd(),
        "command": _shell(job) if direct else ["/bin/sh", "-c", through_snakemake(job)],
        "outputs": outputs,
        "folders": sorted({os.path.dirname(item) for item in (*outputs, *logs)}),
        "environment": shell_environment | environment,
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)
    return Order(path)


def _shell_environment(job: Any) -> dict[str, str]:
    """What Snakemake's shell sets for a job: its threads, and a folder for temporary files if the job names one."""
    found = dict.fromkeys(_THREADS, str(job.threads))
    tmpdir = str(job.resources.get("tmpdir") or _UNKNOWN)
    return found if tmpdir == _UNKNOWN else found | dict.fromkeys(("TMPDIR", "TMP", "TEMPDIR", "TEMP"), tmpdir)


def is_plain(job: Any) -> bool:
    """Whether a job is a shell command and nothing more, that can be written down before it is on its node."""
    if job.is_group() or job.is_shadow or job.benchmark or job.rule.is_checkpoint or not job.rule.shellcmd:
        return False
    if job.conda_env_spec or job.container_img_url or job.env_modules:
        return False
    if any(path.flags.get("update") for path in job.output):
        return False
    return _UNKNOWN not in job.shellcmd


def _shell(job: Any) -> list[str]:
    """A job's command as Snakemake's shell runs it."""
    from snakemake.shell import shell

    executable = str(job.resources.get("shell_exec") or shell.get_executable() or "bash")
    parts = (shell._get_process_prefix(executable), job.shellcmd, shell._process_suffix)
    return [executable, "-c", " ".join(parts).strip()]
