"""The search finds the best score over all prefixes, and what it returns can be tried as it stands."""

import math

import numpy as np
import pytest
import torch

from modelworks.eeipu.acquisition import Acquisition, standard_normals
from modelworks.eeipu.observations import objective_table, points
from modelworks.eeipu.parameter import identity
from modelworks.eeipu.prefixes import Prefix, pool
from modelworks.eeipu.search import Effort, ascend, held_columns, one_hot, raw_points, search, settle
from modelworks.eeipu.surrogates import Constant, Surrogate, fit
from tests.eeipu.histories import CHAIN, DIAMOND, Sweep, chain, diamond

EMPTY = Prefix(frozenset(), {}, (), frozenset())


def scored(sweep: Sweep, space: object, eta: float, cost: float = 10.0, restore: float = 0.1) -> Acquisition:
    """A score with the objective that the sweep has seen; all groups but the last, which costs 1, cost the same."""
    table = objective_table(space, sweep.history())  # type: ignore[arg-type]
    objective = fit(table, list(range(table.x.shape[1])), 0, [], "objective")
    groups = len(sweep.pipeline.groups)
    early: tuple[Surrogate, ...] = (Constant(math.log(cost), 1e-4),) * (groups - 1)
    costs = (*early, Constant(0.0, 1e-4))
    restores = torch.full((groups,), math.log(restore), dtype=torch.float64)
    return Acquisition(objective, float(table.y.max()), costs, restores, standard_normals(64, groups, 0), eta)


def run(space, sweep: Sweep, acquisition: Acquisition, prefixes, known: set[str] | None = None, seed: int = 0):
    near = points(space, sweep.trials[:3])
    rng = np.random.default_rng(seed)
    return search(space, sweep.pipeline.groups, acquisition, prefixes, near, known or set(), rng, Effort())


@pytest.fixture(scope="module")
def on_diamond() -> Sweep:
    return Sweep(DIAMOND, diamond(), 100.0, warm_up=12)


@pytest.fixture(scope="module")
def on_chain() -> Sweep:
    return Sweep(CHAIN, chain(), 200.0, warm_up=10)


def prefixes_of(space, sweep: Sweep) -> list[Prefix]:
    return pool(space, sweep.pipeline.groups, sweep.trials[:5], sweep.pipeline)


def test_pinned_values_come_back_bit_equal(on_chain: Sweep) -> None:  # the original's defect iii
    prefixes = prefixes_of(CHAIN, on_chain)
    found = run(CHAIN, on_chain, scored(on_chain, CHAIN, 1.0), prefixes)
    clamped = [candidate for candidate in found if candidate.prefix.keys]
    assert len(clamped) >= len(prefixes) - 1
    for candidate in clamped:
        for key, value in candidate.prefix.pinned.items():
            assert candidate.values[key] is value
        assert candidate.hits == candidate.prefix.hits
        assert on_chain.pipeline.foresee(candidate.values).hits >= candidate.hits


def test_settling_copies_where_decoding_would_differ() -> None:
    value = next(v for v in np.random.default_rng(0).random(1000).tolist() if _decoded(v) != v * 1e-1 + 1e-4)
    raw = value * 1e-1 + 1e-4
    values = {"data.size": 50, "train.rate": raw, "train.optimizer": "adamw", "tune.weight": 0.1}
    point = CHAIN.to_unit(values)
    assert CHAIN.from_unit(point)["train.rate"] != raw
    assert (
        settle(CHAIN, point, Prefix(frozenset({"train.rate"}), {"train.rate": raw}, (1,), frozenset()))["train.rate"]
        == raw
    )


def _decoded(value: float) -> float:
    raw = value * 1e-1 + 1e-4
    values = {"data.size": 50, "train.rate": raw, "train.optimizer": "adamw", "tune.weight": 0.1}
    return CHAIN.from_unit(CHAIN.to_unit(values))["train.rate"]


def test_one_prefix_does_not_leak_into_another(on_diamond: Sweep) -> None:  # the original's defect i
    prefixes = prefixes_of(DIAMOND, on_diamond)
    held, columns = held_columns(DIAMOND, prefixes)
    assert not held[0].any()
    assert [int(row.sum()) for row in held] == [len(prefix.keys) for prefix in prefixes]
    found = run(DIAMOND, on_diamond, scored(on_diamond, DIAMOND, 0.0), prefixes)
    alone = run(DIAMOND, on_diamond, scored(on_diamond, DIAMOND, 0.0), prefixes[:1])
    free = [candidate for candidate in found if not candidate.prefix.keys]
    assert free[0].score == pytest.approx(alone[0].score, abs=1e-3)
    again = held_columns(DIAMOND, prefixes)
    assert np.array_equal(again[0], held) and np.array_equal(again[1], columns)


def test_the_search_leaves_the_box_of_what_was_seen() -> None:  # the original's defect ii
    sweep = Sweep(DIAMOND, diamond(), 100.0, warm_up=0)
    for values in DIAMOND.sample(np.random.default_rng(0), 12):
        sweep.run({key: 0.5 + value / 3 for key, value in values.items()})
    best = run(DIAMOND, sweep, scored(sweep, DIAMOND, 0.0), [EMPTY])[0]
    assert min(best.values.values()) < 0.5  # the optimum is at 0.3, everything seen above 0.5


def test_free_hits_win_when_cost_counts_and_ei_alone_decides_when_it_does_not(on_diamond: Sweep) -> None:
    prefixes = prefixes_of(DIAMOND, on_diamond)
    dear = run(DIAMOND, on_diamond, scored(on_diamond, DIAMOND, 1.0, cost=1e4, restore=1e-3), prefixes)[0]
    assert len(dear.hits) >= 3
    cooled = run(DIAMOND, on_diamond, scored(on_diamond, DIAMOND, 0.0, cost=1e4, restore=1e-3), prefixes)[0]
    alone = run(DIAMOND, on_diamond, scored(on_diamond, DIAMOND, 0.0), [EMPTY])[0]
    assert cooled.prefix.keys == frozenset()
    assert cooled.score == pytest.approx(alone.score, abs=1e-3)


def test_the_dearer_restoring_the_fewer_hits_are_chosen(on_diamond: Sweep) -> None:
    prefixes = prefixes_of(DIAMOND, on_diamond)
    hits = [
        len(run(DIAMOND, on_diamond, scored(on_diamond, DIAMOND, 1.0, cost=10.0, restore=restore), prefixes)[0].hits)
        for restore in (0.01, 0.1, 1.0, 5.0, 20.0)
    ]
    assert hits == sorted(hits, reverse=True) and hits[0] >= 2 and hits[-1] == 0


def test_no_random_point_scores_better(on_diamond: Sweep) -> None:
    acquisition = scored(on_diamond, DIAMOND, 0.0)
    best = run(DIAMOND, on_diamond, acquisition, [EMPTY])[0]
    x = torch.rand(50_000, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    hits = torch.zeros(len(x), len(on_diamond.pipeline.groups), dtype=torch.bool)
    assert best.score >= float(acquisition(x, hits).max()) - 1e-6


def test_held_columns_do_not_move_at_all(on_diamond: Sweep) -> None:
    start = np.random.default_rng(0).random((6, 4))
    fixed = np.random.default_rng(1).random((6, 4)) < 0.5
    hits = torch.zeros(6, len(on_diamond.pipeline.groups), dtype=torch.bool)
    acquisition = scored(on_diamond, DIAMOND, 0.0)
    moved = ascend(acquisition, start, fixed, hits, 200)
    x = torch.from_numpy(moved).requires_grad_()
    (slope,) = torch.autograd.grad(acquisition(x, hits).sum(), x)
    inner = ~fixed & (moved > 0) & (moved < 1)
    assert inner.any() and float(slope[torch.from_numpy(inner)].abs().max()) < 1e-3  # the top, given what is held
    assert np.array_equal(moved[fixed], start[fixed])
    assert not np.isclose(moved[~fixed], start[~fixed]).all()
    assert moved.min() >= 0 and moved.max() <= 1


def test_what_has_been_tried_is_not_proposed(on_diamond: Sweep) -> None:
    acquisition = scored(on_diamond, DIAMOND, 1.0)
    prefixes = prefixes_of(DIAMOND, on_diamond)
    first = run(DIAMOND, on_diamond, acquisition, prefixes)
    again = run(DIAMOND, on_diamond, acquisition, prefixes, known={identity(first[0].values)})
    assert [candidate.values for candidate in again] == [candidate.values for candidate in first[1:]]


def test_candidates_are_whole_ints_choices_and_active_keys_only(on_chain: Sweep) -> None:
    found = run(CHAIN, on_chain, scored(on_chain, CHAIN, 0.5), prefixes_of(CHAIN, on_chain))
    for candidate in found:
        assert type(candidate.values["data.size"]) is int
        assert ("train.momentum" in candidate.values) == (candidate.values["train.optimizer"] == "muon")
        assert np.array_equal(candidate.point, CHAIN.to_unit(candidate.values))
    assert {candidate.values["train.optimizer"] for candidate in found} == {"adamw", "muon"}


def test_scores_are_those_of_the_rounded_values(on_chain: Sweep) -> None:
    acquisition = scored(on_chain, CHAIN, 0.5)
    for candidate in run(CHAIN, on_chain, acquisition, prefixes_of(CHAIN, on_chain)):
        hits = torch.tensor([[group.name in candidate.hits for group in on_chain.pipeline.groups]])
        score = acquisition(torch.from_numpy(CHAIN.to_unit(candidate.values)).unsqueeze(0), hits)
        assert candidate.score == pytest.approx(score.item(), abs=1e-9)


def test_raw_points_fill_the_cube_and_choices_are_decided() -> None:
    raw = raw_points(CHAIN.width, np.full((2, CHAIN.width), 0.9), np.random.default_rng(0), 64)
    assert raw.shape == (64 + 16, CHAIN.width) and raw.min() >= 0 and raw.max() <= 1
    decided = one_hot(CHAIN, raw)
    choice = CHAIN.columns("train.optimizer")
    assert np.array_equal(np.sort(decided[:, choice], axis=1), np.tile([0.0, 1.0], (80, 1)))
    assert not np.shares_memory(decided, raw)
    others = np.delete(np.arange(CHAIN.width), range(CHAIN.width)[choice])
    assert np.array_equal(decided[:, others], raw[:, others])


def test_a_method_without_prefixes_looks_at_no_fewer_points() -> None:
    assert Effort().samples(1) == 512
    assert Effort().samples(3) * 3 >= 512
    assert Effort().samples(30) == 64
