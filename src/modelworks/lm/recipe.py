"""How a model is trained: the optimizer's settings, and the learning rate of every step."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Recipe:
    """AdamW (Loshchilov and Hutter 2019) with linear warm-up, then the cosine or the stable schedule.

    `falls` are the steps (begin, end) over which the rate goes from `learning_rate` to `final_learning_rate_share` of
    it: with `cosine` as half a cosine (Loshchilov and Hutter 2017), with `stable` linearly (Hu et al. 2024: warm-up,
    stable, decay). None: it does not fall. A step is `batch_rows` rows of `context` tokens over all ranks,
    `micro_batch_rows` at a time on each.
    """

    context: int
    batch_rows: int
    micro_batch_rows: int
    schedule: Literal["cosine", "stable"]
    falls: tuple[int, int] | None
    learning_rate: float
    final_learning_rate_share: float
    warmup_steps: int
    weight_decay: float
    beta1: float
    beta2: float
    epsilon: float
    gradient_clip: float
    z_loss: float = 0.0
    compile: bool = False
    activation_checkpointing: bool = False

    def learning_rate_at(self, step: int) -> float:
        """The rate of a step; steps count from 1 over the whole training."""
        rate = self.learning_rate * min(1.0, step / self.warmup_steps)
        if self.falls is None or step <= self.falls[0]:
            return rate
        begin, end = self.falls
        fallen = min(1.0, (step - begin) / (end - begin))
        left = 1 - fallen if self.schedule == "stable" else 0.5 * (1 + math.cos(math.pi * fallen))
        return rate * (self.final_learning_rate_share + (1 - self.final_learning_rate_share) * left)
