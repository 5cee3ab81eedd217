"""The training loop: one chunk of the training sequence, from the state after the chunk before it.

The loop reads the chunk's rows in order and nothing else, so a state and a chunk give the next state bit for bit, be it
in one process, in several after one another, or in one that was killed and started anew.
"""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy
import polars
import torch
from torch.nn import functional
from transformers import LlamaForCausalLM

from modelworks.lm.device import mixed_precision
from modelworks.lm.packing import Tokens
from modelworks.lm.ranks import ALONE, Ranks
from modelworks.lm.recipe import Recipe

Log = dict[str, list[float]]
COLUMNS = ("loss", "learning_rate", "gradient_norm")


@dataclass
class State:
    """Everything that a step changes; the random generators of torch are the process's own.

    `step` and `tokens` count from the start of the training, `row` is the next row of the chunk, and `log` holds the
    chunk's steps so far.
    """

    model: LlamaForCausalLM
    optimizer: torch.optim.AdamW
    step: int = 0
    tokens: int = 0
    row: int = 0
    log: Log = field(default_factory=lambda: {name: [] for name in COLUMNS})


def begin(model: LlamaForCausalLM, recipe: Recipe) -> State:
    """The state before the first step."""
    optimizer = torch.optim.AdamW(
        _weight_decay_groups(model, recipe.weight_decay),
        lr=recipe.learning_rate,
        betas=(recipe.beta1, recipe.beta2),
        eps=recipe.epsilon,
        fused=True,
    )
    return State(model, optimizer)


def train_chunk(
    state: State,
    rows: Tokens,
    recipe: Recipe,
    after_step: Callable[[State], None] = lambda state: None,
    ranks: Ranks = ALONE,
) -> polars.DataFrame:
    """Train `state` in place on what is left of a chunk, `rows` integers [rows, context + 1], and return its log.

    `after_step` is called when a step's update is done. The log has a row a step: step, tokens (seen so far), loss
    (mean nats per token of the step's batch, before its update), learning_rate, gradient_norm (before clipping).
    Raises FloatingPointError if loss or gradient norm is not finite.
    """
    model = ranks.wrapped(state.model, recipe.compile)
    model.train()
    while state.row + recipe.batch_rows <= len(rows):
        learning_rate = recipe.learning_rate_at(state.step + 1)
        for group in state.optimizer.param_groups:
            group["lr"] = learning_rate

        loss = torch.zeros((), device=ranks.device)
        for batch, last in _micro_batches(rows, state.row, recipe, ranks):
            with contextlib.nullcontext() if last else ranks.unsynchronised(model):
                with mixed_precision(ranks.device):
                    logits = model(input_ids=batch[:, :-1], use_cache=False).logits
                mean, objective = _losses(logits.float().flatten(0, 1), batch[:, 1:].flatten(), recipe.z_loss)
                share = recipe.micro_batch_rows * ranks.count / recipe.batch_rows
                (objective * share).backward()
                loss += mean.detach() * share

        norm = ranks.whole(torch.nn.utils.clip_grad_norm_(state.model.parameters(), recipe.gradient_clip)).item()
        mean_loss = ranks.mean(loss).item()
        if not math.isfinite(mean_loss) or not math.isfinite(norm):
            raise FloatingPointError(
                f"step {state.step + 1}: loss {mean_loss}, gradient norm {norm}: lower k2.train.learning_rate"
            )
        state.optimizer.step()
        state.optimizer.zero_grad()

        state.step += 1
        state.row += recipe.batch_rows
        state.tokens += recipe.batch_rows * recipe.context
        for name, value in zip(COLUMNS, (mean_loss, learning_rate, norm), strict=True):
            state.log[name].append(value)
        after_step(state)
    return _table(state, recipe)


def _micro_batches(rows: Tokens, first: int, recipe: Recipe, ranks: Ranks) -> Iterator[tuple[torch.Tensor, bool]]:
    """This rank's rows of the step that begins with row `first`, int64 [micro_batch_rows, context + 1], and if last."""
    each = recipe.batch_rows // ranks.count
    start = first + ranks.rank * each
    own = torch.from_numpy(rows[start : start + each].astype(numpy.int64)).to(ranks.device)
    for begin in range(0, each, recipe.micro_batch_rows):
        yield own[begin : begin + recipe.micro_batch_rows], begin + recipe.micro_batch_rows >= each


def _losses(logits: torch.Tensor, targets: torch.Tensor, z_loss: float) -> tuple[torch.Tensor, torch.Tensor]:
    """(mean cross-entropy, what is minimised); z_loss weighs log² of the normaliser (Chowdhery et al. 2022, PaLM)."""
    mean = functional.cross_entropy(logits, targets)
    return mean, mean + z_loss * logits.logsumexp(-1).square().mean() if z_loss else mean


def _table(state: State, recipe: Recipe) -> polars.DataFrame:
    done = len(state.log["loss"])
    steps = range(state.step - done + 1, state.step + 1)
    each = recipe.batch_rows * recipe.context
    tokens = [state.tokens - each * (state.step - step) for step in steps]
    return polars.DataFrame({"step": list(steps), "tokens": tokens, **state.log})


def _weight_decay_groups(model: LlamaForCausalLM, weight_decay: float) -> list[dict[str, Any]]:
    """Weight decay on the matrices of the layers; none on norms (which it would shrink to 0) and embeddings."""
    decayed: list[torch.nn.Parameter] = []
    spared: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (spared if parameter.ndim < 2 or "embed" in name else decayed).append(parameter)
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]
