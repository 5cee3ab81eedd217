"""Generate text token by token, each sample from a random stream of its own."""

from collections.abc import Sequence

import torch
from transformers import LlamaForCausalLM


@torch.inference_mode()
def generate(
    model: LlamaForCausalLM,
    prompt: Sequence[int],
    seeds: Sequence[int],
    most_tokens: int,
    end_of_text: int,
    temperature: float,
    top_k: int,
) -> list[list[int]]:
    """One continuation of `prompt` (at least one token id) for each seed, ending before its first `end_of_text`.

    Logits are divided by `temperature`; only the `top_k` likeliest tokens are drawn from (0: all). Draws are made on
    the CPU in float64, by one generator a sample: a sample does not depend on how many others there are. Prompt and
    continuation together are at most the model's context.
    """
    device = next(model.parameters()).device
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    samples: list[list[int]] = [[] for _ in seeds]
    ended = [False] * len(seeds)
    step_input = torch.tensor([list(prompt)] * len(seeds), device=device)
    past = None
    for _ in range(min(most_tokens, model.config.max_position_embeddings - len(prompt))):
        result = model(input_ids=step_input, past_key_values=past, use_cache=True)
        past = result.past_key_values
        logits = result.logits[:, -1].double().cpu() / temperature
        if top_k:
            least = logits.topk(min(top_k, logits.shape[-1])).values[:, -1:]
            logits = logits.masked_fill(logits < least, float("-inf"))
        drawn = [
            int(torch.multinomial(row, 1, generator=generator))
            for row, generator in zip(logits.softmax(-1), generators, strict=True)
        ]
        for index, token in enumerate(drawn):
            ended[index] = ended[index] or token == end_of_text
            if not ended[index]:
                samples[index].append(token)
        if all(ended):
            break
        step_input = torch.tensor(drawn, device=device)[:, None]
    return samples
