"""Time what a sweep's method takes to propose a candidate, beside BoTorch's own logEI over the same trials.

    python benchmarks/sweep_proposals.py [--method eeipu] [--repeats 3] [--threads 1]

Chains of stages with two or three keys each, random trials, exact memo. Medians of CPU seconds. "plain": a SingleTaskGP
fitted by fit_gpytorch_mll and qLogExpectedImprovement maximised by optimize_acqf with 10 restarts of 512 raw
samples (the original's numbers): no cost models, no prefixes. Prints a Markdown table.
"""

import argparse
import statistics
import time
import warnings

import numpy as np
import torch

from modelworks.eeipu.methods import METHODS
from modelworks.eeipu.parameter import Parameter
from modelworks.eeipu.simulated import Simulated, Stage
from modelworks.eeipu.space import Space
from modelworks.eeipu.trial import History, Trial, Values

SIZES = ((7, 3), (12, 5))  # keys, stages


def problem(keys: int, stages: int) -> tuple[Space, Simulated]:
    """A chain: the keys are dealt to the stages in turn, and each stage's cost depends on the keys so far."""
    names = [f"stage{i * stages // keys}.key{i}" for i in range(keys)]
    space = Space({name: Parameter("float", 0.0, 1.0) for name in names})

    def cost(values: Values) -> float:
        return 1.0 + sum(np.cos(3 * value) ** 2 for value in values.values())

    chain = []
    for i in range(stages):
        own = tuple(name for name in names if name.startswith(f"stage{i}."))
        chain.append(Stage(f"stage{i}", own, cost, (f"stage{i - 1}",) if i else ()))
    return space, Simulated(chain, lambda values: -sum((value - 0.4) ** 2 for value in values.values()))


def history(space: Space, pipeline: Simulated, count: int, seed: int) -> History:
    """Random trials, of which a third reuse the first half of an earlier one's keys."""
    rng = np.random.default_rng(seed)
    trials: list[Trial] = []
    for number, drawn in enumerate(space.sample(rng, count), start=1):
        values = drawn
        if trials and number % 3 == 0:
            old = trials[int(rng.integers(len(trials)))].values
            values = {**values, **{key: old[key] for key in space.keys[: len(space.keys) // 2]}}
        foresight = pipeline.foresee(values)
        trials.append(Trial(number, values, number <= 10, foresight, 0.0, {}, pipeline.run(number, values, foresight)))
    spent = sum(trial.charged for trial in trials)
    warm_up = sum(trial.charged for trial in trials[:10])
    return History(tuple(trials), (), pipeline.groups, True, 2 * spent, spent, warm_up)


def plain(space: Space, told: History) -> None:
    """What BoTorch's documentation does."""
    from botorch.acquisition import qLogExpectedImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from botorch.optim import optimize_acqf
    from gpytorch.mlls import ExactMarginalLogLikelihood

    x = torch.tensor(np.array([space.to_unit(trial.values) for trial in told.trials]))
    y = torch.tensor([[trial.outcome.value] for trial in told.trials if trial.outcome], dtype=torch.float64)
    model = SingleTaskGP(x, y)
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    bounds = torch.stack([torch.zeros(space.width), torch.ones(space.width)]).double()
    optimize_acqf(qLogExpectedImprovement(model, y.max()), bounds, q=1, num_restarts=10, raw_samples=512)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the proposals of a sweep's method.")
    parser.add_argument("--method", default="eeipu", choices=METHODS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(arguments.threads)
    print(f"| keys | stages | trials | {arguments.method} (s) | of which fit (wall s) | plain logEI (s) | ratio |")
    print("|---|---|---|---|---|---|---|")
    for keys, stages in SIZES:
        space, pipeline = problem(keys, stages)
        for count in (15, 39, 100):
            times: dict[str, list[float]] = {"method": [], "fit": [], "plain": []}
            for seed in range(arguments.repeats + 1):  # the first warms up
                told = history(space, pipeline, count, seed)
                begin = time.process_time()
                proposal = METHODS[arguments.method](space, seed, {}).propose(told, pipeline, count + 1)
                times["method"].append(time.process_time() - begin)
                times["fit"].append(proposal.details.get("seconds", {}).get("fit", 0.0))
                begin = time.process_time()
                plain(space, told)
                times["plain"].append(time.process_time() - begin)
            method, fit, other = (statistics.median(taken[1:]) for taken in times.values())
            print(
                f"| {keys} | {stages} | {count} | {method:.2f} | {fit:.2f} | {other:.2f} | {method / other:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
