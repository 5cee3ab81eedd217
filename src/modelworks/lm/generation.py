"""Generate text token by token: prompts of any length side by side, without padding."""

from collections.abc import Callable, Sequence

import torch
from transformers import LlamaForCausalLM

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

    All rows stand at the same position: short prompts are already continued while long ones are still read.
    """
    device = next(model.parameters()).device
    context = model.config.max_position_embeddings
    rows = [row for row in rows if most_tokens[row] and len(prompts[row]) < context]
    position = min((len(prompts[row]) for row in rows), default=0)
    step_input = torch.tensor([list(prompts[row][:position]) for row in rows], device=device)
    past = None
    while rows:
        result = model(input_ids=step_input, past_key_values=past, use_cache=True, logits_to_keep=1)
        past = result.past_key_values
        speaking = [place for place, row in enumerate(rows) if len(prompts[row]) <= position]
        chosen = choose(result.logits[speaking, -1], [rows[place] for place in speaking]) if speaking else []
        said = dict(zip(speaking, chosen, strict=True))
        position += 1
        kept, tokens = [], []
        for place, row in enumerate(rows):
            token = said.get(place, end_of_text)
            if place not in said:
                token = prompts[row][position - 1]
            elif token == end_of_text:
                continue
            else:
                found[row].append(token)
                if len(found[row]) == most_tokens[row] or position == context:
                    continue
            kept.append(place)
            tokens.append(token)
        if len(kept) < len(rows):
            rows = [rows[place] for place in kept]
            past.batch_select_indices(torch.tensor(kept, device=device, dtype=torch.int64))
        step_input = torch.tensor(tokens, device=device)[:, None]
