"""Gaussian processes on columns of the unit cube: fitted by BoTorch, predicted in closed form.

A proposal evaluates a handful of small models thousands of times. Going through GPyTorch's lazy tensors for each costs
milliseconds a model; the same posterior in plain tensors costs a tenth, and its hyperparameters are BoTorch's.
"""

import math
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

import numpy as np
import torch
from botorch.exceptions import ModelFittingError
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.utils.sampling import manual_seed
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import LogNormalPrior
from torch import Tensor

from modelworks.eeipu.observations import Table

FEWEST = 3  # observations below which there is nothing to fit
NEARLY_CONSTANT = 1e-3  # standard deviation of log cost: a tenth of a per cent
MAX_ITERATIONS = 200


class Surrogate(Protocol):
    """What is believed of one figure anywhere in the cube."""

    @property
    def noise(self) -> float:
        """Variance of what is observed about the noiseless figure."""

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance, float64 [...], of the noiseless figure at x [..., width]."""

    def given(self, x: Tensor, y: Tensor) -> "Surrogate":
        """The same, had `y` [n] been observed at `x` [n, width]; nothing is refitted."""


@dataclass(frozen=True)
class Constant:
    """A figure that does not depend on the candidate, as far as one can see. `noise`: its variance."""

    mean: float
    noise: float

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.new_full(x.shape[:-1], self.mean), x.new_zeros(x.shape[:-1])

    def given(self, x: Tensor, y: Tensor) -> "Constant":
        return self


@dataclass(frozen=True)
class Process:
    """Posterior of a GP with BoTorch's squared-exponential kernel of unit scale and a constant mean.

    `x` [n, len(columns)] and standardised `y` [n] are what was observed; `mean`, `lengthscale` and `variance` (of the
    noise) are hyperparameters in standardised units, `offset` and `scale` what undoes the standardisation.
    """

    columns: Tensor
    x: Tensor
    y: Tensor
    mean: Tensor
    lengthscale: Tensor
    variance: Tensor
    offset: float
    scale: float
    inverse_factor: Tensor = field(init=False)
    weights: Tensor = field(init=False)

    def __post_init__(self) -> None:
        factor = torch.linalg.cholesky(kernel(self.x, self.x, self.lengthscale, self.variance))
        inverse = torch.linalg.solve_triangular(factor, torch.eye(len(self.x), dtype=self.x.dtype), upper=False)
        object.__setattr__(self, "inverse_factor", inverse)
        object.__setattr__(self, "weights", inverse.T @ (inverse @ (self.y - self.mean)))

    @property
    def noise(self) -> float:
        return float(self.variance) * self.scale**2

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        covariance = kernel(x[..., self.columns], self.x, self.lengthscale)
        mean = self.mean + covariance @ self.weights
        variance = 1.0 - (covariance @ self.inverse_factor.T).square().sum(-1)
        return self.offset + self.scale * mean, self.scale**2 * variance.clamp_min(1e-10)

    def given(self, x: Tensor, y: Tensor) -> "Process":
        observed = (y - self.offset) / self.scale
        return replace(self, x=torch.cat([self.x, x[:, self.columns]]), y=torch.cat([self.y, observed]))


def kernel(a: Tensor, b: Tensor, lengthscale: Tensor, variance: Tensor | None = None) -> Tensor:
    """exp(-|a - b|^2 / 2) in units of the length scales, [..., n, m]; `variance` is added to the diagonal."""
    a, b = a / lengthscale, b / lengthscale
    squares = a.square().sum(-1, keepdim=True) + b.square().sum(-1) - 2 * a @ b.T
    result = torch.exp(-0.5 * squares.clamp_min(0.0))
    return result if variance is None else result + variance * torch.eye(len(b), dtype=b.dtype)


def fit(table: Table, columns: list[int], seed: int, notes: list[str], name: str, least: float = 0.0) -> Surrogate:
    """A surrogate of `table.y`, by the columns given, standardised here and nowhere else.

    Constant where there are no columns, fewer than 3 rows, or a standard deviation of `least` or less. If BoTorch
    cannot fit, the modes of its priors are used and `notes` says so of `name`. The same arguments, the same surrogate.
    """
    x, y = as_tensor(table.x)[:, columns], as_tensor(table.y)
    offset = float(y.mean()) if len(y) else 0.0
    scale = float(y.std()) if len(y) > 1 else 0.0
    if not columns or len(y) < FEWEST or scale <= max(least, 1e-12 * abs(offset)):
        return Constant(offset, scale**2)
    y = (y - offset) / scale
    model = SingleTaskGP(x, y.unsqueeze(-1), outcome_transform=None)
    modes = {key: value.clone() for key, value in model.state_dict().items()}
    try:
        with manual_seed(seed):
            _fit(model, x, y)
        if not all(torch.isfinite(value).all() for value in model.parameters()):
            raise ModelFittingError("hyperparameters are not finite")
        return _process(model, columns, x, y, offset, scale)
    except (ModelFittingError, RuntimeError, ValueError) as error:
        notes.append(f"{name}: not fitted, the priors' modes are used ({type(error).__name__})")
        model.load_state_dict(modes)
        return _process(model, columns, x, y, offset, scale)


def _process(model: SingleTaskGP, columns: list[int], x: Tensor, y: Tensor, offset: float, scale: float) -> Process:
    return Process(
        columns=torch.tensor(columns),
        x=x,
        y=y,
        mean=model.mean_module.constant.detach().clone(),
        lengthscale=model.covar_module.lengthscale.detach().clone().reshape(-1),
        variance=model.likelihood.noise.detach().clone().reshape(()),
        offset=offset,
        scale=scale,
    )


def _fit(model: SingleTaskGP, x: Tensor, y: Tensor) -> None:
    """Maximise the marginal likelihood with BoTorch's routine, by a closure that needs no automatic differentiation."""
    mll = ExactMarginalLogLikelihood(model.likelihood, model)
    closure = partial(loss, model, x, y, [name for name, value in mll.named_parameters() if value.requires_grad])
    fit_gpytorch_mll(mll, closure=closure, optimizer_kwargs={"options": {"maxiter": MAX_ITERATIONS}})


@torch.no_grad()
def loss(model: SingleTaskGP, x: Tensor, y: Tensor, names: list[str]) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Minus the log marginal likelihood with priors, by observation, and its gradient by the parameters of those names.

    The scalar that -ExactMarginalLogLikelihood gives; gradients by Rasmussen and Williams (2006), equation 5.9.
    """
    length, noise = model.covar_module.lengthscale.reshape(-1), model.likelihood.noise.reshape(())
    correlation = kernel(x, x, length)
    factor = torch.linalg.cholesky(correlation + noise * torch.eye(len(x), dtype=x.dtype))
    inverse = torch.cholesky_inverse(factor)
    residual = y - model.mean_module.constant
    weights = inverse @ residual
    value = residual @ weights / 2 + factor.diagonal().log().sum() + len(y) * math.log(2 * math.pi) / 2
    outer = inverse - torch.outer(weights, weights)
    inner = outer * correlation
    by_length = ((inner.sum(0) @ x.square()) - (x * (inner @ x)).sum(0)) / length**3
    length_prior, by_length_prior = _log_normal(model.covar_module.lengthscale_prior, length)
    noise_prior, by_noise_prior = _log_normal(model.likelihood.noise_covar.noise_prior, noise)
    gradients = {
        "raw_noise": outer.diagonal().sum() / 2 - by_noise_prior,
        "raw_constant": -weights.sum(),
        "raw_lengthscale": by_length - by_length_prior,
    }
    shapes = {"raw_noise": (1,), "raw_constant": (), "raw_lengthscale": (1, len(length))}
    ordered = [name.rsplit(".", 1)[-1] for name in names]
    value = (value - length_prior.sum() - noise_prior) / len(y)
    return value, tuple((gradients[name] / len(y)).reshape(shapes[name]) for name in ordered)


def _log_normal(prior: LogNormalPrior, x: Tensor) -> tuple[Tensor, Tensor]:
    """Log density of a log-normal distribution and its derivative."""
    z = (x.log() - prior.loc) / prior.scale
    density = -x.log() - z.square() / 2 - torch.log(torch.as_tensor(prior.scale)) - math.log(2 * math.pi) / 2
    return density, -(1 + z / prior.scale) / x


def as_tensor(x: np.ndarray) -> Tensor:
    """float64 tensor that shares nothing with `x`."""
    return torch.tensor(x, dtype=torch.float64)
