"""What a sweep has spent, and what its methods may know: both follow from the trial log alone."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace

from modelworks.eeipu.log import Log
from modelworks.eeipu.sweep_schema import Sweep
from modelworks.eeipu.trial import Group, History, Outcome, Trial, value_of


def spent(trials: Iterable[Trial], unit: str) -> float:
    """What trials have cost, in seconds or dollars; where trials are counted, their number, warm-up included."""
    return float(sum(1.0 if unit == "trials" else trial.charged for trial in trials))


def history(log: Log, sweep: Sweep, groups: tuple[Group, ...]) -> History:
    """What a method may know now. A failed or diverged trial is shown with the worst value of those that ended well.

    The warm-up ends before the first proposal of a method begins, so all that was proposed until then is its cost.
    """
    unit, ended, trials = sweep.file.budget.unit, log.ended(), log.trials()
    return History(
        trials=tuple(_penalised(ended, sweep.maximize)),
        pending=tuple(trial for trial in trials if trial.outcome is None),
        groups=groups,
        maximize=sweep.maximize,
        budget=sweep.file.budget.amount,
        spent=spent(trials, unit),
        spent_by_warm_up=spent((trial for trial in trials if trial.warm_up), unit),
    )


def promised(history: History, unit: str) -> float:
    """What is spent, and what the trials that run are expected to come to, each the median of those that have ended.

    Of the method's own trials, of all before one has ended. Where trials are counted, those that run are spent already.
    """
    if unit == "trials" or not history.pending or not history.trials:
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


def _penalised(trials: Sequence[Trial], maximize: bool) -> list[Trial]:
    values = [value for trial in trials if (value := value_of(trial)) is not None]
    worst = (min if maximize else max)(values, default=None)
    return [
        replace(trial, outcome=replace(trial.outcome, value=worst))
        if trial.outcome and trial.outcome.status != "ok"
        else trial
        for trial in trials
    ]
