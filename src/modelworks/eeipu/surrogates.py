"""Gaussian processes on columns of the unit cube: fitted by BoTorch, predicted in closed form.

A proposal evaluates a handful of small models thousands of times. Going through GPyTorch's lazy tensors for each costs
milliseconds a model; the same posterior in plain tensors costs a tenth, and its hyperparameters are BoTorch's.

The kernel is Matern 5/2 with a length scale for each column and the priors that BoTorch had by default when EEIPU's
authors used it (0.8.3): Gamma(3, 6) for length scales, Gamma(2, 0.15) for the output scale, Gamma(1.1, 0.05) for noise.
BoTorch's default of now, a squared exponential of unit scale, ended worse with EI and EEIPU alike: docs/sweeps.md.
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
from botorch.models.utils.gpytorch_modules import (
    get_gaussian_likelihood_with_gamma_prior,
    get_matern_kernel_with_gamma_prior,
)
from botorch.utils.sampling import manual_seed
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import GammaPrior
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
    """Posterior of a GP with a scaled Matern 5/2 kernel and a constant mean.

    `x` [n, len(columns)] and standardised `y` [n] are what was observed; `mean`, `lengthscale`, `outputscale` and
    `variance` (of the noise) are hyperparameters in standardised units, `offset` and `scale` what undoes the
    standardisation.
    """

    columns: Tensor
    x: Tensor
    y: Tensor
    mean: Tensor
    lengthscale: Tensor
    outputscale: Tensor
    variance: Tensor
    offset: float
    scale: float
    inverse_factor: Tensor = field(init=False)
    weights: Tensor = field(init=False)

    def __post_init__(self) -> None:
        identity = torch.eye(len(self.x), dtype=self.x.dtype)
        factor = torch.linalg.cholesky(self._covariance(self.x) + self.variance * identity)
        inverse = torch.linalg.solve_triangular(factor, identity, upper=False)
        object.__setattr__(self, "inverse_factor", inverse)
        object.__setattr__(self, "weights", inverse.T @ (inverse @ (self.y - self.mean)))

    @property
    def noise(self) -> float:
        return float(self.variance) * self.scale**2

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        covariance = self._covariance(x[..., self.columns])
        mean = self.mean + covariance @ self.weights
        variance = self.outputscale - (covariance @ self.inverse_factor.T).square().sum(-1)
        return self.offset + self.scale * mean, self.scale**2 * variance.clamp_min(1e-10)

    def _covariance(self, x: Tensor) -> Tensor:
        return self.outputscale * matern(scaled_distance(x, self.x, self.lengthscale))

    def given(self, x: Tensor, y: Tensor) -> "Process":
        observed = (y - self.offset) / self.scale
        return replace(self, x=torch.cat([self.x, x[:, self.columns]]), y=torch.cat([self.y, observed]))


def matern(distance: Tensor) -> Tensor:
    """(1 + a + a^2 / 3) exp(-a), a = sqrt(5) distance (Rasmussen and Williams, 2006, equation 4.17)."""
    a = math.sqrt(5) * distance
    return (1 + a + a.square() / 3) * torch.exp(-a)


def scaled_distance(a: Tensor, b: Tensor, lengthscale: Tensor) -> Tensor:
    """Distance of a [..., n, d] from b [m, d] in units of the length scales, [..., n, m]; at least 1e-10."""
    a, b = a / lengthscale, b / lengthscale
    squares = a.square().sum(-1, keepdim=True) + b.square().sum(-1) - 2 * a @ b.T
    return squares.clamp_min(1e-20).sqrt()  # the gradient of a square root at 0 is infinite


def fit(table: Table, columns: list[int], seed: int, notes: list[str], name: str, least: float = 0.0) -> Surrogate:
    """A surrogate of `table.y`, by the columns given, standardised here and nowhere else.

    Constant where there are no columns, fewer than 3 rows, or a standard deviation of `least` or less. If BoTorch
    cannot fit, its initial values are used and `notes` says so of `name`. The same arguments, the same surrogate.
    """
    x, y = as_tensor(table.x)[:, columns], as_tensor(table.y)
    offset = float(y.mean()) if len(y) else 0.0
    scale = float(y.std()) if len(y) > 1 else 0.0
    if not columns or len(y) < FEWEST or scale <= max(least, 1e-12 * abs(offset)):
        return Constant(offset, scale**2)
    y = (y - offset) / scale
    model = unfitted(x, y)
    begun = {key: value.clone() for key, value in model.state_dict().items()}
    try:
        with manual_seed(seed):
            _fit(model, x, y)
        if not all(torch.isfinite(value).all() for value in model.parameters()):
            raise ModelFittingError("hyperparameters are not finite")
        return _process(model, columns, x, y, offset, scale)
    except (ModelFittingError, RuntimeError, ValueError) as error:
        notes.append(f"{name}: not fitted, BoTorch's initial values are used ({type(error).__name__})")
        model.load_state_dict(begun)
        return _process(model, columns, x, y, offset, scale)


def unfitted(x: Tensor, y: Tensor) -> SingleTaskGP:
    """BoTorch's model of standardised `y` [n] at `x` [n, d], with its initial hyperparameters."""
    kernel, likelihood = get_matern_kernel_with_gamma_prior(x.shape[-1]), get_gaussian_likelihood_with_gamma_prior()
    return SingleTaskGP(x, y.unsqueeze(-1), likelihood=likelihood, covar_module=kernel, outcome_transform=None)


def _process(model: SingleTaskGP, columns: list[int], x: Tensor, y: Tensor, offset: float, scale: float) -> Process:
    return Process(
        columns=torch.tensor(columns),
        x=x,
        y=y,
        mean=model.mean_module.constant.detach().clone(),
        lengthscale=model.covar_module.base_kernel.lengthscale.detach().clone().reshape(-1),
        outputscale=model.covar_module.outputscale.detach().clone(),
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
    kernel, noise_model = model.covar_module, model.likelihood.noise_covar
    length, scale = kernel.base_kernel.lengthscale.reshape(-1), kernel.outputscale
    noise = noise_model.noise.reshape(())
    distance = scaled_distance(x, x, length)
    correlation = matern(distance)
    factor = torch.linalg.cholesky(scale * correlation + noise * torch.eye(len(x), dtype=x.dtype))
    inverse = torch.cholesky_inverse(factor)
    residual = y - model.mean_module.constant
    weights = inverse @ residual
    value = residual @ weights / 2 + factor.diagonal().log().sum() + len(y) * math.log(2 * math.pi) / 2
    outer = inverse - torch.outer(weights, weights)
    a = math.sqrt(5) * distance
    inner = outer * scale * (5 / 3) * (1 + a) * torch.exp(-a)
    by_length = ((inner.sum(0) @ x.square()) - (x * (inner @ x)).sum(0)) / length**3
    priors = [kernel.base_kernel.lengthscale_prior, kernel.outputscale_prior, noise_model.noise_prior]
    (length_prior, by_length_prior), (scale_prior, by_scale_prior), (noise_prior, by_noise_prior) = [
        _gamma(prior, at) for prior, at in zip(priors, (length, scale, noise), strict=True)
    ]
    gradients = {  # length scales and the output scale are softplus of their parameters, whose derivative is a sigmoid
        "raw_noise": outer.diagonal().sum() / 2 - by_noise_prior,
        "raw_constant": -weights.sum(),
        "raw_outputscale": ((outer * correlation).sum() / 2 - by_scale_prior) * kernel.raw_outputscale.sigmoid(),
        "raw_lengthscale": (by_length - by_length_prior) * kernel.base_kernel.raw_lengthscale.reshape(-1).sigmoid(),
    }
    shapes = {"raw_noise": (1,), "raw_constant": (), "raw_outputscale": (), "raw_lengthscale": (1, len(length))}
    ordered = [name.rsplit(".", 1)[-1] for name in names]
    value = (value - length_prior.sum() - scale_prior - noise_prior) / len(y)
    return value, tuple((gradients[name] / len(y)).reshape(shapes[name]) for name in ordered)


def _gamma(prior: GammaPrior, x: Tensor) -> tuple[Tensor, Tensor]:
    """Log density of a gamma distribution and its derivative."""
    shape, rate = prior.concentration, prior.rate
    density = (shape - 1) * x.log() - rate * x + shape * torch.log(rate) - torch.lgamma(shape)
    return density, (shape - 1) / x - rate


def as_tensor(x: np.ndarray) -> Tensor:
    """float64 tensor that shares nothing with `x`."""
    return torch.tensor(x, dtype=torch.float64)
