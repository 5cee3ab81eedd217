"""The score of a candidate: log EI(x) + eta * log E[1 / C(x)], C the sum of what its groups of stages cost.

EEIPU (arXiv 2411.03731): the expectation is of the reciprocal of the *sum*, over the cost posteriors, where a group
that is restored costs what restoring it takes. In logarithms, because EI underflows.
"""

import math
from dataclasses import dataclass

import torch
from botorch.acquisition.analytic import _log_ei_helper
from botorch.utils.sampling import draw_sobol_normal_samples
from torch import Tensor

from modelworks.eeipu.surrogates import Surrogate


@dataclass(frozen=True)
class Terms:
    """The parts of a score, float64 [n] each; groups' log costs [n, G] with their standard deviations."""

    log_ei: Tensor
    log_inverse_cost: Tensor
    log_costs: Tensor
    log_cost_sds: Tensor


@dataclass(frozen=True)
class Acquisition:
    """`best`: the largest value seen. `costs`: log cost of each group. `restores`: log cost [G] of restoring it.

    `normals` [S, G]: quasi-Monte Carlo standard normals, the same for all candidates. No `costs`: plain log EI.
    """

    objective: Surrogate
    best: float
    costs: tuple[Surrogate, ...]
    restores: Tensor
    normals: Tensor
    eta: float

    def __call__(self, x: Tensor, hits: Tensor) -> Tensor:
        """Scores [n] of points x [n, width] whose groups are restored where `hits` [n, G] (bool)."""
        score = log_expected_improvement(self.objective, self.best, x)
        if not self.costs or self.eta == 0.0:
            return score
        return score + self.eta * log_inverse_cost(*self._log_costs(x), hits, self.restores, self.normals)

    def terms(self, x: Tensor, hits: Tensor) -> Terms:
        """The score taken apart."""
        log_ei = log_expected_improvement(self.objective, self.best, x)
        if not self.costs:
            empty = x.new_zeros(len(x), 0)
            return Terms(log_ei, x.new_zeros(len(x)), empty, empty)
        mean, sd = self._log_costs(x)
        inverse = log_inverse_cost(mean, sd, hits, self.restores, self.normals)
        mean = torch.where(hits, self.restores, mean)
        return Terms(log_ei, inverse, mean, sd.masked_fill(hits, 0.0))

    def _log_costs(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation [n, G] of what the ledger would say: the noise of the cost is part of it."""
        predicted = [cost.predict(x) for cost in self.costs]
        mean = torch.stack([mean for mean, _ in predicted], -1)
        variance = [variance + cost.noise for (_, variance), cost in zip(predicted, self.costs, strict=True)]
        return mean, torch.stack(variance, -1).clamp_min(1e-20).sqrt()


def log_expected_improvement(objective: Surrogate, best: float, x: Tensor) -> Tensor:
    """log EI [n], stable where EI underflows (Ament et al. 2023, arXiv 2310.20708)."""
    mean, variance = objective.predict(x)
    sd = variance.clamp_min(1e-20).sqrt()
    return _log_ei_helper((mean - best) / sd) + sd.log()


def log_inverse_cost(mean: Tensor, sd: Tensor, hits: Tensor, restores: Tensor, normals: Tensor) -> Tensor:
    """log E[1 / sum_g C_g] [n], log C_g ~ N(mean, sd^2) [n, G], or the constant restores [G] where `hits` [n, G]."""
    samples = mean.unsqueeze(-2) + sd.unsqueeze(-2) * normals
    samples = torch.where(hits.unsqueeze(-2), restores, samples)
    return torch.logsumexp(-torch.logsumexp(samples, -1), -1) - math.log(len(normals))


def standard_normals(count: int, groups: int, seed: int) -> Tensor:
    """Scrambled Sobol points through the normal quantile function, float64 [count, groups]."""
    if groups == 0:
        return torch.zeros(count, 0, dtype=torch.float64)
    return draw_sobol_normal_samples(d=groups, n=count, dtype=torch.float64, seed=seed)


def cooling(budget: float, spent: float, spent_by_warm_up: float) -> float:
    """eta: what is left of the budget that the warm-up left, from 1 to 0 (the original lets it fall below)."""
    left = budget - spent_by_warm_up
    return min(1.0, max(0.0, (budget - spent) / left)) if left > 0 else 0.0
