"""k2's claims, judged on the spike experiment's runs; their margins stand in params.yaml: k2.claims."""

import json
from collections.abc import Mapping
from typing import Any

from modelworks.claims.claim import Claim, Finding, Reported, count, effect, together, write_claims
from modelworks.k2.spike_arms import fault_arm
from modelworks.stage import Stage

_BITS = "bits per byte"
_THIRDS = ("first", "second", "last")
_RESTART = Reported(
    "training went on from checkpoint 160 with chunk 160 moved to the end, and the spike of about 34 checkpoints did "
    "not come again; there was no control on the same data",
    "K2-Spike-1 and the released training script",
)
_RULE = Reported(
    "two malignant spikes in 360 checkpoints, told from benign ones by 100 steps of raised loss; no figure for how "
    "many are found",
    "K2-Spike-1, K2-Spike-2, and notes on arXiv 2501.07124",
)


def main(stage: Stage) -> None:
    """Input: results (of the spike experiment). Output: claims (JSON)."""
    results = json.loads(stage.input("results").read_text(encoding="utf-8"))
    margins = stage.params["k2"]["claims"]
    write_claims(stage.output("claims"), "k2: transparent pretraining", judged(results, margins))


def judged(results: Mapping[str, Any], margins: Mapping[str, Any]) -> list[Finding]:
    """Every claim with its verdict. Raises ValueError if more seeds are asked for than there are."""
    if margins["found_at_least"] > len(results["seeds"]):
        raise ValueError(
            f"params.yaml: k2.claims.found_at_least is {margins['found_at_least']}, but k2.spikes.seeds are only "
            f"{len(results['seeds'])}: lower it, or add seeds"
        )
    effects = [*_longer(results, margins), *_rollback(results, margins)]
    return [*together(effects), *_counts(results, margins)]


def _longer(results: Mapping[str, Any], margins: Mapping[str, Any]) -> list[Finding]:
    found = []
    for number, third in enumerate(_THIRDS):
        claim = Claim(
            name=f"longer-{third}-third",
            text=f"Training through the {third} third makes the model better",
            metric=f"fall of the held-out bits per byte over the {third} third of a clean run",
            unit=_BITS,
            direction="above",
            margin=margins["longer"],
            family="longer",
        )
        values = {
            str(row["seed"]): row["bits_per_byte"][number] - row["bits_per_byte"][number + 1]
            for row in results["thirds"]
        }
        found.append(effect(claim, values, margins["confidence"]))
    return found


def _rollback(results: Mapping[str, Any], margins: Mapping[str, Any]) -> list[Finding]:
    bits = {(row["arm"], str(row["seed"])): row for row in results["branches"]}
    contrasts = (
        ("rollback-same-data", "again", "after_the_window", "recovers_from_same_data", "the same data again"),
        (
            "rollback-reshuffled",
            "reshuffled",
            "after_the_window",
            "recovers_from_reshuffled",
            "the same chunk reshuffled",
        ),
        ("rollback-to-the-end", "again", "at_the_end", "still_better_at_the_end", "the same data again"),
    )
    found = []
    for name, control, when, margin, against in contrasts:
        ends = when == "at_the_end"
        claim = Claim(
            name=name,
            text=f"Rolling back and moving the faulty chunk to the end is better than {against}"
            + (", also once the moved chunk is trained" if ends else ", before the moved chunk is trained"),
            metric=f"held-out bits per byte of the control ({against}, from the same checkpoint) less those of the "
            f"moved branch, after equally many steps, {'at the end' if ends else 'after the window'}",
            unit=_BITS,
            direction="above",
            margin=margins[margin],
            family="rollback",
            reported=_RESTART,
        )
        seeds = map(str, results["seeds"])
        values = {seed: bits[control, seed][when] - bits["moved", seed][when] for seed in seeds}
        found.append(effect(claim, values, margins["confidence"]))
    return found


def _counts(results: Mapping[str, Any], margins: Mapping[str, Any]) -> list[Finding]:
    fault = results["fault"]
    planted = results["runs"][fault_arm(fault["branch_strength"])]
    clean = results["runs"]["clean"]
    seeds = len(results["seeds"])
    finds = Claim(
        name="fault-found",
        text=f"The detector finds the planted fault in at least {margins['found_at_least']} of {seeds} seeds",
        metric=f"seeds in which an event begins in the faulty chunk ({100 * fault['branch_strength']:g} % of its rows "
        f"{fault['kind']})",
        unit="seeds",
        direction="above",
        margin=margins["found_at_least"],
        reported=_RULE,
    )
    quiet = Claim(
        name="no-false-alarm",
        text=f"Of {seeds} clean seeds at most {margins['alarms_at_most']} raise an alarm",
        metric="clean runs with an event of either kind",
        unit="seeds",
        direction="below",
        margin=margins["alarms_at_most"],
        reported=_RULE,
    )
    return [
        count(finds, {seed: run["found"] for seed, run in planted.items()}, margins["confidence"]),
        count(quiet, {seed: bool(run["events"]) for seed, run in clean.items()}, margins["confidence"]),
    ]
