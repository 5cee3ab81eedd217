"""What the leak experiment shows: the gap between the leaked and the fresh release for each dose, with intervals."""

from collections.abc import Sequence
from typing import Any

import numpy
import polars
from numpy.typing import NDArray

from modelworks.livebench import leak_task
from modelworks.lm.intervals import Interval, bootstrap_interval
from modelworks.lm.stable import write_csv, write_json
from modelworks.stage import Stage

_DIGITS = 6


def main(stage: Stage) -> None:
    """Inputs: answers and contamination, a file each for every seed and dose in the same order.

    Args: runs (`seed:dose`, with commas). Outputs: results (JSON), table (CSV: a row a dose).
    """
    confidence = stage.params["livebench"]["leak"]["claims"]["confidence"]
    runs = [run.split(":") for run in stage.args["runs"].split(",")]
    found: dict[int, dict[str, dict[str, Any]]] = {}
    for (seed, dose), answers, seen in zip(runs, stage.inputs["answers"], stage.inputs["contamination"], strict=True):
        found.setdefault(int(dose), {})[seed] = measured(polars.read_parquet(answers), polars.read_parquet(seen))
    doses = [_dose(dose, by_seed, confidence, stage.seed("bootstrap", dose)) for dose, by_seed in sorted(found.items())]
    write_json(stage.output("results"), {"confidence": confidence, "doses": doses})
    write_csv(stage.output("table"), polars.DataFrame([_flat(one) for one in doses]))


def measured(answers: polars.DataFrame, seen: polars.DataFrame) -> dict[str, Any]:
    """One run: accuracies, and for each place in the releases the difference of the leaked and the fresh question.

    `left` are the differences where neither question is excluded.
    """
    rows = answers.join(seen.select("question_id", "excluded"), on="question_id", how="left", maintain_order="left")
    if rows["excluded"].null_count():
        raise ValueError("the comparison with the training text lacks questions that were answered: build both anew")
    leaked, fresh = (rows.filter(polars.col("release") == day) for day in (leak_task.LEAKED, leak_task.FRESH))
    right, other = (part["correct"].cast(polars.Int8).to_numpy() for part in (leaked, fresh))
    kept = ~(leaked["excluded"] | fresh["excluded"]).to_numpy()
    return {
        "leaked": float(right.mean()),
        "fresh": float(other.mean()),
        "differences": right - other,
        "left": (right - other)[kept],
        "excluded_leaked": int(leaked["excluded"].sum()),
        "excluded_fresh": int(fresh["excluded"].sum()),
    }


def _dose(dose: int, by_seed: dict[str, dict[str, Any]], confidence: float, seed: int) -> dict[str, Any]:
    runs = list(by_seed.values())
    return {
        "dose": dose,
        "seeds": {
            name: {
                "leaked": round(run["leaked"], _DIGITS),
                "fresh": round(run["fresh"], _DIGITS),
                "gap": _mean(run["differences"]),
                "gap_without_excluded": _mean(run["left"]),
                **{key: run[key] for key in ("excluded_leaked", "excluded_fresh")},
            }
            for name, run in by_seed.items()
        },
        "leaked": round(float(numpy.mean([run["leaked"] for run in runs])), _DIGITS),
        "fresh": round(float(numpy.mean([run["fresh"] for run in runs])), _DIGITS),
        "gap": _interval([run["differences"] for run in runs], confidence, seed),
        "gap_without_excluded": _interval([run["left"] for run in runs], confidence, seed),
    }


def _interval(groups: Sequence[NDArray[numpy.int8]], confidence: float, seed: int) -> dict[str, float]:
    """Of the gap: seeds are drawn anew, then questions of each."""
    if not all(map(len, groups)):
        raise ValueError("a run has no question left that is not excluded: raise livebench.leak.questions")
    found: Interval = bootstrap_interval(groups, confidence, seed, resamples=2000)
    return {name: round(getattr(found, name), _DIGITS) for name in ("estimate", "low", "high")}


def _mean(values: NDArray[numpy.int8]) -> float:
    return round(float(values.mean()), _DIGITS) if len(values) else 0.0


def _flat(one: dict[str, Any]) -> dict[str, float]:
    bounds = {
        f"{name}_{key}" if key != "estimate" else name: value
        for name in ("gap", "gap_without_excluded")
        for key, value in one[name].items()
    }
    return {name: one[name] for name in ("dose", "leaked", "fresh")} | bounds
