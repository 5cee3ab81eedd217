"""A sweep file made into what the driver runs: the graph's builds, the method, and where the log is."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelworks.eeipu import driver, methods, resuming, state, sweep_file
from modelworks.eeipu.accounts import Clock
from modelworks.eeipu.builds import BuildPipeline, Means, finite_values
from modelworks.eeipu.errors import Faults, FileFault
from modelworks.eeipu.log import Log
from modelworks.eeipu.memo_process import Tuned
from modelworks.eeipu.methods_simple import Grid, Random
from modelworks.eeipu.space import Space
from modelworks.eeipu.stages import Metric
from modelworks.eeipu.sweep_schema import Sweep
from modelworks.eeipu.trial import Method


@dataclass(frozen=True)
class Resources:
    """What trials are built with. `parallel` replaces the file's; `profile` is one of Snakemake's workflow profiles."""

    cores: int
    profile: str | None = None
    parallel: int | None = None


@dataclass(frozen=True)
class Assembled:
    """A sweep that is ready to run, with its log open for writing."""

    sweep: Sweep
    space: Space
    pipeline: BuildPipeline
    method: Method
    log: Log

    def run(self, on_event: Callable[[Mapping[str, Any]], None]) -> driver.Finish:
        """Run or resume it."""
        file = self.sweep.file
        return driver.run(
            self.sweep,
            self.space,
            self.pipeline,
            self.method,
            self.log,
            on_event=on_event,
            test=(lambda trial: self.pipeline.test(trial.values)) if file.test else None,
            stop=self.pipeline.stop,
        )


def _method(name: str, space: Space, seed: int, options: Mapping[str, Any]) -> Method:
    """A method by its name. Raises FileFault for options that it does not take."""
    if name == "random":
        return Random(space, seed)
    if name == "grid":
        return Grid(space, **options)
    try:
        return methods.METHODS[name](space, seed, options)
    except ValueError as error:
        raise FileFault(str(error)) from None


def load(path: Path, root: Path, parallel: int | None = None) -> tuple[Sweep, Space]:
    """A sweep file and its space. Raises ParamsError with every fault."""
    sweep, space = sweep_file.load(path, root)
    if parallel is not None:
        sweep = Sweep(sweep.name, sweep.file.model_copy(update={"parallel": parallel}), sweep.base)
    return sweep, space


@contextlib.contextmanager
def assemble(path: Path, root: Path, resources: Resources) -> Iterator[Assembled]:
    """Make a sweep ready, the only one on its state. Raises ParamsError, ChangedError, LogError and SweepError."""
    sweep, space = load(path, root, resources.parallel)
    file, folder = sweep.file, root / state.SWEEPS / sweep.name
    with contextlib.ExitStack() as opened:
        log = opened.enter_context(Log(folder / state.LOG))
        resuming.check(sweep, log)
        if log.first() is None:
            state.forget(folder)
        faults = Faults()
        with faults.collected():
            method = _method(file.method.name, space, file.seed, file.method.options)
        with faults.collected():
            pipeline = opened.enter_context(contextlib.closing(_pipeline(sweep, space, root, folder, resources)))
        faults.tell(f"{os.path.relpath(path, root)}: ")
        yield Assembled(sweep, space, pipeline, method, log)


def _pipeline(sweep: Sweep, space: Space, root: Path, folder: Path, resources: Resources) -> BuildPipeline:
    file = sweep.file
    tuned = Tuned(
        root=str(root),
        folder=str(folder),
        base=sweep.base,
        target=file.target,
        objective=Metric(file.objective.artifact, file.objective.key),
        values=finite_values(space.parameters, sweep.base),
        test=Metric(file.test.artifact, file.test.key) if file.test else None,
        presets=tuple(file.preset),
        settings=file.set,
    )
    prices = sweep.base["prices"] if file.budget.unit == "dollars" else None
    means = Means(resources.cores, file.parallel, resources.profile, Clock(file.clock, prices))
    return BuildPipeline(tuned, means)
