"""livebench's claims, judged on the leak experiment; their margins stand in params.yaml: livebench.leak.claims."""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from modelworks.claims.claim import Claim, Direction, Finding, Reported, effect, together, write_claims
from modelworks.stage import Stage

_UNIT = "of the questions"
_PAPER = Reported(
    "questions are replaced month by month, so that answers cannot be memorised; no trained-in leak is measured",
    "LiveBench, arXiv 2406.19314",
)


def main(stage: Stage) -> None:
    """Input: results (of the leak experiment). Output: claims (JSON)."""
    results = json.loads(stage.input("results").read_text(encoding="utf-8"))
    margins = stage.params["livebench"]["leak"]["claims"]
    write_claims(
        stage.output("claims"), "livebench: contamination-limited evaluation", judged(results["doses"], margins)
    )


def judged(doses: Sequence[Mapping[str, Any]], margins: Mapping[str, Any]) -> list[Finding]:
    """Every claim with its verdict: values are those of the seeds, differences between doses are within a seed."""
    first, last = doses[0], doses[-1]
    within, excluded = margins["none_within"], margins["excluded_within"]
    found = [
        *_no_gap("no-leak", "Without a leak", _values(first, "gap"), within, margins),
        *_steps(doses, margins),
        effect(
            Claim(
                name="leak-most",
                text=f"A release that was trained on {last['dose']} times looks easier than it is",
                metric=f"gap at dose {last['dose']} less the gap at dose 0",
                unit=_UNIT,
                direction="above",
                margin=margins["most_dose"],
                reported=_PAPER,
            ),
            _less(last, first),
            margins["confidence"],
        ),
        effect(
            Claim(
                name="leak-slope",
                text="The gap grows with the dose",
                metric="least-squares slope of the gap over log2(1 + dose)",
                unit=f"{_UNIT} per doubling",
                direction="above",
                margin=margins["grows"],
            ),
            _slopes(doses),
            margins["confidence"],
        ),
        *_no_gap(
            "excluded",
            f"At dose {last['dose']} without the questions that runs of words find in the training text",
            _values(last, "gap_without_excluded"),
            excluded,
            margins,
        ),
    ]
    return together(found)


def _no_gap(
    name: str, when: str, values: Mapping[str, float], within: float, margins: Mapping[str, Any]
) -> list[Finding]:
    """Two claims: the gap is neither that much above 0 nor that much below."""
    bounds: tuple[tuple[Direction, float], ...] = (("below", within), ("above", -within))
    return [
        effect(
            Claim(
                name=f"{name}-{direction}",
                text=f"{when} the accuracy on both releases is the same ({direction} {margin:+g})",
                metric="accuracy on the leaked release less that on the fresh one",
                unit=_UNIT,
                direction=direction,
                margin=margin,
            ),
            values,
            margins["confidence"],
        )
        for direction, margin in bounds
    ]


def _steps(doses: Sequence[Mapping[str, Any]], margins: Mapping[str, Any]) -> list[Finding]:
    """The gap grows from each dose to the next."""
    return [
        effect(
            Claim(
                name=f"leak-{before['dose']}-to-{after['dose']}",
                text=f"The gap grows from dose {before['dose']} to dose {after['dose']}",
                metric=f"gap at dose {after['dose']} less the gap at dose {before['dose']}",
                unit=_UNIT,
                direction="above",
                margin=margins["grows"],
                family="leak-steps",
            ),
            _less(after, before),
            margins["confidence"],
        )
        for before, after in itertools.pairwise(doses)
    ]


def _values(dose: Mapping[str, Any], name: str) -> dict[str, float]:
    return {seed: run[name] for seed, run in dose["seeds"].items()}


def _less(dose: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, float]:
    return {seed: run["gap"] - other["seeds"][seed]["gap"] for seed, run in dose["seeds"].items()}


def _slopes(doses: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    places = [math.log2(1 + one["dose"]) for one in doses]
    mean = sum(places) / len(places)
    spread = sum((place - mean) ** 2 for place in places)
    return {
        seed: sum((place - mean) * one["seeds"][seed]["gap"] for place, one in zip(places, doses, strict=True)) / spread
        for seed in doses[0]["seeds"]
    }
