"""eeipu's claims, judged on the runs of the comparison; their margins stand in params.yaml: eeipu.claims."""

from collections.abc import Mapping, Sequence
from typing import Any

from modelworks.claims.claim import Claim, Direction, Finding, Reported, effect, together, write_claims
from modelworks.eeipu.benchmark import CONTROLS, METHODS, REAL, REAL_METHODS, SYNTHETIC, Run, missing, read_runs
from modelworks.eeipu.evidence import Measure, Progress, by_seed, candidates, end_value, over_problems
from modelworks.stage import Stage

OWN = "eeipu"
_TIMES = "times as many"
_SOURCE = "arXiv 2411.03731, and the thesis that it is part of"
_REAL_CANDIDATES = Reported("103 % more candidates on real pipelines, after the warm-up", _SOURCE)
_SYNTHETIC_CANDIDATES = Reported("148 % more candidates on synthetic pipelines, after the warm-up", _SOURCE)
_REAL_BEST = Reported("108 % more improvement over the best of the warm-up on real pipelines", _SOURCE)
_SYNTHETIC_BEST = Reported("58 % more improvement over the best of the warm-up on synthetic pipelines", _SOURCE)
# Where the last stage costs the same with all params, plain EI spends what EEIPU does. Where it does not, EEIPU still
# prefers what is cheap, so that the memo is told apart by EEIPU without clamping, which prefers it too.
_CONTROL_RIVALS = {
    "cheap-early-stages": "eeipu-unclamped",
    "nearly-free-early-stages": "eeipu-unclamped",
    "cheap-early-constant-last": "ei",
}


def main(stage: Stage) -> None:
    """Input: runs (Parquet). Output: claims (JSON)."""
    found = judged(read_runs(stage.input("runs")), stage.params["eeipu"]["claims"])
    write_claims(stage.output("claims"), "eeipu: memoization-aware tuning", found)


def judged(runs: Sequence[Run], margins: Mapping[str, Any]) -> list[Finding]:
    """Every claim with its verdict; those about the real pipeline if there are runs of it.

    Raises ValueError if a cell of the design has no run.
    """
    if cells := missing(runs):
        named = ", ".join("/".join(map(str, cell)) for cell in cells[:5])
        raise ValueError(f"{len(cells)} runs of the comparison are missing ({named}, ...): benchmarks/sweeps.py")
    real = any(run.problem == REAL for run in runs)
    found = [*_candidates(runs, real, margins), *_better(runs, margins), *_control(runs, margins)]
    return together([*found, *_real_better(runs, margins)] if real else found)


def _candidates(runs: Sequence[Run], real: bool, margins: Mapping[str, Any]) -> list[Finding]:
    """Whether there are as many candidates as the issue asks for, against plain EI."""
    sets = [("synthetic", "the synthetic pipelines", SYNTHETIC, _SYNTHETIC_CANDIDATES)]
    sets += [("real", "k2 at smoke scale", (REAL,), _REAL_CANDIDATES)] if real else []
    times = margins["times_the_candidates"]
    return [
        _finding(
            Claim(
                name=f"candidates-{name}",
                text=f"On {text} EEIPU tries at least {times:g} times as many candidates as EI in the same budget",
                metric="candidates after the warm-up, over those of EI"
                + (" (geometric mean over the pipelines)" if len(problems) > 1 else ""),
                unit=_TIMES,
                direction="above",
                margin=times,
                reported=reported,
            ),
            (runs, candidates, problems, "ei", True),
            margins,
        )
        for name, text, problems, reported in sets
    ]


def _better(runs: Sequence[Run], margins: Mapping[str, Any]) -> list[Finding]:
    """Whether the best value at the end is better than each other method's, on average over the synthetic pipelines."""
    progress = Progress(runs)
    return [
        _finding(
            Claim(
                name=f"best-value-{other}",
                text=f"On synthetic pipelines EEIPU ends with a better value than {other}",
                metric="share of the way from the best of the warm-up to the optimum, less that of the other method "
                "(mean over the pipelines)",
                unit="of the way",
                direction="above",
                margin=margins["better_value"],
                family="best value on synthetic pipelines",
                reported=_SYNTHETIC_BEST,
            ),
            (runs, progress.closed, SYNTHETIC, other, False),
            margins,
        )
        for other in METHODS
        if other != OWN
    ]


def _real_better(runs: Sequence[Run], margins: Mapping[str, Any]) -> list[Finding]:
    return [
        _finding(
            Claim(
                name=f"best-value-real-{other}",
                text=f"On k2 at smoke scale EEIPU ends with a better value than {other}",
                metric="best validation bits per byte of the other method less EEIPU's",
                unit="bits per byte",
                direction="above",
                margin=margins["better_value"],
                family="best value on the real pipeline",
                reported=_REAL_BEST,
            ),
            (runs, lambda run: -end_value(run), (REAL,), other, False),
            margins,
        )
        for other in REAL_METHODS
        if other != OWN
    ]


def _control(runs: Sequence[Run], margins: Mapping[str, Any]) -> list[Finding]:
    """Whether the ratio of candidates is about 1 where there is nothing to restore: above one bound, below another."""
    within = margins["control_within"]
    sides: tuple[tuple[str, Direction, float], ...] = (
        ("not-fewer", "above", 1 / (1 + within)),
        ("not-more", "below", 1 + within),
    )
    found = []
    for control in CONTROLS:
        rival = _CONTROL_RIVALS[control]
        for name, direction, margin in sides:
            claim = Claim(
                name=f"{control}-{name}",
                text=f"Where early stages cost next to nothing ({control}), EEIPU tries about as many candidates as "
                f"{rival}: {name.replace('-', ' ')}",
                metric=f"candidates after the warm-up, over those of {rival}",
                unit=_TIMES,
                direction=direction,
                margin=round(margin, 6),
                family="negative controls",
            )
            found.append(_finding(claim, (runs, candidates, (control,), rival, True), margins))
    return found


def _finding(
    claim: Claim, compared: tuple[Sequence[Run], Measure, Sequence[str], str, bool], margins: Mapping[str, Any]
) -> Finding:
    runs, measure, problems, against, ratio = compared
    values = by_seed([run for run in runs if run.problem in problems], measure)
    found = over_problems(values, problems, OWN, against, ratio)
    return effect(claim, {str(seed): value for seed, value in found.items()}, margins["confidence"])
