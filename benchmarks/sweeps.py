"""Compare the methods of a sweep on synthetic problems, in pieces of minutes.

    python benchmarks/sweeps.py run [--minutes 30] [--jobs 2] [--out DIR] [--problems ...] [--methods ...] [--seeds ...]
    python benchmarks/sweeps.py state
    python benchmarks/sweeps.py collect [--to data/sweeps_benchmark.parquet]
    python benchmarks/sweeps.py report

Problems, methods, seeds (0 to 9) and the analysis were fixed in one commit before the first run of this design; before
it, only runs with seeds of 100 and more were made, to see that it works and how long it takes. The seeds are run one
after another, all problems and methods of each. What is compared runs in one harness: the same driver, the same passive
memo, the same ten warm-up points for a seed, a clock of the stages' own costs, the proposer's time measured beside it.

A run is one (problem, method, seed): its trial log while it runs, one JSON when it is done. Stopped at any moment (by
--minutes too), the next call goes on where it was, with the same result. Several calls may share the work. The runs on
the real pipeline are `benchmarks/sweeps_k2.py`'s, and are collected here too.
"""

import argparse
import contextlib
import fcntl
import multiprocessing
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from modelworks.eeipu.benchmark import (
    METHODS,
    SEEDS,
    Cell,
    Run,
    head,
    missing,
    path_of,
    read_run,
    read_runs,
    synthetic_cells,
    tried,
    write_run,
    write_runs,
)
from modelworks.eeipu.problems import PROBLEMS, WARM_UP
from modelworks.eeipu.trial import History, Method, Pipeline, Proposal

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/sweeps"
TABLE = ROOT / "data/sweeps_benchmark.parquet"
PAGE = ROOT / "docs/sweeps_results.md"
CONFIDENCE = 0.95
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"


class Timed:
    """A method whose proposals say how many CPU seconds they took."""

    def __init__(self, method: Method) -> None:
        self._method = method

    def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
        """The method's own proposal, with `cpu_s` in its details."""
        begin = time.process_time()
        found = self._method.propose(history, pipeline, number)
        return replace(found, details={**found.details, "cpu_s": round(time.process_time() - begin, 4)})


def main() -> None:
    """Parse the command and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "state", "collect", "report"])
    parser.add_argument("--out", type=Path, default=RESULTS, help="where runs are kept")
    parser.add_argument("--minutes", type=float, help="stop after that; the next call goes on")
    parser.add_argument("--jobs", type=int, default=2, help="processes, of one thread each")
    parser.add_argument("--problems", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--to", type=Path, default=TABLE, help="the table that `collect` writes and `report` reads")
    options = parser.parse_args()
    if options.action == "collect":
        collect(options.out, options.to)
    elif options.action == "report":
        report(options.to)
    elif options.action == "state":
        state(options.out)
    else:
        known = synthetic_cells() + [
            (p, m, s) for s in options.seeds if s not in SEEDS for p in PROBLEMS for m in METHODS
        ]
        wanted = (options.problems, options.methods, options.seeds)
        run([cell for cell in known if all(x in y for x, y in zip(cell, wanted, strict=True))], options)


def run(cells: list[Cell], options: argparse.Namespace) -> None:
    """Run what is left of the cells in so many processes, until the minutes are over."""
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(cells, options.out)) for _ in range(options.jobs)]
    for worker in workers:
        worker.start()
    deadline = time.monotonic() + 60 * options.minutes if options.minutes else None
    try:
        for worker in workers:
            worker.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
    finally:
        for worker in workers:
            worker.terminate()  # a run keeps its trial log, and is gone on with
            worker.join()
    left = sum(not path_of(options.out, cell).exists() for cell in cells)
    print(f"{len(cells) - left} of {len(cells)} runs are done")


def work(cells: list[Cell], out: Path) -> None:
    """Run each cell that is neither done nor being run by another process."""
    import torch

    torch.set_num_threads(1)
    commit = head(ROOT)  # of what is imported now, whatever is checked out until the last cell ends
    for cell in cells:
        if path_of(out, cell).exists():
            continue
        with claimed(out, cell) as free:
            if free and not path_of(out, cell).exists() and not run_one(cell, out, commit):
                return


def run_one(cell: Cell, out: Path, commit: str) -> bool:
    """Run or go on with one cell; False if it was stopped before its end."""
    from modelworks.eeipu import driver
    from modelworks.eeipu.log import Log
    from modelworks.eeipu.methods import METHODS as MODELS
    from modelworks.eeipu.methods_simple import Random
    from modelworks.eeipu.sweep_schema import Sweep, SweepFile

    name, method, seed = cell
    problem = PROBLEMS[name]
    space, pipeline = problem.space(), problem.pipeline()
    file = SweepFile(
        target=name,
        objective={"artifact": name, "key": "value", "goal": "max"},
        space={key: {"float": [0.0, 1.0]} for key in space.keys},
        budget={"seconds": problem.budget},
        method={"name": method, "warm_up": WARM_UP},
        seed=seed,
        clock="synthetic",
    )
    proposer = Random(space, seed) if method == "random" else MODELS[method](space, seed, {})
    folder = path_of(out, cell).with_suffix("")
    begin = time.process_time()
    with Log(folder / "log.jsonl") as log:
        commits = noted(folder / "commits", commit)
        pipeline.replay(log.trials())
        finish = driver.run(Sweep("-".join(map(str, cell)), file), space, pipeline, Timed(proposer), log)
        trials = [tried(trial, float(trial.details.get("cpu_s", 0.0))) for trial in log.ended()]
    if finish.reason == "interrupted":
        return False
    write_run(path_of(out, cell), Run(name, method, seed, problem.budget, True, tuple(trials), commits))
    shutil.rmtree(folder)
    print(f"{name} {method} {seed}: {len(trials)} trials, {time.process_time() - begin:.1f} s", flush=True)
    return True


def noted(file: Path, commit: str) -> str:
    """The commits that a run was begun and gone on with, this one among them."""
    known = file.read_text(encoding="utf-8").split() if file.exists() else []
    if commit not in known:
        known.append(commit)
        file.write_text(" ".join(known), encoding="utf-8")
    return " ".join(known)


@contextlib.contextmanager
def claimed(out: Path, cell: Cell) -> Iterator[bool]:
    """Whether the cell is this process's to run, as long as the context lasts."""
    file = path_of(out, cell).with_suffix(".claim")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def done(out: Path) -> list[Run]:
    """The runs of the design that are done."""
    runs = [read_run(file) for file in sorted(out.glob("*/*.json"))]
    return [one for one in runs if one.seed in SEEDS]


def state(out: Path) -> None:
    """Print how many runs of each method are done, and what a run of it took."""
    runs = done(out)
    took: dict[str, list[float]] = {}
    for one in runs:
        took.setdefault(one.method, []).append(sum(trial.proposer_s for trial in one.trials))
    counts = Counter(one.method for one in runs)
    for method, seconds in took.items():
        print(f"{method}: {counts[method]} runs, {sum(seconds) / len(seconds):.1f} s of proposing each")
    left = missing(runs)
    print(f"{len(left)} runs are missing" + (f", first {'/'.join(map(str, left[0]))}" if left else ""))


def collect(out: Path, to: Path) -> None:
    """Lay the runs that are done over those of the table. Raises SystemExit while some of the design are missing."""
    found = {one.cell: one for one in (read_runs(to) if to.exists() else [])}
    runs = list((found | {one.cell: one for one in done(out)}).values())
    if left := missing(runs):
        raise SystemExit(f"{len(left)} runs are missing, first {'/'.join(map(str, left[0]))}: run them first")
    write_runs(to, runs)
    print(f"{to}: {len(runs)} runs, {sum(len(one.trials) for one in runs)} trials")


def report(table: Path) -> None:
    """Write the figures of docs/, and the tables of docs/sweeps_results.md between its two marks."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from modelworks.eeipu import comparison_plots, comparison_tables

    runs = read_runs(table)
    for name, draw in (
        ("sweeps_best_values", comparison_plots.best_values(runs, CONFIDENCE)),
        ("sweeps_candidates", comparison_plots.candidate_counts(runs, CONFIDENCE)),
    ):
        with rc_context({"svg.hashsalt": name}):
            figure = Figure(figsize=comparison_plots.size(runs), layout="constrained")
            draw(figure)
            figure.savefig(PAGE.with_name(f"{name}.svg"), metadata={"Date": None})
            figure.savefig(PAGE.with_name(f"{name}.png"), dpi=110)
    shown = [*comparison_tables.tables(runs, CONFIDENCE), comparison_tables.proposing(runs)]
    text = PAGE.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    tables = "\n".join(map(comparison_tables.markdown, shown))
    PAGE.write_text(f"{before}\n\n{tables}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
