"""The comparison of methods: its design, and the table of its runs, one row a trial.

Here, in `problems` and in `claims` stands what is fixed before the first run: methods, seeds, problems, the analysis.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars

from modelworks.eeipu.problems import PROBLEMS
from modelworks.eeipu.trial import Trial
from modelworks.lm.stable import write_json, write_parquet

METHODS = ("random", "ei", "tpe", "eeipu", "eeipu-unclamped")
SEEDS = tuple(range(10))
CONTROLS = tuple(name for name, problem in PROBLEMS.items() if problem.control)
SYNTHETIC = tuple(name for name in PROBLEMS if name not in CONTROLS)

REAL = "k2"  # the pipeline of this repository, through real builds
REAL_METHODS = ("ei", "tpe", "eeipu")
REAL_SEEDS = (0, 1, 2)
REAL_SECONDS = 900.0

Cell = tuple[str, str, int]  # problem, method, seed

SCHEMA = {
    "problem": polars.String,
    "method": polars.String,
    "seed": polars.Int64,
    "budget": polars.Float64,
    "maximize": polars.Boolean,
    "commit": polars.String,
    "trial": polars.Int64,
    "warm_up": polars.Boolean,
    "value": polars.Float64,
    "charged": polars.Float64,
    "restored": polars.Int64,
    "stages": polars.Int64,
    "mismatches": polars.Int64,
    "proposer_s": polars.Float64,
}


@dataclass(frozen=True)
class Tried:
    """A trial that has ended: its objective (None: failed), what it cost the budget, how many stages were restored.

    `proposer_s`: CPU seconds that proposing it took.
    """

    warm_up: bool
    value: float | None
    charged: float
    restored: int
    stages: int
    mismatches: int
    proposer_s: float


@dataclass(frozen=True)
class Run:
    """One method on one problem with one seed; `trials` in the order of their end, `commit` of the code, or several."""

    problem: str
    method: str
    seed: int
    budget: float
    maximize: bool
    trials: tuple[Tried, ...]
    commit: str

    @property
    def cell(self) -> Cell:
        """Its place in the design."""
        return self.problem, self.method, self.seed


def tried(trial: Trial, proposer_s: float) -> Tried:
    """A trial as the log of a sweep has it. Raises ValueError if it has not ended."""
    if trial.outcome is None:
        raise ValueError(f"trial {trial.number} has not ended")
    stages = trial.outcome.stages
    restored = sum(not stage.ran for stage in stages)
    value, mismatches = trial.outcome.value, len(trial.outcome.mismatches)
    return Tried(trial.warm_up, value, trial.charged, restored, len(stages), mismatches, proposer_s)


def synthetic_cells(seeds: Sequence[int] = SEEDS) -> list[Cell]:
    """All cells on synthetic problems, seed by seed, so that a part of them is a whole comparison of fewer seeds."""
    return [(problem, method, seed) for seed in seeds for problem in PROBLEMS for method in METHODS]


def real_cells(methods: Sequence[str] = REAL_METHODS, seeds: Sequence[int] = REAL_SEEDS) -> list[Cell]:
    """All cells on the real pipeline, seed by seed."""
    return [(REAL, method, seed) for seed in seeds for method in methods]


def path_of(out: Path, cell: Cell) -> Path:
    """Where the result of a cell is kept."""
    problem, method, seed = cell
    return out / problem / f"{method}-{seed}.json"


def missing(runs: Iterable[Run]) -> list[Cell]:
    """The cells of the design that have no run; those of the real pipeline are asked for if it has any run."""
    found = {run.cell for run in runs}
    wanted = synthetic_cells() + (real_cells() if any(problem == REAL for problem, _, _ in found) else [])
    return [cell for cell in wanted if cell not in found]


def write_runs(path: Path, runs: Sequence[Run]) -> None:
    """Write the table, in the order of problem, method, seed and trial. Raises ValueError for a cell given twice."""
    cells = [run.cell for run in runs]
    if len(set(cells)) < len(cells):
        raise ValueError(f"a run of {next(cell for cell in cells if cells.count(cell) > 1)} is there more than once")
    rows = [
        (*run.cell, run.budget, run.maximize, run.commit, number, *(_rounded(one, name) for name in _COLUMNS))
        for run in sorted(runs, key=lambda run: run.cell)
        for number, one in enumerate(run.trials)
    ]
    write_parquet(path, polars.DataFrame(rows, schema=SCHEMA, orient="row"))


def read_runs(path: Path) -> list[Run]:
    """What `write_runs` wrote."""
    table = polars.read_parquet(path)
    runs = []
    for (problem, method, seed), rows in table.group_by("problem", "method", "seed", maintain_order=True):
        trials = tuple(Tried(**row) for row in rows.select(_COLUMNS).iter_rows(named=True))
        budget, maximize, commit = (rows[name][0] for name in ("budget", "maximize", "commit"))
        runs.append(Run(str(problem), str(method), int(str(seed)), budget, maximize, trials, commit))
    return runs


_COLUMNS = ("warm_up", "value", "charged", "restored", "stages", "mismatches", "proposer_s")
_DIGITS: Mapping[str, int] = {"charged": 6, "proposer_s": 3}


def _rounded(one: Tried, name: str) -> object:
    value = getattr(one, name)
    return round(value, _DIGITS[name]) if name in _DIGITS else value


def head(checkout: Path) -> str:
    """The commit of a checkout, with a mark if what git tracks there has changed. Raises CalledProcessError."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--abbrev=12", "--dirty", "--exclude=*"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def write_run(path: Path, run: Run) -> None:
    """Write one run as JSON, under a temporary name first: a file that is there is whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    write_json(partial, asdict(run))
    partial.replace(path)


def read_run(path: Path) -> Run:
    """What `write_run` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Run(**{**found, "trials": tuple(Tried(**trial) for trial in found["trials"])})
