"""Compare methods of a sweep on a real pipeline: `sweeps/k2.yaml`, through `modelworks sweep`, in pieces of minutes.

    python benchmarks/sweeps_k2.py [--minutes 30] [--jobs 2] [--out DIR] [--methods ...] [--seeds ...]

EI, TPE and EEIPU, three seeds each, 900 CPU seconds by the ledger, the proposer's own among them; what the method, the
seed and the budget are is laid over the sweep file. A run has a clone of this repository at its commit, with an empty
cache of its own: none profits from what another has built. Builds use one core.

Methods, seeds and budget were fixed with those of `benchmarks/sweeps.py`, which collects these runs too. A run that was
stopped goes on in its clone, by the sweep's own trial log; a run that is done leaves one JSON and its log.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml

from modelworks.eeipu.benchmark import (
    REAL_METHODS,
    REAL_SECONDS,
    REAL_SEEDS,
    Cell,
    Run,
    head,
    path_of,
    real_cells,
    tried,
    write_run,
)

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/sweeps"
SWEEP = "sweeps/k2.yaml"
LOG = ".modelworks/sweeps/k2/log.jsonl"


def main() -> None:
    """Go through the runs, so many at a time, until the minutes are over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=RESULTS, help="where runs are kept")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after that; the next call goes on")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, of one core each")
    parser.add_argument("--methods", nargs="+", default=list(REAL_METHODS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(REAL_SEEDS))
    parser.add_argument("--seconds", type=float, default=REAL_SECONDS, help="the budget; another one is for trying out")
    options = parser.parse_args()
    cells = [cell for cell in real_cells(options.methods, options.seeds) if not path_of(options.out, cell).exists()]
    deadline = time.monotonic() + 60 * options.minutes
    running: dict[Cell, subprocess.Popen[bytes]] = {}
    try:
        while (cells and time.monotonic() < deadline) or running:
            while cells and len(running) < options.jobs and time.monotonic() < deadline:
                running[cells[0]] = start(cells[0], options)
                cells.pop(0)
            for cell, process in list(running.items()):
                if process.poll() is not None:
                    del running[cell]
                    finish(cell, process.returncode, options)
            if time.monotonic() >= deadline:
                stop(running)
            time.sleep(1)
    finally:
        stop(running)
    print(f"{len(cells)} runs have not begun")


def start(cell: Cell, options: argparse.Namespace) -> "subprocess.Popen[bytes]":
    """Begin or go on with a run, in its clone."""
    clone, (_, method, seed) = work(options.out, cell), cell
    if not clone.exists():
        clone.parent.mkdir(parents=True, exist_ok=True)
        partial = clone.with_name(f"{clone.name}.new")
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(partial)], check=True)
        sweep = yaml.safe_load((partial / SWEEP).read_text(encoding="utf-8"))
        sweep["method"]["name"], sweep["seed"], sweep["budget"] = method, seed, {"seconds": options.seconds}
        (partial / SWEEP).write_text(yaml.safe_dump(sweep, sort_keys=False), encoding="utf-8")
        partial.rename(clone)
    environment = os.environ | {"PYTHONPATH": str(clone / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "modelworks", "sweep", SWEEP, "--cores", "1", "--quiet"]
    with clone.with_suffix(".txt").open("ab") as said:
        return subprocess.Popen(command, cwd=clone, env=environment, stdout=said, stderr=said, start_new_session=True)


def finish(cell: Cell, status: int, options: argparse.Namespace) -> None:
    """Keep the result of a run that has come to its end, and its log; remove the clone with its cache."""
    from modelworks.eeipu.log import Log

    clone, (problem, method, seed) = work(options.out, cell), cell
    log = Log(clone / LOG)
    print(f"{method} {seed}: {len(log.ended())} trials, exit status {status}", flush=True)
    if status != 0:
        return  # stopped, or wrong: METHOD-SEED.txt says which
    trials = tuple(tried(trial, trial.proposer) for trial in log.ended())
    shutil.copyfile(clone / LOG, path_of(options.out, cell).with_suffix(".jsonl"))
    commit = head(clone).removesuffix("-dirty")  # its sweep file is the run's own
    write_run(path_of(options.out, cell), Run(problem, method, seed, options.seconds, False, trials, commit))
    shutil.rmtree(clone)


def stop(running: "dict[Cell, subprocess.Popen[bytes]]") -> None:
    """Ask each run to stop: it ends its builds, and is gone on with by the next call."""
    for process in running.values():
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in running.values():
        process.wait()


def work(out: Path, cell: Cell) -> Path:
    """The clone in which a run is made."""
    return path_of(out.resolve(), cell).with_suffix("")


if __name__ == "__main__":
    main()
