"""The pretraining loop, top to bottom: AdamW, linear warm-up, cosine decay, clipping, gradient accumulation."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars
import torch
from torch.nn import functional
from transformers import LlamaForCausalLM

from modelworks.lm.device import mixed_precision
from modelworks.lm.packing import Tokens, epoch_rows
from modelworks.lm.progress import Progress


@dataclass(frozen=True)
class Recipe:
    """How to train; the fields are those of the params section. A step is `batch_rows` rows of `context` tokens."""

    steps: int
    context: int
    batch_rows: int
    micro_batch_rows: int
    learning_rate: float
    final_learning_rate_share: float
    warmup_steps: int
    weight_decay: float
    beta1: float
    beta2: float
    epsilon: float
    gradient_clip: float

    def learning_rate_at(self, step: int) -> float:
        """Linear from 0 to the peak during warm-up, then cosine to its final share at the last step; steps from 1."""
        if step <= self.warmup_steps:
            return self.learning_rate * step / self.warmup_steps
        progress = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        cosine = 0.5 * (1 + math.cos(math.pi * progress))
        return self.learning_rate * (self.final_learning_rate_share + (1 - self.final_learning_rate_share) * cosine)


def checkpoint_steps(steps: int, checkpoints: int) -> list[int]:
    """The steps after which to save: evenly spaced, the last after the last step."""
    return [steps * index // checkpoints for index in range(1, checkpoints + 1)]


def pretrain(
    model: LlamaForCausalLM,
    tokens: Tokens,
    recipe: Recipe,
    epoch_seed: Callable[[int], int],
    after_step: Callable[[int, float], None],
    progress: Progress | None = None,
) -> polars.DataFrame:
    """Train `model` in place on the stream `tokens` and return the log, a row a step.

    Each epoch's rows are cut and shuffled by `epoch_seed(epoch)`. `after_step(step, loss)` is called when the step's
    update is done. With `progress` the training goes on from what was saved there. The log: step, tokens (seen so far),
    loss (mean nats per token of the step's batch, before its update), learning_rate, gradient_norm (before clipping).
    """
    device = next(model.parameters()).device
    optimizer = torch.optim.AdamW(
        _weight_decay_groups(model, recipe.weight_decay),
        lr=recipe.learning_rate,
        betas=(recipe.beta1, recipe.beta2),
        eps=recipe.epsilon,
        fused=True,
    )
    accumulation = recipe.batch_rows // recipe.micro_batch_rows
    log: dict[str, list[float]] = {"loss": [], "learning_rate": [], "gradient_norm": []}
    done = progress.restore(model, optimizer, log) if progress is not None else 0
    batches = itertools.islice(_batches(tokens, recipe, epoch_seed), done, None)
    model.train()

    for step in range(done + 1, recipe.steps + 1):
        learning_rate = recipe.learning_rate_at(step)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate

        loss = 0.0
        for rows in next(batches).to(device).split(recipe.micro_batch_rows):
            with mixed_precision(device):
                logits = model(input_ids=rows[:, :-1], use_cache=False).logits
            micro_loss = functional.cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten()) / accumulation
            micro_loss.backward()
            loss += micro_loss.item()

        gradient_norm = torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_clip).item()
        if not math.isfinite(loss) or not math.isfinite(gradient_norm):
            raise FloatingPointError(
                f"step {step}: loss {loss}, gradient norm {gradient_norm}: lower the learning rate"
            )
        optimizer.step()
        optimizer.zero_grad()

        log["loss"].append(loss)
        log["learning_rate"].append(learning_rate)
        log["gradient_norm"].append(gradient_norm)
        after_step(step, loss)
        if progress is not None:
            progress.after(step, model, optimizer, log)

    steps = range(1, recipe.steps + 1)
    seen = [step * recipe.batch_rows * recipe.context for step in steps]
    return polars.DataFrame({"step": list(steps), "tokens": seen, **log})


def _batches(tokens: Tokens, recipe: Recipe, epoch_seed: Callable[[int], int]) -> Iterator[torch.Tensor]:
    """Endless batches int64[batch_rows, context + 1]; one may hold the end of an epoch and the start of the next."""
    rows = torch.empty((0, recipe.context + 1), dtype=torch.int64)
    epoch = 0
    while True:
        while len(rows) < recipe.batch_rows:
            fresh = torch.from_numpy(epoch_rows(tokens, recipe.context, epoch_seed(epoch))).long()
            rows = torch.cat([rows, fresh])
            epoch += 1
        yield rows[: recipe.batch_rows]
        rows = rows[recipe.batch_rows :]


def _weight_decay_groups(model: LlamaForCausalLM, weight_decay: float) -> list[dict[str, object]]:
    """Weight decay on the matrices of the layers; none on norms (which it would shrink to 0) and embeddings."""
    decayed: list[torch.nn.Parameter] = []
    spared: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (spared if parameter.ndim < 2 or "embed" in name else decayed).append(parameter)
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]
