"""The score is log EI + eta * log E[1 / sum of costs], and agrees with brute force."""

import math

import numpy as np
import pytest
import torch
from botorch.acquisition import LogExpectedImprovement

from modelworks.eeipu.acquisition import (
    Acquisition,
    cooling,
    log_expected_improvement,
    log_inverse_cost,
    standard_normals,
)
from modelworks.eeipu.surrogates import Constant, Process, fit
from tests.eeipu.test_surrogates import ALL, model_of, table

MEAN = torch.tensor([[0.5, -1.0, 2.0]], dtype=torch.float64)
SD = torch.tensor([[0.8, 0.3, 0.6]], dtype=torch.float64)
NONE = torch.zeros(1, 3, dtype=torch.bool)
RESTORES = torch.log(torch.tensor([0.1, 0.1, 0.1], dtype=torch.float64))


def brute(hits: list[bool]) -> np.ndarray:
    """A million draws of the sum of costs."""
    rng = np.random.default_rng(0)
    costs = np.exp(MEAN.numpy() + SD.numpy() * rng.standard_normal((1_000_000, 3)))
    return np.where(hits, 0.1, costs).sum(1)


@pytest.mark.parametrize("hits", [[False, False, False], [True, False, False], [True, True, False]])
def test_quasi_monte_carlo_agrees_with_brute_force(hits: list[bool]) -> None:
    got = log_inverse_cost(MEAN, SD, torch.tensor([hits]), RESTORES, standard_normals(512, 3, 0))
    assert float(got) == pytest.approx(math.log((1 / brute(hits)).mean()), abs=0.01)


def test_it_is_the_expectation_of_the_reciprocal_of_the_sum() -> None:
    costs = np.exp(MEAN.numpy() + SD.numpy() * np.random.default_rng(0).standard_normal((1_000_000, 3)))
    got = float(log_inverse_cost(MEAN, SD, NONE, RESTORES, standard_normals(512, 3, 0)))
    assert abs(got - math.log((1 / costs).mean(0).sum())) > 1  # not the sum of reciprocals
    assert abs(got + math.log(costs.sum(1).mean())) > 0.05  # not the reciprocal of the expected sum


def test_a_hit_costs_what_restoring_it_takes() -> None:
    got = log_inverse_cost(MEAN, SD, ~NONE, RESTORES, standard_normals(64, 3, 0))
    assert float(got) == pytest.approx(-math.log(0.3))


def test_log_ei_is_botorchs_and_finite_where_ei_is_zero() -> None:
    process = fit(table(), ALL, 0, [], "objective")
    assert isinstance(process, Process)
    x = torch.rand(20, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    reference = LogExpectedImprovement(model_of(process), best_f=107.0)
    torch.testing.assert_close(
        log_expected_improvement(process, 107.0, x), reference(x.unsqueeze(1)).detach(), rtol=1e-4, atol=1e-4
    )
    hopeless = log_expected_improvement(process, 1e4, x)
    assert torch.isfinite(hopeless).all() and float(hopeless.max()) < -1000


def acquisition(eta: float, restore: float = 0.1) -> Acquisition:
    process = fit(table(), ALL, 0, [], "objective")
    costs = (Constant(3.0, 0.01), Constant(1.0, 0.01))
    restores = torch.full((2,), math.log(restore), dtype=torch.float64)
    return Acquisition(process, 108.0, costs, restores, standard_normals(128, 2, 0), eta)


def test_cost_decides_at_eta_1_and_ei_alone_at_eta_0() -> None:
    x = torch.tensor([[0.3, 0.9, 0.5, 0.5], [0.36, 0.95, 0.5, 0.5]], dtype=torch.float64)
    x = x[torch.argsort(log_expected_improvement(acquisition(0).objective, 108.0, x))]  # the second has the larger EI
    hits = torch.tensor([[True, False], [False, False]])
    assert int(acquisition(1.0)(x, hits).argmax()) == 0
    assert int(acquisition(0.0)(x, hits).argmax()) == 1
    terms = acquisition(0.5).terms(x, hits)
    torch.testing.assert_close(acquisition(0.5)(x, hits), terms.log_ei + 0.5 * terms.log_inverse_cost)


def test_the_dearer_restoring_is_the_less_a_hit_gains() -> None:
    x = torch.full((1, 4), 0.5, dtype=torch.float64)
    hit, miss = torch.tensor([[True, False]]), torch.tensor([[False, False]])
    gains = [
        float(acquisition(1.0, eps)(x, hit) - acquisition(1.0, eps)(x, miss)) for eps in (0.01, 0.1, 1, 10, 20, 40)
    ]
    assert gains == sorted(gains, reverse=True) and gains[0] > 0 > gains[-1]


def test_cooling_falls_from_one_to_zero_and_stays_there() -> None:
    assert cooling(200, 40, 40) == 1.0
    assert cooling(200, 120, 40) == 0.5
    assert cooling(200, 203, 40) == 0.0  # the last trial overshoots
    assert cooling(200, 20, 40) == 1.0
    assert cooling(30, 40, 40) == 0.0
