"""Surrogates are BoTorch's, predicted in closed form, and learn from each measurement once."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from botorch.exceptions import ModelFittingError
from botorch.models import SingleTaskGP
from botorch.models.utils.gpytorch_modules import (
    get_gaussian_likelihood_with_gamma_prior,
    get_matern_kernel_with_gamma_prior,
)
from gpytorch.mlls import ExactMarginalLogLikelihood

from modelworks.eeipu import surrogates
from modelworks.eeipu.observations import (
    Table,
    cost_table,
    objective_table,
    points,
    total_cost_table,
)
from modelworks.eeipu.surrogates import Constant, Process, fit, unfitted
from modelworks.eeipu.trial import Group, Outcome, StageCost, Trial, ranked
from tests.eeipu.histories import CHAIN, DIAMOND, history, trial

ALL = list(range(4))


def table(n: int = 30, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    x = rng.random((n, 4))
    return Table(x, 100 + 7 * np.sin(4 * x[:, 0]) + 3 * x[:, 1] ** 2 + 0.1 * rng.standard_normal(n))


def model_of(process: Process) -> SingleTaskGP:
    """The same posterior in BoTorch, which standardises for itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = process.offset + process.scale * process.y
        model = SingleTaskGP(
            process.x,
            raw.unsqueeze(-1),
            likelihood=get_gaussian_likelihood_with_gamma_prior(),
            covar_module=get_matern_kernel_with_gamma_prior(process.x.shape[-1]),
        )
    model.mean_module.constant.data.copy_(process.mean)
    model.covar_module.base_kernel.lengthscale = process.lengthscale
    model.covar_module.outputscale = process.outputscale
    model.likelihood.noise = process.variance
    return model.eval()


def values(**changed: float) -> dict[str, Any]:
    return {"s.x": 0.1, "l.x": 0.2, "r.x": 0.3, "j.x": 0.4, **{f"{key}.x": value for key, value in changed.items()}}


def test_the_closed_form_is_botorchs_posterior_with_outcomes_standardised_once() -> None:
    process = fit(table(), ALL, 0, [], "objective")
    assert isinstance(process, Process)
    x = torch.rand(50, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    posterior = model_of(process).posterior(x)
    mean, variance = process.predict(x)
    torch.testing.assert_close(mean, posterior.mean.squeeze(-1), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(variance, posterior.variance.squeeze(-1), rtol=1e-5, atol=1e-6)
    assert float((mean - 104).abs().max()) < 12  # in the outcome's own units


def test_the_loss_and_its_gradient_are_gpytorchs() -> None:
    data = table()
    x, y = torch.from_numpy(data.x), torch.from_numpy((data.y - data.y.mean()) / data.y.std(ddof=1))
    model = unfitted(x, y)
    model.covar_module.base_kernel.lengthscale = torch.tensor([0.3, 0.8, 2.0, 1.0], dtype=torch.float64)
    model.covar_module.outputscale = torch.tensor(1.7, dtype=torch.float64)
    model.likelihood.noise, model.mean_module.constant.data = torch.tensor(0.02), torch.tensor(0.3, dtype=torch.float64)
    mll = ExactMarginalLogLikelihood(model.likelihood, model).train()
    expected = -mll(model(x), y)
    expected.backward()
    named = dict(mll.named_parameters())
    assert len(named) == 4
    value, gradients = surrogates.loss(model, x, y, list(named))
    assert float(value) == pytest.approx(expected.item(), abs=1e-6)
    for gradient, parameter in zip(gradients, named.values(), strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(gradient, parameter.grad)


def test_a_fit_reaches_what_botorchs_own_closure_reaches() -> None:
    from botorch.fit import fit_gpytorch_mll

    data = table()
    x, y = torch.from_numpy(data.x), torch.from_numpy((data.y - data.y.mean()) / data.y.std(ddof=1))
    model = unfitted(x, y)
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    process = fit(data, ALL, 0, [], "objective")
    assert isinstance(process, Process)
    ours = surrogates.loss(_with(process), x, y, [])[0]
    assert float(ours) == pytest.approx(float(surrogates.loss(model, x, y, [])[0]), abs=1e-4)


def test_the_gradient_of_a_prediction_is_finite_where_something_was_observed() -> None:
    process = fit(table(), ALL, 0, [], "objective")
    assert isinstance(process, Process)
    x = process.x[:5].clone().requires_grad_()
    mean, variance = process.predict(x)
    (gradient,) = torch.autograd.grad((mean + variance).sum(), x)
    assert torch.isfinite(gradient).all()


def _with(process: Process) -> SingleTaskGP:
    model = model_of(process)
    model.mean_module.constant.requires_grad_(False)
    return model


def test_fitting_twice_gives_the_same_surrogate_whatever_the_global_random_state() -> None:
    torch.manual_seed(1)
    first = fit(table(), ALL, 3, [], "objective")
    torch.manual_seed(2)
    state = torch.random.get_rng_state()
    second = fit(table(), ALL, 3, [], "objective")
    assert isinstance(first, Process) and isinstance(second, Process)
    assert torch.equal(first.lengthscale, second.lengthscale) and torch.equal(first.weights, second.weights)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_failed_fit_falls_back_to_the_initial_values_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ModelFittingError("no")

    monkeypatch.setattr(surrogates, "fit_gpytorch_mll", fails)
    notes: list[str] = []
    process = fit(table(), ALL, 0, notes, "cost of train")
    assert isinstance(process, Process) and torch.isfinite(process.weights).all()
    assert notes == ["cost of train: not fitted, BoTorch's initial values are used (ModelFittingError)"]


def test_nearly_constant_and_scarce_figures_have_constant_models() -> None:
    data = table(5)
    same = Table(data.x, np.full(5, math.log(3)) + 1e-4 * np.arange(5))
    assert isinstance(fit(same, ALL, 0, [], "cost", least=surrogates.NEARLY_CONSTANT), Constant)
    assert isinstance(fit(Table(data.x[:2], data.y[:2]), ALL, 0, [], "cost"), Constant)
    assert isinstance(fit(data, [], 0, [], "cost"), Constant)
    assert isinstance(fit(same, ALL, 0, [], "objective"), Process)  # a small difference of objectives is one
    mean, variance = fit(Table(data.x, np.full(5, 2.0)), ALL, 0, [], "cost").predict(torch.rand(3, 4))
    assert mean.tolist() == [2.0] * 3 and variance.tolist() == [0.0] * 3


def test_what_is_believed_of_a_pending_trial_leaves_no_doubt_there_and_the_mean_as_it_was() -> None:
    process = fit(table(), ALL, 0, [], "objective")
    x = torch.full((1, 4), 0.95, dtype=torch.float64)
    mean, variance = process.predict(x)
    again, less = process.given(x, mean).predict(x)
    assert float(again) == pytest.approx(float(mean), rel=1e-6)
    assert float(less) < 0.2 * float(variance)


def test_candidates_are_normalised_by_the_space_not_by_what_was_seen() -> None:  # the original's defect ii
    inner = [trial(i, values(s=0.4 + 0.05 * i), 1.0) for i in range(3)]
    assert points(DIAMOND, inner)[:, 0].tolist() == pytest.approx([0.4, 0.45, 0.5])


def test_failed_and_diverged_trials_count_as_the_worst_that_finished() -> None:
    trials = [trial(1, values(s=0.1), 3.0), trial(2, values(s=0.2), None), trial(3, values(s=0.3), 5.0)]
    trials.append(trial(4, values(s=0.4), float("nan")))
    assert objective_table(DIAMOND, history(trials)).y.tolist() == [3.0, 3.0, 5.0, 3.0]
    assert objective_table(DIAMOND, history(trials, maximize=False)).y.tolist() == [-3.0, -5.0, -5.0, -5.0]


def test_the_best_rows_include_the_warm_up_and_ties_go_by_number() -> None:  # the original's defect v
    trials = [
        trial(number, values(s=0.1 * number), value) for number, value in ((3, 1.0), (1, 1.0), (2, 2.0), (4, None))
    ]
    trials.append(Trial(5, values(s=0.5), True, trials[0].foresight, 0.0, {}, Outcome("ok", 9.0, ())))
    assert [row.number for row in ranked(trials, maximize=True)] == [5, 2, 1, 3]
    assert [row.number for row in ranked(trials, maximize=False)] == [1, 3, 2, 5]


def test_costs_of_a_group_are_learned_from_its_own_and_upstream_keys() -> None:  # the original's defect iv
    left = Group("left", ("l.x", "s.x"), ("left",))
    rng = np.random.default_rng(0)
    trials = []
    for number, row in enumerate(rng.random((40, 4))):
        given = dict(zip(DIAMOND.keys, row.tolist(), strict=True))
        trials.append(trial(number, given, 1.0, {"left": math.exp(2 * given["s.x"] + given["l.x"])}))
    learned = cost_table(DIAMOND, history(trials, [left]), left)
    process = fit(learned, [0, 1], 0, [], "cost of left")
    probe = torch.from_numpy(points(DIAMOND, [trial(0, values(s=0.9), 1.0), trial(0, values(s=0.9, r=0.8), 1.0)]))
    mean, _ = process.predict(probe)
    assert float(mean[0]) == pytest.approx(2 * 0.9 + 0.2, abs=0.1)
    assert float(mean[0]) == pytest.approx(float(mean[1]), rel=1e-12)  # what it does not depend on does not matter


def test_a_restored_measurement_is_learned_once() -> None:
    left = Group("left", ("l.x", "s.x"), ("left",))
    trials = [trial(i, values(r=0.1 * i), 1.0, {"left": 4.0}) for i in range(5)]
    learned = cost_table(DIAMOND, history(trials, [left]), left)
    assert learned.x.shape == (1, 4) and learned.y.tolist() == [pytest.approx(math.log(4.0))]


def test_only_groups_that_a_trial_completed_have_costs() -> None:
    both = Group("both", ("s.x",), ("a", "b"))
    part = trial(1, values(), 1.0, {"a": 2.0})
    assert part.costs([both]) == {}
    assert trial(1, values(), 1.0, {"a": 2.0, "b": 3.0}).costs([both]) == {"both": 5.0}
    failed = Outcome(
        "failed", None, (StageCost("a", "both", "k", True, 2.0, 2.0), StageCost("b", "both", None, True, 1.0, 1.0))
    )
    assert Trial(1, values(), False, part.foresight, 0.0, {}, failed).costs([both]) == {}
    assert len(total_cost_table(DIAMOND, history([part], [both])).y) == 0


def test_a_negative_cost_is_an_error_and_a_free_stage_is_not() -> None:  # the original's defect vi
    group = Group("a", ("s.x",), ("a",))
    with pytest.raises(
        ValueError, match=r"trial 7: stage a has the cost -1.0; a cost is 0 or more: see the ledger's entry"
    ):
        cost_table(DIAMOND, history([trial(7, values(), 1.0, {"a": -1.0})], [group]), group)
    free = [trial(1, values(), 1.0, {"a": 0.0}), trial(2, values(s=0.9), 1.0, {"a": 10.0})]
    assert cost_table(DIAMOND, history(free, [group]), group).y.tolist() == pytest.approx(
        [math.log(1e-5), math.log(10)]
    )


def test_an_inactive_key_is_half_in_the_cube() -> None:
    given = {"data.size": 100, "train.rate": 1e-3, "train.optimizer": "adamw", "tune.weight": 0.5}
    assert points(CHAIN, [trial(1, given, 1.0)])[0][CHAIN.columns("train.momentum")].tolist() == [0.5]
