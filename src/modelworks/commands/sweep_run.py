"""`modelworks sweep FILE`: run a sweep, or go on with it."""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="sweeps/NAME.yaml")
    parser.add_argument("--cores", type=_cores, default=0, metavar="N", help="for all trials together (default: all)")
    parser.add_argument("--profile", metavar="DIR", help="build trials with this profile, as profiles/slurm")
    parser.add_argument("--parallel", type=_positive, metavar="N", help="trials at a time, instead of the file's")
    parser.add_argument("--results", type=Path, metavar="DIR", help="put table, page and plots here, too")
    parser.add_argument("--quiet", "-q", action="store_true", help="say nothing but what went wrong")
    parser.set_defaults(run=run)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer >= 1, got {text!r}")
    return int(text)


def _cores(text: str) -> int:
    return 0 if text == "all" else _positive(text)


def run(options: argparse.Namespace) -> int:
    """Run to the end of the budget; 130 if it was stopped, with the command that resumes it.

    A winner that could not be tested is an error, raised once the results are written.
    """
    from modelworks.build import workspace
    from modelworks.eeipu import results, state
    from modelworks.eeipu.assemble import Resources, assemble
    from modelworks.eeipu.errors import SweepError
    from modelworks.eeipu.live import Live

    root = workspace.find_root(Path())
    resources = Resources(options.cores or len(os.sched_getaffinity(0)), options.profile, options.parallel)
    live = Live(_write, terminal=sys.stdout.isatty())
    notes: list[str] = []
    try:
        with assemble(options.file, root, resources) as assembled:
            keeper = _Experiments(root, assembled.log.path.parent, notes)
            keeper.catch_up(assembled.log.ended())

            def told(event: Mapping[str, Any]) -> None:
                if event["event"] == "ended":
                    keeper.save(event["trial"], event["status"])
                if not options.quiet:
                    live.show(state.read(root, assembled.log))

            if assembled.log.first() is not None and not options.quiet:
                live.show(state.read(root, assembled.log))
            try:
                finish = assembled.run(told)
            finally:
                live.end()
            record = state.read(root, assembled.log)
    except KeyboardInterrupt:
        return _stopped(options)
    if finish.reason == "interrupted":
        return _stopped(options)
    own = root / state.SWEEPS / record.name / state.RESULTS
    results.write(record, own)
    if options.results and options.results.resolve() != own.resolve():
        shutil.copytree(own, options.results, dirs_exist_ok=True)
    # Of a target that fails, Snakemake removes its own.
    place = own if finish.untested is not None else options.results or own
    if not options.quiet:
        _say_end(record, finish.reason, place, [*keeper.summary(), *notes])
    if finish.untested is not None:
        raise SweepError(f"{finish.untested}\nTable, page and plots, without the test score: {os.path.relpath(own)}")
    return 0


class _Experiments:
    """Makes a DVC experiment of each trial that has ended well, and remembers why one could not be made."""

    def __init__(self, root: Path, folder: Path, notes: list[str]) -> None:
        from modelworks.eeipu import experiments

        self._root, self._folder = root, folder
        self._left_out: dict[str, list[int]] = {}
        self._saved = 0
        why = experiments.unavailable(root)
        self._available = why is None
        if why is not None:
            notes.append(f"no DVC experiments were made: {why}")
        elif names := experiments.uncommitted(root):
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            notes.append(f"the DVC experiments are without what was not committed: {', '.join(names[:3])}{more}")

    def catch_up(self, trials: list[Any]) -> None:
        """Make those that a driver which was killed has not made."""
        from modelworks.eeipu import experiments

        if not self._available:
            return
        known = {ref.rpartition("/")[2] for ref in experiments.listed(self._root, self._folder.name)}
        for trial in trials:
            if experiments.name_of(self._folder.name, trial.number) not in known:
                self.save(trial.number, trial.outcome.status)

    def save(self, number: int, status: str) -> None:
        """Make one, if the trial has ended well."""
        from modelworks.eeipu import experiments

        if not self._available or status != "ok":
            return
        from modelworks.eeipu.memo_process import BASE

        folder = self._folder / "trials" / f"{number:04d}"
        saved = experiments.save(self._root, self._folder.name, number, folder, self._folder / BASE)
        if isinstance(saved, experiments.Saved):
            self._saved += 1
        else:
            self._left_out.setdefault(saved.reason, []).append(number)

    def summary(self) -> list[str]:
        """What was made, and what not and why."""
        made = [f"dvc exp show lists {self._saved} new experiments"] if self._saved else []
        return made + [
            f"{len(numbers)} trials are no DVC experiments: {reason}" for reason, numbers in self._left_out.items()
        ]


def _stopped(options: argparse.Namespace) -> int:
    words = ["modelworks", "sweep", str(options.file)]
    for name in ("cores", "profile", "parallel", "results"):
        if value := getattr(options, name):
            words += [f"--{name}", str(value)]
    print(f"stopped; nothing is lost. Go on: {shlex.join(words)}", file=sys.stderr)
    return _INTERRUPTED


def _say_end(record: Any, reason: str, place: Path, notes: list[str]) -> None:
    from modelworks.eeipu import experiments
    from modelworks.eeipu.trial import value_of

    ended = "the budget is spent" if reason == "budget" else "there is nothing left to try"
    best = record.best
    if best is None:
        print(f"{ended}; no trial has a value")
    else:
        test = "" if record.tested is None else f", test score {record.tested:.6g}"
        print(f"{ended}; best {value_of(best):.6g} in trial {best.number:04d}{test}")
        print("".join(f"  {key}: {best.values[key]}\n" for key in record.keys if key in best.values), end="")
    for note in notes:
        print(note)
    if best is not None and any(note.startswith("dvc exp show") for note in notes):
        print(f"bring the best one here: dvc exp apply {experiments.name_of(record.name, best.number)}")
    print(f"results: {os.path.relpath(place)}/report.html, summary.json, trials.parquet, plots/")


def _write(text: str) -> None:
    print(text, end="", flush=True)
