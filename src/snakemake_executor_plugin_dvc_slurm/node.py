"""What a node of the cluster runs: one job's command, as its order says, measured.

    python .../node.py ORDER.json

Started by its path, so that it imports nothing but the standard library. The order names the command, the shell, the
outputs to remove first and the folders to make; the result, beside it as ORDER.done, says what was used and how it
ended. It appears whole, by a rename, when everything that the command wrote is there.

The tasks of an array job get the command line of the first and, behind `--slurm-jobstep-array-execs`, those of the
others.
"""

import base64
import glob
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

_ARRAY = "--slurm-jobstep-array-execs"
# Of the submitting process: nothing on a node may depend on it.
_NOT_PASSED = ("MODELWORKS_BUILD_PID", "MODELWORKS_SCRATCH")


def main(arguments: list[str]) -> int:
    """Run the job; its exit status."""
    order, *rest = arguments
    other = _other_task(rest)
    if other is not None:
        return subprocess.run(other, shell=True, check=False).returncode
    path = Path(order)
    return run(path, json.loads(path.read_text(encoding="utf-8")))


def _other_task(arguments: list[str]) -> str | None:
    """The command line of this task of an array, None if it is the one that was submitted."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    if not words or words[0] != _ARRAY:
        return None
    tasks = json.loads(base64.b64decode(words[1]))
    packed = tasks.get(os.environ.get("SLURM_ARRAY_TASK_ID", ""))
    return zlib.decompress(bytes.fromhex(packed)).decode() if packed else None


def run(path: Path, order: dict[str, Any]) -> int:
    """Run the command of an order and write the result."""
    done = path.with_suffix(".done")
    done.unlink(missing_ok=True)
    os.chdir(order["folder"])
    for output in order["outputs"]:  # also what an attempt on another node has left
        _remove(Path(output))
    for folder in order["folders"]:
        Path(folder).mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED}
    started, begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.monotonic()
    status = subprocess.run(order["command"], env=environment | order["environment"], check=False).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = {
        "status": status,
        "started": started,
        "wall_s": time.monotonic() - begin,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
        "host": os.environ.get("SLURMD_NODENAME") or os.uname().nodename,
        "device": _device(),
        "scheduler_job": os.environ.get("SLURM_JOB_ID"),
    }
    partial = done.with_suffix(".partial")
    partial.write_text(json.dumps(result), encoding="utf-8")
    partial.replace(done)
    return status if status >= 0 else 128 - status


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _device() -> str:
    """The model of the GPU that the job was given, or `cpu`."""
    if not os.environ.get("SLURM_JOB_GPUS") and not os.environ.get("CUDA_VISIBLE_DEVICES"):
        return "cpu"
    for name in sorted(glob.glob("/proc/driver/nvidia/gpus/*/information")):
        for line in Path(name).read_text(encoding="utf-8").splitlines():
            if line.startswith("Model:"):
                return line.removeprefix("Model:").strip()
    return "gpu"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
