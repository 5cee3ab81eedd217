"""A claim: what is measured, what would support it, what came out. The verdict follows from the interval alone.

Two kinds. An *effect* is a mean over seeds; its margin is what it has to exceed. A *count* is about the declared seeds
themselves ("in at least 4 of 5"): they either do it or not, so its verdict needs no interval, and a second verdict,
`beyond_these_seeds`, says what the exact interval of the share allows to say about seeds in general.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from modelworks.lm.intervals import Interval, holm_confidences, paired_interval, share_interval, t_p_value
from modelworks.lm.stable import write_json

Direction = Literal["above", "below"]
Verdict = Literal["supported", "not supported", "inconclusive"]


@dataclass(frozen=True)
class Reported:
    """A figure that the paper gives, with where it was read."""

    text: str
    source: str


@dataclass(frozen=True)
class Claim:
    """What is claimed, all of it known before the run: `metric` lies `direction` the `margin`, in `unit`.

    Of a count, the margin is a number of seeds, and `above` means at least, `below` at most so many. Claims of one
    `family` are several contrasts of one question.
    """

    name: str
    text: str
    metric: str
    unit: str
    direction: Direction
    margin: float
    reported: Reported | None = None
    family: str | None = None


@dataclass(frozen=True)
class Finding:
    """A claim with what came out: `values` for each seed, the estimate and its interval at `confidence`.

    `verdict_interval` is the one that the verdict follows from: wider, where it is one of several contrasts (Holm).
    """

    claim: Claim
    kind: Literal["effect", "count"]
    seeds: tuple[str, ...]
    values: tuple[float, ...]
    interval: Interval
    verdict_interval: Interval
    verdict: Verdict
    beyond_these_seeds: Verdict


def verdict(interval: Interval, direction: Direction, margin: float, at: bool = False) -> Verdict:
    """Supported if the whole interval lies beyond the margin, not supported if none of it does, else inconclusive.

    With `at` the margin itself counts as beyond it.
    """
    low, high = (interval.low, interval.high) if direction == "above" else (-interval.high, -interval.low)
    needed = margin if direction == "above" else -margin
    if low > needed or (at and low == needed):
        return "supported"
    return "not supported" if high < needed or (not at and high == needed) else "inconclusive"


def effect(claim: Claim, values: Mapping[str, float], confidence: float, seed: int = 0) -> Finding:
    """Judge a mean of paired differences, one for each seed; `seed` is the bootstrap's, where there are many."""
    interval = paired_interval([[value] for value in values.values()], confidence, seed)
    outcome = verdict(interval, claim.direction, claim.margin)
    return Finding(claim, "effect", tuple(values), tuple(values.values()), interval, interval, outcome, outcome)


def count(claim: Claim, hits: Mapping[str, bool], confidence: float) -> Finding:
    """Judge in how many seeds something happened."""
    number = sum(hits.values())
    interval = share_interval(number, len(hits), confidence)
    met = number >= claim.margin if claim.direction == "above" else number <= claim.margin
    share = claim.margin / len(hits)
    return Finding(
        claim=claim,
        kind="count",
        seeds=tuple(hits),
        values=tuple(float(hit) for hit in hits.values()),
        interval=interval,
        verdict_interval=interval,
        verdict="supported" if met else "not supported",
        beyond_these_seeds=verdict(interval, claim.direction, share, at=True),
    )


def together(findings: Sequence[Finding], seed: int = 0) -> list[Finding]:
    """Judge the effects of each family at the confidences that Holm (1979) gives them; the others stay as they are.

    The p-values are those of t-tests against the margins.
    """
    judged = list(findings)
    families = {found.claim.family for found in findings if found.claim.family is not None and found.kind == "effect"}
    for family in sorted(families):
        places = [place for place, found in enumerate(findings) if found.claim.family == family]
        p_values = [t_p_value(findings[place].values, findings[place].claim.margin) for place in places]
        levels = holm_confidences(p_values, findings[places[0]].interval.confidence)
        for place, level in zip(places, levels, strict=True):
            found = findings[place]
            interval = paired_interval([[value] for value in found.values], level, seed)
            outcome = verdict(interval, found.claim.direction, found.claim.margin)
            judged[place] = replace(found, verdict_interval=interval, verdict=outcome, beyond_these_seeds=outcome)
    return judged


def write_claims(path: Path, system: str, findings: Sequence[Finding]) -> None:
    """Write a system's claims.json."""
    write_json(path, {"system": system, "claims": [_as_json(found) for found in findings]})


def _as_json(found: Finding) -> dict[str, Any]:
    claim = found.claim
    counted = {"count": int(sum(found.values)), "of": len(found.seeds)} if found.kind == "count" else {}
    return {
        "name": claim.name,
        "claim": claim.text,
        "metric": claim.metric,
        "unit": claim.unit,
        "kind": found.kind,
        "direction": claim.direction,
        "margin": claim.margin,
        "seeds": list(found.seeds),
        "values": [round(value, 6) for value in found.values],
        **counted,
        "estimate": round(found.interval.estimate, 6),
        "interval": _interval(found.interval),
        "family": claim.family,
        "verdict_interval": _interval(found.verdict_interval),
        "verdict": found.verdict,
        "beyond_these_seeds": found.beyond_these_seeds,
        "reported_by_the_paper": asdict(claim.reported) if claim.reported else None,
    }


def _interval(interval: Interval) -> dict[str, float]:
    return {name: round(value, 6) for name, value in asdict(interval).items() if name != "estimate"}
