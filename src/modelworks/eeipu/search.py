"""Finding the candidate of the highest score: all prefixes at once, one batched L-BFGS-B, then rounding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from botorch.optim.batched_lbfgs_b import fmin_l_bfgs_b_batched
from scipy.stats import qmc
from torch import Tensor

from modelworks.eeipu.acquisition import Acquisition
from modelworks.eeipu.observations import Cube, columns_of
from modelworks.eeipu.parameter import identity
from modelworks.eeipu.prefixes import Prefix
from modelworks.eeipu.trial import Group

NEIGHBOURS = 8  # random points near each of the best rows
NEIGHBOUR_SDS = (0.3, 0.1, 0.03)


@dataclass(frozen=True)
class Candidate:
    """Values that can be tried, their point [width], what is believed to be restored, and the score."""

    values: dict[str, Any]
    point: np.ndarray
    prefix: Prefix
    hits: frozenset[str]
    score: float


@dataclass(frozen=True)
class Effort:
    """How hard to look: raw points of a prefix at least, and in all; starts beside each prefix's best; steps."""

    raw_samples: int = 64
    all_samples: int = 512
    restarts: int = 8
    steps: int = 50

    def samples(self, prefixes: int) -> int:
        """Raw points a prefix, a power of 2 as Sobol's are: a method without prefixes looks no less widely."""
        return 1 << (max(self.raw_samples, self.all_samples // prefixes) - 1).bit_length()


def search(
    space: Cube,
    groups: Sequence[Group],
    acquisition: Acquisition,
    prefixes: Sequence[Prefix],
    near: np.ndarray,
    known: set[str],
    rng: np.random.Generator,
    effort: Effort,
) -> list[Candidate]:
    """Candidates, best first, none of which is among the `known` identities. `near` [k, width]: where good rows are.

    A choice is drawn with the raw points and then stays; ints are continuous until the end. The score of a candidate
    is that of its rounded values. A prefix's values are put back as stored.
    """
    held, columns = held_columns(space, prefixes)
    hits = _hits(groups, [prefix.hits for prefix in prefixes])
    raw = one_hot(space, raw_points(space.width, near, rng, effort.samples(len(prefixes))))
    points = np.where(held[:, None, :], columns[:, None, :], raw[None])
    with torch.no_grad():
        scores = acquisition(_tensor(points.reshape(-1, space.width)), hits.repeat_interleave(len(raw), 0))
    chosen = _starts(np.nan_to_num(scores.numpy(), nan=-np.inf).reshape(len(prefixes), len(raw)), effort.restarts)
    begun = [(settle(space, points[index], prefixes[index[0]]), prefixes[index[0]]) for index in chosen]
    start = np.array([space.to_unit(values) for values, _ in begun])
    which = np.array([index[0] for index in chosen])
    start = np.where(held[which], columns[which], start)
    fixed = held[which] | np.array([_discrete(space, values) for values, _ in begun])
    moved = ascend(acquisition, start, fixed, hits[which], effort.steps)
    ended = [(settle(space, point, prefix), prefix) for point, (_, prefix) in zip(moved, begun, strict=True)]
    return rank(space, groups, acquisition, [*ended, *begun], known)


def settle(space: Cube, point: np.ndarray, prefix: Prefix) -> dict[str, Any]:
    """The values at a point, those that are pinned as they were stored: decoding could differ in the last bit."""
    return {key: prefix.pinned.get(key, value) for key, value in space.from_unit(point).items()}


def rank(
    space: Cube,
    groups: Sequence[Group],
    acquisition: Acquisition,
    found: Sequence[tuple[dict[str, Any], Prefix]],
    known: set[str],
) -> list[Candidate]:
    """Distinct new candidates with the scores of their exact values, best first.

    Groups count as restored only where the values are the prefix's.
    """
    new = [(values, prefix) for values, prefix in found if identity(values) not in known]
    if not new:
        return []
    points = np.array([space.to_unit(values) for values, _ in new])
    restored = [
        frozenset(group.name for group in groups if group.name in prefix.hits and prefix.agrees(values, group.keys))
        for values, prefix in new
    ]
    with torch.no_grad():
        scores = acquisition(_tensor(points), _hits(groups, restored)).tolist()
    distinct: dict[str, Candidate] = {}
    for (values, prefix), point, hit, score in zip(new, points, restored, scores, strict=True):
        candidate = Candidate(values, point, prefix, hit, score)
        before = distinct.get(identity(values))
        if before is None or before.score < score:
            distinct[identity(values)] = candidate
    return sorted(distinct.values(), key=lambda candidate: -candidate.score)


def held_columns(space: Cube, prefixes: Sequence[Prefix]) -> tuple[np.ndarray, np.ndarray]:
    """Which columns each prefix holds, bool [P, width], and at what, float64 [P, width]; shared with nothing."""
    held = np.zeros((len(prefixes), space.width), dtype=bool)
    for row, prefix in zip(held, prefixes, strict=True):
        row[columns_of(space, prefix.keys)] = True
    return held, np.array([space.to_unit(prefix.pinned) for prefix in prefixes])


def raw_points(width: int, near: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Scrambled Sobol points over the whole cube and some near given ones, float64 [., width]."""
    sobol = qmc.Sobol(width, rng=rng).random(count)
    sds = rng.choice(NEIGHBOUR_SDS, size=(len(near), NEIGHBOURS, 1))
    moves = sds * rng.standard_normal((len(near), NEIGHBOURS, width))
    around = (near[:, None, :] + moves * (rng.random(moves.shape) < 0.5)).clip(0.0, 1.0)
    return np.concatenate([sobol, around.reshape(-1, width)])


def one_hot(space: Cube, points: np.ndarray) -> np.ndarray:
    """The points with each choice decided: its largest column 1, the others 0."""
    points = points.copy()
    for key in space.keys:
        part = points[:, space.columns(key)]
        if part.shape[1] > 1:
            part[:] = np.eye(part.shape[1])[part.argmax(1)]
    return points


def ascend(acquisition: Acquisition, start: np.ndarray, fixed: np.ndarray, hits: Tensor, steps: int) -> np.ndarray:
    """Local maxima of the score from each row of `start` [b, width]; columns where `fixed` [b, width] do not move."""
    free = torch.from_numpy(~fixed)

    def negated(x: np.ndarray, batch_indices: list[int]) -> tuple[np.ndarray, np.ndarray]:
        point = _tensor(x).requires_grad_()
        scores = -acquisition(point, hits[batch_indices])
        if not scores.requires_grad:  # every surrogate is constant: no point is better than where it starts
            return scores.numpy(), np.zeros_like(x)
        (gradient,) = torch.autograd.grad(scores.sum(), point)
        gradient = torch.nan_to_num(gradient) * free[batch_indices]
        return scores.detach().numpy(), gradient.numpy()

    bounds = [(0.0, 1.0)] * start.shape[1]
    moved, _, _ = fmin_l_bfgs_b_batched(negated, start, bounds=bounds, maxiter=steps, pass_batch_indices=True)
    return np.where(fixed, start, np.asarray(moved).reshape(start.shape))


def _starts(scores: np.ndarray, more: int) -> list[tuple[int, int]]:
    """(prefix, point) of the best of each prefix and of the best `more` of all; scores [P, n]."""
    best = list(enumerate(scores.argmax(1).tolist()))
    order = np.argsort(-scores, axis=None, kind="stable")[: more + len(best)]
    others = [(int(i) // scores.shape[1], int(i) % scores.shape[1]) for i in order]
    return best + [index for index in others if index not in best][:more]


def _discrete(space: Cube, values: dict[str, Any]) -> np.ndarray:
    """Columns that L-BFGS-B leaves alone, bool [width]: choices, and keys that are inactive."""
    fixed = np.zeros(space.width, dtype=bool)
    for key in space.keys:
        part = fixed[space.columns(key)]
        part[:] = len(part) > 1 or key not in values
    return fixed


def _hits(groups: Sequence[Group], restored: Sequence[frozenset[str]]) -> Tensor:
    return torch.tensor([[group.name in hits for group in groups] for hits in restored], dtype=torch.bool).reshape(
        len(restored), len(groups)
    )


def _tensor(x: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64))
