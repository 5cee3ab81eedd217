"""Methods by name: what each takes into account, and that proposals follow from the history alone."""

import json
import statistics
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch

from modelworks.eeipu.methods import KINDS, METHODS
from modelworks.eeipu.parameter import identity
from modelworks.eeipu.space import Space
from modelworks.eeipu.trial import Foresight, Proposal, Trial
from tests.eeipu.histories import CHAIN, DIAMOND, Sweep, chain, diamond

SEED = 3


def proposal(name: str, sweep: Sweep, space: Space = CHAIN, **options: float) -> Proposal:
    return METHODS[name](space, SEED, options).propose(sweep.history(), sweep.pipeline, len(sweep.trials) + 1)


def same(details: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in details.items() if key != "seconds"}


@pytest.fixture
def sweep() -> Sweep:
    return Sweep(CHAIN, chain(), 500.0, warm_up=10)


@pytest.mark.parametrize("name", METHODS)
def test_the_same_history_gives_the_same_proposal_in_the_log(name: str, sweep: Sweep) -> None:
    first = proposal(name, sweep)
    torch.rand(3)
    again = proposal(name, sweep)
    assert first.values == again.values and identity(first.values) == identity(again.values)
    assert same(first.details) == same(again.details)
    assert json.loads(json.dumps(first.details, allow_nan=False)) == first.details
    assert first.details["method"] == name


@pytest.mark.parametrize("name", METHODS)
def test_a_proposal_is_new_and_whole(name: str, sweep: Sweep) -> None:
    sweep.tune(METHODS[name](CHAIN, SEED, {}), most=4)
    tried = [identity(trial.values) for trial in sweep.trials]
    assert len(sweep.trials) == 14 and len(set(tried)) == 14
    for trial in sweep.trials[10:]:
        assert set(trial.values) == set(CHAIN.from_unit(CHAIN.to_unit(trial.values)))
        assert trial.outcome is not None and trial.outcome.mismatches == ()


@pytest.mark.parametrize("name", METHODS)
def test_failed_trials_and_pending_ones_do_not_stop_a_method(name: str, sweep: Sweep) -> None:
    trials = [trial if trial.number % 3 else failed(trial) for trial in sweep.trials]
    pending = replace(sweep.trials[0], number=99, values={**sweep.trials[0].values, "tune.weight": 0.1}, outcome=None)
    told = replace(sweep.history([pending]), trials=tuple(trials))
    got = METHODS[name](CHAIN, SEED, {}).propose(told, sweep.pipeline, 100)
    assert identity(got.values) != identity(pending.values)


def failed(trial: Trial) -> Trial:
    assert trial.outcome is not None
    return replace(trial, outcome=replace(trial.outcome, status="failed", value=None))


@pytest.mark.parametrize("name", KINDS)
def test_without_two_good_trials_candidates_are_random(name: str) -> None:
    empty = Sweep(CHAIN, chain(), 500.0, warm_up=1)
    assert proposal(name, empty).details["note"] == "random: fewer than two trials have ended well"


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("warm_up", "constant"), [(1, False), (2, False), (5, True)])
def test_what_says_nothing_of_the_objective_gives_new_candidates_all_the_same(
    name: str, warm_up: int, constant: bool
) -> None:
    """Too few trials for a Gaussian process, or the same value in all: the score may be the same everywhere."""

    def tuned() -> list[dict[str, Any]]:
        pipeline = chain()
        if constant:
            pipeline._objective = lambda values: 0.5
        sweep = Sweep(CHAIN, pipeline, 5000.0, warm_up=warm_up)
        sweep.tune(METHODS[name](CHAIN, SEED, {}), most=3)
        return [trial.values for trial in sweep.trials]

    tried = tuned()
    assert len({identity(values) for values in tried}) == warm_up + 3
    assert tuned() == tried


def test_all_failed_and_no_trial_at_all_are_survived_by_tpe() -> None:
    sweep = Sweep(CHAIN, chain(), 500.0, warm_up=3)
    told = replace(sweep.history(), trials=tuple(map(failed, sweep.trials)))
    assert METHODS["tpe"](CHAIN, SEED, {}).propose(told, sweep.pipeline, 4).values
    assert METHODS["tpe"](CHAIN, SEED, {}).propose(replace(told, trials=()), sweep.pipeline, 1).values


def test_eeipu_pins_what_is_dear_and_says_from_where(sweep: Sweep) -> None:
    details = proposal("eeipu", sweep).details
    assert {"data.size", "train.rate"} <= set(details["prefix"]) and details["hits"] == ["data", "fetch", "train"]
    source = sweep.trials[details["from_trial"][0] - 1]
    got = proposal("eeipu", sweep).values
    assert all(got.get(key) == source.values.get(key) for key in details["prefix"])
    assert details["eta"] == 1.0
    assert details["costs"]["data"] == {side: pytest.approx(0.1) for side in ("low", "median", "high")}
    tune = details["costs"]["tune"]
    assert tune["low"] < tune["median"] < tune["high"] and 0.5 < tune["median"] < 2
    assert details["objective"]["sd"] > 0


def test_predicted_means_are_in_the_objectives_own_sign(sweep: Sweep) -> None:
    trials = [
        replace(trial, outcome=replace(trial.outcome, value=5 - (trial.outcome.value or 0)))
        for trial in sweep.trials
        if trial.outcome
    ]
    told = replace(sweep.history(), trials=tuple(trials), maximize=False)
    flipped = METHODS["eeipu"](CHAIN, SEED, {}).propose(told, sweep.pipeline, 11)
    straight = proposal("eeipu", sweep)
    assert flipped.details["objective"]["mean"] == pytest.approx(5 - straight.details["objective"]["mean"], abs=1e-3)


def test_the_ablations_differ_in_what_they_are_for(sweep: Sweep) -> None:
    assert proposal("eeipu-unclamped", sweep).details["prefix"] == []
    assert proposal("eeipu-unclamped", sweep).details["hits"] == ["fetch"]  # it reads no key
    blind = proposal("eeipu-no-memo", sweep).details
    assert blind["prefix"] == [] and blind["hits"] == [] and blind["costs"]["fetch"]["median"] == pytest.approx(2.0)
    assert list(proposal("eips", sweep).details["costs"]) == ["total"]
    assert proposal("ei", sweep).details["costs"] == {} and proposal("ei", sweep).details["eta"] is None
    assert proposal("ei-clamped", sweep).details["prefix"]


def test_cooling_leaves_ei_at_the_end_of_the_budget(sweep: Sweep) -> None:
    at_end = replace(sweep.history(), spent=sweep.budget)
    late = METHODS["eeipu"](CHAIN, SEED, {}).propose(at_end, sweep.pipeline, 11).details
    assert late["eta"] == 0.0 and late["prefix"] == []
    assert late["log_ei"] == pytest.approx(proposal("ei", sweep).details["log_ei"], abs=0.02)
    assert METHODS["eips"](CHAIN, SEED, {}).propose(at_end, sweep.pipeline, 11).details["eta"] == 1.0
    assert METHODS["carbo"](CHAIN, SEED, {}).propose(at_end, sweep.pipeline, 11).details["eta"] == 0.0


def test_objects_that_are_gone_are_costed_anew(sweep: Sweep) -> None:
    for trial in sweep.trials:
        for stage in ("fetch", "data", "train", "tune"):
            sweep.pipeline.forget(stage, trial.values)
    details = proposal("eeipu", sweep).details
    assert details["hits"] == [] and details["costs"]["data"]["median"] > 4


def test_the_memo_is_asked_of_the_candidate_itself(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that goes while a candidate is looked for is not counted on."""
    rows = {identity(trial.values) for trial in sweep.trials}
    foresee = sweep.pipeline.foresee

    def gone_later(values: Mapping[str, Any]) -> Foresight:
        return foresee(values) if identity(values) in rows else Foresight({}, frozenset())

    monkeypatch.setattr(sweep.pipeline, "foresee", gone_later)
    assert proposal("eeipu", sweep).details["hits"] == []


def test_what_restoring_costs_has_a_floor(sweep: Sweep) -> None:
    assert proposal("eeipu", sweep, epsilon=0.5).details["costs"]["data"]["median"] == pytest.approx(0.5)


def test_the_larger_epsilon_the_fewer_candidates_are_clamped() -> None:
    """A monotone fact of the original's logs: the memoized share falls from 0.79 at 0 to 0.05 at 10."""
    shares = []
    for epsilon in (0.0, 50.0):
        sweep = Sweep(DIAMOND, diamond(), 150.0, warm_up=8)
        sweep.tune(METHODS["eeipu"](DIAMOND, SEED, {"epsilon": epsilon}), most=6)
        shares.append(statistics.mean(bool(trial.details["hits"]) for trial in sweep.trials[8:]))
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.7 and shares[-1] < 0.3


def test_a_pending_trial_pushes_the_next_elsewhere_and_its_groups_are_no_hits() -> None:
    sweep = Sweep(DIAMOND, diamond(), 1000.0, warm_up=10)
    method = METHODS["ei"](DIAMOND, SEED, {})
    first = method.propose(sweep.history(), sweep.pipeline, 11)
    pending = Trial(11, first.values, False, sweep.pipeline.foresee(first.values), 0.0, {})
    second = method.propose(sweep.history([pending]), sweep.pipeline, 12)
    distance = max(abs(second.values[key] - first.values[key]) for key in DIAMOND.keys)
    assert distance > 0.02
    alone = method.propose(sweep.history(), sweep.pipeline, 12)
    assert max(abs(alone.values[key] - first.values[key]) for key in DIAMOND.keys) < distance
    aware = METHODS["eeipu"](DIAMOND, SEED, {}).propose(sweep.history([pending]), sweep.pipeline, 12)
    assert set(aware.details["hits"]) <= sweep.pipeline.foresee(aware.values).hits


def test_running_trials_have_their_part_of_the_budget() -> None:
    sweep = Sweep(DIAMOND, diamond(), 300.0, warm_up=10)
    values = DIAMOND.from_unit(DIAMOND.to_unit(sweep.trials[0].values) * 0.5)
    pending = Trial(11, values, False, sweep.pipeline.foresee(values), 0.0, {})
    method = METHODS["eeipu"](DIAMOND, SEED, {})
    cooled = method.propose(sweep.history([pending]), sweep.pipeline, 12).details["eta"]
    promised = (1 - cooled) * (sweep.budget - sweep.spent)
    assert promised == pytest.approx(
        sum(stage.cost for stage in sweep.pipeline.run(99, values, pending.foresight).stages), rel=0.1
    )


def test_where_trials_are_counted_running_ones_are_spent_already() -> None:
    sweep = Sweep(DIAMOND, diamond(), 30.0, warm_up=10)
    values = DIAMOND.from_unit(DIAMOND.to_unit(sweep.trials[0].values) * 0.5)
    pending = [Trial(11, values, False, sweep.pipeline.foresee(values), 0.0, {})]
    counted = replace(sweep.history(pending, spent=11.0), unit="trials", spent_by_warm_up=10.0)
    proposal = METHODS["eeipu"](DIAMOND, SEED, {}).propose(counted, sweep.pipeline, 12)
    assert proposal.details["eta"] == pytest.approx(19 / 20)


def test_a_used_up_space_is_proposed_from_again_at_random() -> None:
    from modelworks.eeipu.parameter import Parameter
    from modelworks.eeipu.simulated import Simulated, Stage

    space = Space({"a": Parameter("int", 1, 2), "b": Parameter("choice", choices=("x", "y"))})
    pipeline = Simulated(
        [Stage("only", ("a", "b"), lambda values: 1.0)], lambda values: values["a"] + (values["b"] == "x")
    )
    sweep = Sweep(space, pipeline, 100.0, warm_up=0)
    for a in (1, 2):
        for b in ("x", "y"):
            sweep.run({"a": a, "b": b})
    got = proposal("eeipu", sweep, space)
    assert got.details["note"] == "random: every candidate that was found has been tried"
    assert got.values in [trial.values for trial in sweep.trials]


def test_eeipu_gets_more_candidates_than_ei_for_the_same_budget() -> None:
    counts = {}
    for name in ("ei", "eeipu"):
        sweep = Sweep(CHAIN, chain(), 300.0, warm_up=8)
        counts[name] = sweep.tune(METHODS[name](CHAIN, 0, {}), most=40)
    assert counts["eeipu"] >= 1.5 * counts["ei"] > 0


def test_nearly_free_early_stages_leave_nothing_to_gain() -> None:
    """The negative control: what could be restored costs nothing anyway."""
    counts = {}
    for name in ("ei", "eeipu"):
        sweep = Sweep(CHAIN, chain(restore=0.0001, early=0.001), 18.0, warm_up=8)
        counts[name] = sweep.tune(METHODS[name](CHAIN, 0, {}), most=40)
    assert counts["eeipu"] <= 1.3 * counts["ei"]


def test_options_are_checked_and_all_faults_named() -> None:
    with pytest.raises(ValueError) as caught:
        METHODS["eeipu"](CHAIN, 0, {"n_row": 3, "n_rows": 0, "epsilon": -1.0, "steps": 2.5})
    assert str(caught.value).splitlines() == [
        "method.n_row is no option of eeipu; its options: "
        "n_rows, epsilon, n_samples, raw_samples, all_samples, restarts, steps",
        "method.n_rows must be a positive integer, got 0",
        "method.epsilon must be a number of at least 0, got -1.0",
        "method.steps must be a positive integer, got 2.5",
    ]
    with pytest.raises(ValueError, match=r"method\.n_rows is no option of tpe; its options: none"):
        METHODS["tpe"](CHAIN, 0, {"n_rows": 3})


def test_the_methods_are_these() -> None:
    expected = {"ei", "ei-clamped", "eips", "carbo", "eeipu", "eeipu-unclamped", "eeipu-no-memo", "tpe"}
    assert set(METHODS) == expected and len(METHODS) == 8
