"""A sweep's trials as a table, and what came of the sweep as JSON: both follow from its log alone."""

import statistics
from typing import Any

import polars

from modelworks.eeipu import calibration
from modelworks.eeipu.record import Record, hits
from modelworks.eeipu.trial import Group, Trial, value_of


def trials(record: Record) -> polars.DataFrame:
    """A row for each trial that ended, in the order of its end.

    `param.KEY` is null where the key was not active; `cost.GROUP` is what running a group costs, null where the trial
    did not complete it, `charged.GROUP` what the trial paid for it, null where it was not reached. All costs are in the
    unit of the budget.
    """
    rows = [_row(record, trial, spent) for trial, spent in zip(record.trials, record.spent, strict=True)]
    schema = _schema(record)
    return polars.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema)


def _row(record: Record, trial: Trial, spent: float) -> dict[str, Any]:
    outcome = trial.outcome
    stages = outcome.stages if outcome else ()
    reached = hits(trial, record.groups)
    row: dict[str, Any] = {
        "trial": trial.number,
        "status": outcome.status if outcome else "running",
        "warm_up": trial.warm_up,
        "value": value_of(trial),
        "charged": trial.charged,
        "spent": spent,
        "proposer": trial.proposer,
        "predicted_hits": sorted(trial.foresight.hits),
        "actual_hits": sorted(name for name, hit in reached.items() if hit),
        "stages_restored": sum(not stage.ran for stage in stages),
        "stages_ran": sum(stage.ran for stage in stages),
        "mismatches": list(outcome.mismatches) if outcome else [],
        "error": outcome.error if outcome else None,
    }
    texts = _texts(record)
    for key in record.keys:
        value = trial.values.get(key)
        row[f"param.{key}"] = str(value) if value is not None and key in texts else value
    costs = trial.costs(record.groups)
    for group in record.groups:
        of_group = [stage for stage in stages if stage.group == group.name]
        row[f"cost.{group.name}"] = costs.get(group.name)
        row[f"charged.{group.name}"] = sum(stage.charged for stage in of_group) if of_group else None
    return row


def _schema(record: Record) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "trial": polars.Int64,
        "status": polars.String,
        "warm_up": polars.Boolean,
        "value": polars.Float64,
        "charged": polars.Float64,
        "spent": polars.Float64,
        "proposer": polars.Float64,
        "predicted_hits": polars.List(polars.String),
        "actual_hits": polars.List(polars.String),
        "stages_restored": polars.Int64,
        "stages_ran": polars.Int64,
        "mismatches": polars.List(polars.String),
        "error": polars.String,
    }
    texts = _texts(record)
    for key in record.keys:
        whole = all(isinstance(trial.values.get(key, 0), int) for trial in record.trials)
        schema[f"param.{key}"] = polars.String if key in texts else polars.Int64 if whole else polars.Float64
    for group in record.groups:
        schema |= {f"cost.{group.name}": polars.Float64, f"charged.{group.name}": polars.Float64}
    return schema


def _texts(record: Record) -> set[str]:
    """The keys whose values are not all numbers."""
    return {
        key
        for trial in record.trials
        for key, value in trial.values.items()
        if isinstance(value, bool) or not isinstance(value, int | float)
    }


def summary(record: Record) -> dict[str, Any]:
    """What came of the sweep: the best trial, counts, what was reused, and how good the predictions were."""
    best = record.best
    statuses = [trial.outcome.status for trial in record.trials if trial.outcome]
    right, wrong = record.judged()
    proposer = [trial.proposer for trial in record.trials if not trial.warm_up]
    spent = record.spent[-1] if record.spent else 0.0
    return {
        "sweep": record.name,
        "target": record.sweep["target"],
        "objective": dict(record.sweep["objective"]),
        "method": dict(record.sweep["method"]),
        "seed": record.sweep["seed"],
        "budget": {record.unit: record.budget},
        "spent": spent,
        "spent_by_warm_up": sum((trial.spends(record.unit) for trial in record.trials if trial.warm_up), start=0.0),
        "trials": {
            "ended": len(record.trials),
            "warm_up": sum(trial.warm_up for trial in record.trials),
            "running": len(record.pending),
            **{status: statuses.count(status) for status in ("ok", "failed", "diverged")},
        },
        "best": None if best is None else _best(record, best),
        "test": record.tested,
        "reused_share_of_cost": record.reused,
        "predictions": {
            "groups_right": right,
            "groups_wrong": wrong,
            "unexplained": sum(len(trial.outcome.mismatches) for trial in record.trials if trial.outcome),
        },
        "cost_models": calibration.figures(calibration.foreseen(record)),
        "proposer": {
            "total": sum(proposer),
            "median": statistics.median(proposer) if proposer else None,
            "most": max(proposer, default=None),
        },
        "groups": [_group(group) for group in record.groups],
    }


def _best(record: Record, best: Trial) -> dict[str, Any]:
    return {
        "trial": best.number,
        "value": value_of(best),
        "values": dict(best.values),
        "spent": record.spent[record.trials.index(best)],
    }


def _group(group: Group) -> dict[str, Any]:
    return {"name": group.name, "keys": list(group.keys), "stages": list(group.stages)}
