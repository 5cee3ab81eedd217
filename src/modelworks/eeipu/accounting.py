"""What a sweep has spent, and what its methods may know: both follow from the trial log alone."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import replace

from modelworks.eeipu.log import Log
from modelworks.eeipu.sweep_schema import Sweep
from modelworks.eeipu.trial import Group, History, Outcome, Trial, Unit


def spent(trials: Iterable[Trial], unit: Unit) -> float:
    """What trials have taken of the budget, warm-up included."""
    return sum((trial.spends(unit) for trial in trials), start=0.0)


def history(log: Log, sweep: Sweep, groups: tuple[Group, ...]) -> History:
    """What a method may know now.

    The warm-up ends before the first proposal of a method begins, so all that was proposed until then is its cost.
    """
    unit, trials = sweep.file.budget.unit, log.trials()
    return History(
        trials=tuple(log.ended()),
        pending=tuple(log.running()),
        groups=groups,
        maximize=sweep.maximize,
        budget=sweep.file.budget.amount,
        spent=spent(trials, unit),
        spent_by_warm_up=spent((trial for trial in trials if trial.warm_up), unit),
        unit=unit,
    )


def promised(history: History) -> float:
    """What is spent, and what the trials that run are expected to come to, each the median of those that have ended.

    Of the method's own trials, of all before one has ended. Where trials are counted, those that run are spent already.
    """
    if history.unit == "trials" or not history.pending or not history.trials:
        return history.spent
    own = [trial.charged for trial in history.trials if not trial.warm_up]
    typical = statistics.median(own or [trial.charged for trial in history.trials])
    return history.spent + sum(max(0.0, typical - trial.charged) for trial in history.pending)


def checked(outcome: Outcome) -> Outcome:
    """An outcome whose value is a finite number, or that has diverged."""
    if outcome.status != "ok" or (outcome.value is not None and math.isfinite(outcome.value)):
        return outcome
    error = outcome.error or f"the objective is {outcome.value}"
    return replace(outcome, status="diverged", value=None, error=error)
