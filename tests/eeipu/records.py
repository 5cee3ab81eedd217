"""Made-up sweeps for the tests of what is shown of them."""

import math
import random
from typing import Any

from modelworks.eeipu.record import Record
from modelworks.eeipu.trial import Foresight, Group, Outcome, StageCost, Trial

GROUPS = (
    Group("tokenizer", ("k2.tokenizer.vocab_size",), ("k2_tokenizer", "k2_tokens--train")),
    Group("train", ("k2.tokenizer.vocab_size", "k2.train.learning_rate", "k2.train.optimizer"), ("k2_train",)),
    Group("fixed", (), ("k2_corpus",)),
)
SWEEP: dict[str, Any] = {
    "name": "small",
    "target": "artifacts/k2/validation.json",
    "preset": ["smoke"],
    "objective": {"artifact": "artifacts/k2/validation.json", "key": "bits_per_byte", "goal": "min"},
    "space": {
        "k2.tokenizer.vocab_size": {"int": [300, 1000], "log": True},
        "k2.train.learning_rate": {"float": [1e-4, 1e-2], "log": True},
        "k2.train.optimizer": {"choice": ["adamw", "muon"]},
        "k2.train.momentum": {"float": [0.5, 0.99], "when": {"k2.train.optimizer": ["muon"]}},
    },
    "budget": {"seconds": 300.0},
    "method": {"name": "eeipu", "warm_up": 5},
    "seed": 1,
}


def _around(cost: float) -> dict[str, float]:
    return {"low": cost / math.exp(0.1), "median": cost, "high": cost * math.exp(0.1)}


def trial(number: int, draw: random.Random, known: set[int], failed: bool = False) -> Trial:
    """A trial whose tokenizer is restored where its vocabulary is one that is `known`."""
    vocabulary = draw.choice([300, 400, 500, 700])
    rate = 10 ** draw.uniform(-4, -2)
    values: dict[str, Any] = {"k2.tokenizer.vocab_size": vocabulary, "k2.train.learning_rate": rate}
    values["k2.train.optimizer"] = draw.choice(["adamw", "muon"])
    if values["k2.train.optimizer"] == "muon":
        values["k2.train.momentum"] = draw.uniform(0.5, 0.99)
    hit = vocabulary in known
    known.add(vocabulary)
    fixed = number > 0
    stages = [
        StageCost("k2_corpus", "fixed", "0" * 64, not fixed, 2.0, 0.01 if fixed else 2.0),
        StageCost("k2_tokenizer", "tokenizer", "1" * 64, not hit, 3.0, 0.01 if hit else 3.0),
        StageCost("k2_tokens--train", "tokenizer", "2" * 64, not hit, 2.0, 0.01 if hit else 2.0),
    ]
    cost = 8.0 * math.exp(draw.gauss(0, 0.1))
    if not failed:
        stages.append(StageCost("k2_train", "train", "3" * 64, True, cost, cost))
    hits = frozenset([*(["tokenizer"] if hit else []), *(["fixed"] if fixed else [])])
    value = 3.0 + (math.log10(rate) + 3) ** 2 + 0.001 * abs(vocabulary - 500) + draw.gauss(0, 0.02)
    outcome = (
        Outcome("failed", None, tuple(stages), error="k2_train: exit status 1 <here>")
        if failed
        else Outcome("ok", value, tuple(stages))
    )
    verdicts = {"k2_corpus": "restore" if fixed else "run"}
    warm_up = number < 5
    details = {} if warm_up else {"costs": {"train": _around(8.0), "tokenizer": _around(5.0)}}
    return Trial(number, values, warm_up, Foresight(verdicts, hits), 0.2, details, outcome)  # type: ignore[arg-type]


def record(count: int = 24, failing: tuple[int, ...] = (7,), **fields: Any) -> Record:
    """A sweep of `count` trials, of which some failed."""
    draw, known = random.Random(3), set[int]()
    trials = tuple(trial(number, draw, known, number in failing) for number in range(count))
    return Record("small", SWEEP | fields.pop("sweep", {}), GROUPS, trials, **fields)
