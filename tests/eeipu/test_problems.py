"""Claims about the synthetic problems that methods are compared on."""

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from botorch.test_functions import Beale, Branin, Hartmann, Levy, Michalewicz

from modelworks.eeipu.landscapes import LANDSCAPES, Landscape
from modelworks.eeipu.problems import PROBLEMS, RESTORE, WARM_UP, Problem, stage_cost

SYNTHETIC = list(PROBLEMS.values())
NAMES = list(PROBLEMS)
BOTORCH: dict[str, Callable[[], torch.nn.Module]] = {
    "branin": lambda: Branin(negate=True, bounds=[(0, 10), (0, 10)]),
    "hartmann": lambda: Hartmann(dim=3, negate=True),
    "beale": lambda: Beale(negate=True),
    "levy": lambda: Levy(dim=2, negate=True),
    "michalewicz": lambda: Michalewicz(dim=2, negate=True),
}


def test_the_functions_are_those_of_botorch_negated() -> None:
    assert set(BOTORCH) == set(LANDSCAPES)
    for name, landscape in LANDSCAPES.items():
        points = np.random.default_rng(1).random((50, landscape.dimensions))
        low, high = landscape.domain
        expected = BOTORCH[name]()(torch.from_numpy(low + (high - low) * points)).numpy()
        np.testing.assert_allclose([landscape(point) for point in points], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("landscape", LANDSCAPES.values(), ids=list(LANDSCAPES))
def test_no_point_is_better_than_the_best_one(landscape: Landscape) -> None:
    generator = np.random.default_rng(2)
    near = np.clip(landscape.best_unit + generator.normal(0, 0.01, (2000, landscape.dimensions)), 0, 1)
    points = [*generator.random((20_000, landscape.dimensions)), *near]
    assert max(landscape(point) for point in points) <= landscape.optimum + 1e-5
    assert landscape(landscape.best_unit) == pytest.approx(landscape.optimum)


@pytest.mark.parametrize("problem", SYNTHETIC, ids=NAMES)
def test_the_known_best_candidate_of_a_problem_is_best(problem: Problem) -> None:
    space, generator = problem.space(), np.random.default_rng(3)
    assert problem.objective(problem.best) == pytest.approx(problem.optimum)
    best = space.to_unit(problem.best)
    near = [space.from_unit(best + generator.normal(0, 0.02, space.width)) for _ in range(500)]
    assert max(map(problem.objective, [*space.sample(generator, 2000), *near])) <= problem.optimum + 1e-4


def test_a_stage_costs_what_the_family_of_the_original_says() -> None:
    random.seed(100)  # stage 1, param 0
    random.randint(0, 3)
    scale, shift = random.randint(5, 20), random.randint(10, 50)
    low, high = stage_cost([0.0], 1), stage_cost([1.0], 1)
    assert low == pytest.approx(shift**2 / 500)  # the sine of 0
    assert high == pytest.approx((scale * np.sin(1.0) + shift) ** 2 / 500)
    assert stage_cost([0.0, 0.3], 1) != stage_cost([0.3, 0.0], 1)


@pytest.mark.parametrize("problem", SYNTHETIC, ids=NAMES)
def test_the_budget_is_about_ten_candidates_of_warm_up_and_twice_as_many_more(problem: Problem) -> None:
    pipeline = problem.pipeline()
    drawn = problem.space().sample(np.random.default_rng(4), 200)
    spent = [
        sum(stage.charged for stage in pipeline.run(number, values, pipeline.foresee(values)).stages)
        for number, values in enumerate(drawn)
    ]
    assert 30 <= problem.budget / np.mean(spent) <= 32
    assert WARM_UP * max(spent) < problem.budget


def test_early_stages_of_a_control_cost_less_than_restoring_them() -> None:
    controls = [problem for problem in SYNTHETIC if problem.control and problem.restore == RESTORE]
    assert len(controls) == 2
    for problem in controls:
        pipeline = problem.pipeline()
        for number, values in enumerate(problem.space().sample(np.random.default_rng(5), 50)):
            *early, last = pipeline.run(number, values, pipeline.foresee(values)).stages
            assert all(stage.cost < RESTORE for stage in early)
            assert last.cost > 20 * RESTORE
    constant, drawn = controls[1].pipeline(), controls[1].space().sample(np.random.default_rng(6), 9)
    assert {constant.run(0, values, constant.foresee(values)).stages[-1].cost for values in drawn} == {2.8}


def test_a_control_has_early_stages_that_are_worth_restoring_and_nearly_free() -> None:
    problem = PROBLEMS["nearly-free-early-stages"]
    pipeline, saved, whole = problem.pipeline(), [], []
    for number, values in enumerate(problem.space().sample(np.random.default_rng(7), 50)):
        *early, last = pipeline.run(number, values, pipeline.foresee(values)).stages
        saved.append(sum(stage.cost for stage in early) - len(early) * problem.restore)
        whole.append(last.cost + sum(stage.cost for stage in early))
    assert min(saved) > 0 and np.mean(saved) < 0.05 * np.mean(whole)
    twice = pipeline.run(50, values, pipeline.foresee(values)).stages
    assert [stage.charged for stage in twice] == [problem.restore] * 3


def test_in_a_graph_an_edge_loses_what_its_stages_are_tuned_apart_and_nothing_where_they_agree() -> None:
    problem = PROBLEMS["diamond"]

    def lost_by_edges(values: dict[str, float]) -> float:
        points = [(step.landscape, np.array([values[key] for key in step.keys])) for step in problem.steps]
        own = sum(landscape.optimum - landscape(point) for landscape, point in points)
        return problem.optimum - problem.objective(values) - own

    wrong = dict(problem.best) | {"source.x2": problem.best["source.x2"] + 0.2}  # the mean of the two is 0.1 off
    assert lost_by_edges(wrong) == pytest.approx(2 * 2.0 * 0.1**2)
    followed = wrong | {key: value + 0.1 for key, value in wrong.items() if not key.startswith("source")}
    assert lost_by_edges(followed) == pytest.approx(0, abs=1e-12)


def test_in_a_graph_the_cost_of_a_stage_depends_on_its_inputs() -> None:
    for name, reader, read in (("diamond", "join", "left.x1"), ("fork", "words", "tokenizer.x1")):
        pipeline, values = PROBLEMS[name].pipeline(), dict(PROBLEMS[name].best)
        first, second = (
            pipeline.run(number, values | {read: value}, pipeline.foresee(values))
            for number, value in enumerate((0.0, 1.0))
        )
        costs = [{stage.stage: stage.cost for stage in outcome.stages}[reader] for outcome in (first, second)]
        assert costs[0] < costs[1]


def test_both_branches_of_the_diamond_are_restored_without_the_join() -> None:
    problem = PROBLEMS["diamond"]
    pipeline, values = problem.pipeline(), dict(problem.best)
    pipeline.run(0, values, pipeline.foresee(values))
    assert pipeline.foresee(values | {"join.x1": 0.1}).hits == {"source", "left", "right"}
    assert pipeline.foresee(values | {"left.x1": 0.1}).hits == {"source", "right"}
    assert pipeline.foresee(values | {"source.x1": 0.1}).hits == set()
