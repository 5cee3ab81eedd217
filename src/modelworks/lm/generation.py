"""Generate text token by token: prompts of any length side by side, without padding."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import LlamaForCausalLM
from transformers.cache_utils import Cache, DynamicLayer

Choose = Callable[[torch.Tensor, Sequence[int]], list[int]]


def greedy(logits: torch.Tensor, rows: Sequence[int]) -> list[int]:
    """The likeliest token of each row of `logits` [len(rows), vocabulary]."""
    chosen: list[int] = logits.argmax(-1).tolist()
    return chosen


class Sampler:
    """Draws tokens, each prompt's from a random stream of its own: a sample does not depend on its neighbours.

    Logits are divided by `temperature`; only the `top_k` likeliest tokens are drawn from (0: all). Draws are made on
    the CPU in float64.
    """

    def __init__(self, seeds: Sequence[int], temperature: float, top_k: int) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._temperature = temperature
        self._top_k = top_k

    def __call__(self, logits: torch.Tensor, rows: Sequence[int]) -> list[int]:
        """A token for each of the prompts `rows`, from its logits [len(rows), vocabulary]."""
        scaled = logits.double().cpu() / self._temperature
        if self._top_k:
            least = scaled.topk(min(self._top_k, scaled.shape[-1])).values[:, -1:]
            scaled = scaled.masked_fill(scaled < least, float("-inf"))
        shares = scaled.softmax(-1)
        return [
            int(torch.multinomial(share, 1, generator=self._generators[row]))
            for share, row in zip(shares, rows, strict=True)
        ]


def complete(
    model: LlamaForCausalLM,
    prompts: Sequence[Sequence[int]],
    most_tokens: Sequence[int],
    end_of_text: int,
    choose: Choose,
    batch_rows: int,
) -> list[list[int]]:
    """The continuation of each prompt (at least one token id), up to its first `end_of_text` or `most_tokens` of them.

    Prompt and continuation together are at most the model's context. Prompts that will end at about the same place are
    taken together, `batch_rows` at a time.
    """
    order = sorted(range(len(prompts)), key=lambda index: (len(prompts[index]) + most_tokens[index], index))
    found: list[list[int]] = [[] for _ in prompts]
    for first in range(0, len(order), batch_rows):
        _complete(model, prompts, most_tokens, end_of_text, choose, order[first : first + batch_rows], found)
    return found


@torch.inference_mode()
def _complete(
    model: LlamaForCausalLM,
    prompts: Sequence[Sequence[int]],
    most_tokens: Sequence[int],
    end_of_text: int,
    choose: Choose,
    rows: list[int],
    found: list[list[int]],
) -> None:
    """Append to `found` the continuations of the prompts `rows`.

    All rows stand at the same position: short prompts are already continued while long ones are still read. Rows that
    have ended are fed on until a quarter of all has, since leaving them out copies the cache.
    """
    device = next(model.parameters()).device
    context = model.config.max_position_embeddings
    rows = [row for row in rows if most_tokens[row] and len(prompts[row]) < context]
    if not rows:
        return
    position = min(len(prompts[row]) for row in rows)
    step_input = torch.tensor([list(prompts[row][:position]) for row in rows], device=device)
    last = min(context, max(len(prompts[row]) + most_tokens[row] for row in rows))
    past = Cache(layers=[_Buffer(last) for _ in range(model.config.num_hidden_layers)])
    ended: set[int] = set()
    while True:
        logits = model(input_ids=step_input, past_key_values=past, use_cache=True, logits_to_keep=1).logits[:, -1]
        speaking = [p for p, row in enumerate(rows) if row not in ended and len(prompts[row]) <= position]
        chosen = choose(logits[speaking], [rows[place] for place in speaking]) if speaking else []
        tokens = [end_of_text if row in ended else prompts[row][min(position, len(prompts[row]) - 1)] for row in rows]
        position += 1
        for place, token in zip(speaking, chosen, strict=True):
            row, tokens[place] = rows[place], token
            if token != end_of_text:
                found[row].append(token)
            if token == end_of_text or len(found[row]) == most_tokens[row] or position == context:
                ended.add(row)
        alive = [place for place, row in enumerate(rows) if row not in ended]
        if not alive:
            return
        if len(alive) <= 0.75 * len(rows):
            rows, tokens = [rows[place] for place in alive], [tokens[place] for place in alive]
            past.batch_select_indices(torch.tensor(alive, device=device))
        step_input = torch.tensor(tokens, device=device)[:, None]


class _Buffer(DynamicLayer):
    """The keys and values of one layer in a buffer of `size` positions, so that no step copies those before it."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._filled = 0
        self._buffers: list[torch.Tensor] = []

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add the states [rows, heads, positions, size] and return those of all positions."""
        fresh = key_states, value_states
        if not self.is_initialized:
            self.lazy_initialization(*fresh)
            self._buffers = [part.new_zeros((*part.shape[:2], self._size, part.shape[-1])) for part in fresh]
        start, self._filled = self._filled, self._filled + key_states.shape[-2]
        for buffer, part in zip(self._buffers, fresh, strict=True):
            buffer[:, :, start : self._filled] = part
        return self._show()

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep these rows."""
        self._buffers = [buffer[indices] for buffer in self._buffers]
        self._show()

    def _show(self) -> tuple[torch.Tensor, torch.Tensor]:
        self.keys, self.values = (buffer[:, :, : self._filled] for buffer in self._buffers)
        return self.keys, self.values
