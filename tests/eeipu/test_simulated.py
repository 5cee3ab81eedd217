"""The simulated pipeline: its memo is exact, its costs are its functions, and it comes back from a log."""

import math
from dataclasses import replace
from typing import Any

import pytest

from modelworks.eeipu.simulated import Simulated, Stage
from modelworks.eeipu.trial import Outcome, Trial, Values


def diamond(objective: Any = lambda values: values["a"] + values["c"]) -> Simulated:
    """data -> left, right -> join: two stages that depend on the same keys, a group of its own for each branch."""
    return Simulated(
        [
            Stage("data", ("a",), lambda values: 10.0 * values["a"]),
            Stage("left", ("b",), lambda values: 2.0, ("data",)),
            Stage("count", (), lambda values: 0.5, ("left",)),
            Stage("right", ("c",), lambda values: values["a"] + values["c"], ("data",)),
            Stage("join", (), lambda values: 1.0, ("left", "right")),
        ],
        objective,
        restore=0.25,
    )


def build(pipeline: Simulated, number: int, values: Values) -> Outcome:
    return pipeline.run(number, values, pipeline.foresee(values))


def costs(outcome: Outcome) -> dict[str, tuple[bool, float, float]]:
    return {stage.stage: (stage.ran, stage.cost, stage.charged) for stage in outcome.stages}


def test_stages_that_depend_on_the_same_keys_are_one_group() -> None:
    groups = {group.name: (group.keys, group.stages) for group in diamond().groups}
    assert groups == {
        "data": (("a",), ("data",)),
        "left": (("a", "b"), ("left", "count")),
        "right": (("a", "c"), ("right",)),
        "join": (("a", "b", "c"), ("join",)),
    }
    assert diamond().restore_cost("left") == 0.5


def test_what_shares_its_values_is_restored_for_the_restore_cost_and_keeps_its_cost() -> None:
    pipeline = diamond()
    assert all(ran for ran, _, _ in costs(build(pipeline, 1, {"a": 1, "b": 1, "c": 1})).values())
    second = {"a": 1, "b": 1, "c": 2}
    foreseen = pipeline.foresee(second)
    assert foreseen.hits == {"data", "left"}
    assert costs(pipeline.run(2, second, foreseen)) == {
        "data": (False, 10.0, 0.25),
        "left": (False, 2.0, 0.25),
        "count": (False, 0.5, 0.25),
        "right": (True, 3.0, 3.0),
        "join": (True, 1.0, 1.0),
    }
    assert pipeline.counts == {"foreseen": 3, "restored": 3}


def test_an_int_and_the_float_of_the_same_size_are_two_values() -> None:
    pipeline = diamond()
    build(pipeline, 1, {"a": 1, "b": 1, "c": 1})
    assert pipeline.foresee({"a": 1.0, "b": 1, "c": 1}).hits == set()


def test_an_inactive_key_is_a_value_of_its_own() -> None:
    pipeline = diamond()
    build(pipeline, 1, {"a": 1, "c": 1})
    assert pipeline.foresee({"a": 1, "c": 2}).hits == {"data", "left"}
    assert pipeline.foresee({"a": 1, "b": 1, "c": 1}).hits == {"data", "right"}


def test_a_result_that_is_gone_runs_again_and_one_that_goes_after_the_proposal_is_a_mismatch() -> None:
    pipeline = diamond()
    values = {"a": 1, "b": 1, "c": 1}
    build(pipeline, 1, values)
    pipeline.forget("data", values)
    assert pipeline.foresee(values).stages["data"] == "run"
    build(pipeline, 2, values)
    foreseen = pipeline.foresee(values)
    pipeline.forget("left", values)
    assert pipeline.run(3, values, foreseen).mismatches == ("left: foreseen to restore, but it ran",)


def test_what_another_trial_has_built_since_the_proposal_is_no_mismatch() -> None:
    pipeline = diamond()
    values = {"a": 1, "b": 1, "c": 1}
    foreseen = pipeline.foresee(values)
    build(pipeline, 1, values)
    outcome = pipeline.run(2, values, foreseen)
    assert outcome.mismatches == ()
    assert not any(stage.ran for stage in outcome.stages)


def test_a_failing_objective_fails_the_last_stage_only_and_it_is_not_memoized() -> None:
    pipeline = diamond(lambda values: 1 / 0)
    values = {"a": 1, "b": 1, "c": 1}
    outcome = build(pipeline, 1, values)
    assert (outcome.status, outcome.value) == ("failed", None)
    assert outcome.error == "ZeroDivisionError: division by zero"
    assert pipeline.foresee(values).hits == {"data", "left", "right"}
    assert costs(build(pipeline, 2, values))["join"] == (True, 1.0, 1.0)


def test_an_objective_that_is_no_number_is_a_diverged_trial() -> None:
    outcome = build(diamond(lambda values: math.nan), 1, {"a": 1, "b": 1, "c": 1})
    assert (outcome.status, outcome.value, outcome.error) == ("diverged", None, "the objective is nan")


def test_the_memo_comes_back_from_the_trials_of_a_log() -> None:
    first, again = diamond(), diamond()
    values: dict[str, Any] = {"a": 1, "b": 1, "c": 1}
    trial = Trial(1, values, False, first.foresee(values), 0.0, {})
    again.replay([replace(trial, outcome=build(first, 1, values)), replace(trial, number=2)])
    assert again.foresee({**values, "c": 3}) == first.foresee({**values, "c": 3})
    assert again.foresee(values).hits == {"data", "left", "right", "join"}


def test_a_stage_before_its_input_is_refused() -> None:
    with pytest.raises(ValueError, match="stage b: its input a must come before it"):
        Simulated([Stage("b", (), lambda values: 1.0, ("a",))], lambda values: 0.0)
