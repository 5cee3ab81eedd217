"""What the spike experiment shows: what was found in every arm of every seed, and how the branches went on."""

from dataclasses import asdict
from typing import Any

import polars

from modelworks.k2.spike_arms import BRANCHES, PREFIX, arms, fault_arm
from modelworks.k2.spike_settings import event_json, load_detector
from modelworks.lm.intervals import share_interval
from modelworks.lm.spikes import Detector, find_spikes
from modelworks.lm.stable import write_csv, write_json
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: logs and scores (beginnings and arms of all judged seeds), settings. Outputs: results (JSON), and for

    `dvc plots` detection and branches (CSV).
    """
    params = stage.params["k2"]["spikes"]
    fault = params["fault"]
    logs, scores = (polars.concat([polars.read_parquet(p) for p in stage.inputs[name]]) for name in ("logs", "scores"))
    detector = load_detector(stage.input("settings"))
    seeds = sorted(set(logs["seed"].to_list()))
    runs = {
        arm: {seed: found_in(whole_run(logs, seed, arm), detector, fault["chunk"]) for seed in seeds}
        for arm in arms(fault["strengths"])
    }
    detection = [detected(strength, runs) for strength in (0.0, *fault["strengths"])]
    places = {"after_the_window": fault["chunk"] + params["measured_after"], "at_the_end": params["train"]["chunks"]}
    branches = held_out(scores, [fault_arm(fault["branch_strength"]), "clean", *BRANCHES], places)
    write_json(
        stage.output("results"),
        {
            "detector": asdict(detector),
            "fault": {name: fault[name] for name in ("chunk", "kind", "branch_strength")},
            "seeds": seeds,
            "detection": detection,
            "caused": [caused(logs, seed, fault) for seed in seeds],
            "branches": branches,
            "thirds": thirds(scores, params["train"]["chunks"]),
            "runs": {arm: {str(seed): found for seed, found in by_seed.items()} for arm, by_seed in runs.items()},
        },
    )
    write_csv(stage.output("detection"), polars.DataFrame(detection))
    write_csv(stage.output("branches"), polars.DataFrame(branches))


def whole_run(logs: polars.DataFrame, seed: int, arm: str) -> polars.DataFrame:
    """The log of an arm from its first step: the common beginning, then its own steps."""
    own = logs.filter((polars.col("seed") == seed) & polars.col("arm").is_in([PREFIX, arm]))
    return own.sort("step")


def found_in(log: polars.DataFrame, detector: Detector, faulty: int) -> dict[str, Any]:
    """The events of one run; `found` if one began in the faulty chunk, `malignant` if one of those is."""
    events = find_spikes(log["loss"].to_numpy(), log["gradient_norm"].to_numpy(), detector)
    listed = [event_json(event, log) for event in events]
    inside = [event for event in listed if event["chunk"] == faulty]
    first = log.filter(polars.col("chunk") == faulty)["step"].min()
    return {
        "found": bool(inside),
        "malignant": any(event["kind"] == "malignant" for event in inside),
        "steps_until_alarm": inside[0]["start"] - first if inside else None,
        "elsewhere": len(listed) - len(inside),
        "events": listed,
    }


def detected(strength: float, runs: dict[str, dict[int, dict[str, Any]]]) -> dict[str, Any]:
    """In how many seeds a fault of this strength was found; at strength 0, any event at all."""
    by_seed = list(runs[fault_arm(strength) if strength else "clean"].values())
    hits = sum(found["found"] if strength else bool(found["events"]) for found in by_seed)
    share = share_interval(hits, len(by_seed), 0.95)
    return {
        "strength": strength,
        "found": hits,
        "of": len(by_seed),
        "share": round(share.estimate, 6),
        "low": round(share.low, 6),
        "high": round(share.high, 6),
        "malignant": sum(found["malignant"] for found in by_seed),
    }


def caused(logs: polars.DataFrame, seed: int, fault: dict[str, Any]) -> dict[str, Any]:
    """How much the fault of the branch strength raised the training loss, beside the same steps without it.

    In the chunk after it all rows are clean again in both, so what is left there is damage to the model.
    """
    bad, clean = (whole_run(logs, seed, arm) for arm in (fault_arm(fault["branch_strength"]), "clean"))
    (bad_within, bad_after), (clean_within, clean_after) = (
        [run.filter(polars.col("chunk") == fault["chunk"] + offset)["loss"].to_numpy() for offset in (0, 1)]
        for run in (bad, clean)
    )
    return {
        "seed": seed,
        "raised_in_the_chunk": round(float(bad_within.mean() - clean_within.mean()), 6),
        "raised_in_the_chunk_after": round(float(bad_after.mean() - clean_after.mean()), 6),
        "is_a_spike": bool(bad_within.mean() > clean_within.max()),
    }


def held_out(scores: polars.DataFrame, names: list[str], places: dict[str, int]) -> list[dict[str, Any]]:
    """Bits per byte of the held-out text after equally many steps, for each seed and arm."""
    rows = scores.filter(polars.col("arm").is_in(names))
    return [
        {
            "seed": seed,
            "arm": arm,
            **{
                name: one.filter(polars.col("place") == place)["bits_per_byte"].item() for name, place in places.items()
            },
        }
        for (seed, arm), one in rows.sort("seed", "arm", "place").group_by("seed", "arm", maintain_order=True)
    ]


def thirds(scores: polars.DataFrame, chunks: int) -> list[dict[str, Any]]:
    """Bits per byte of the clean runs before training and after each third of it."""
    clean = scores.filter(polars.col("arm").is_in([PREFIX, "clean"])).sort("seed", "place")
    places = [round(chunks * third / 3) for third in range(4)]
    return [
        {
            "seed": seed,
            "bits_per_byte": [one.filter(polars.col("place") == place)["bits_per_byte"].item() for place in places],
        }
        for (seed,), one in clean.group_by("seed", maintain_order=True)
    ]
