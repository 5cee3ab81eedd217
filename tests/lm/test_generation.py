"""Claims about generated text."""

import random
from collections import Counter
from unittest.mock import ANY

import pytest
import torch
from transformers import LlamaForCausalLM

from modelworks.lm.generation import Sampler, complete, greedy
from modelworks.lm.model import initialise

MODEL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 16,
    "rms_norm_eps": 1e-5,
    "initializer_range": 0.5,
    "rope_theta": 10000.0,
    "attention_dropout": 0.0,
    "tie_word_embeddings": False,
}


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    return initialise(MODEL, 40, 5, torch.device("cpu")).eval()


def draw(model: LlamaForCausalLM, seeds: list[int], temperature: float = 1.0, top_k: int = 0) -> list[list[int]]:
    sampler = Sampler(seeds, temperature, top_k)
    return complete(model, [[0]] * len(seeds), [12] * len(seeds), 0, sampler, 100)


def test_a_sample_follows_from_its_own_seed_alone(model: LlamaForCausalLM) -> None:
    assert draw(model, [1, 2, 3]) == draw(model, [1, 2, 3])
    assert draw(model, [3, 1])[::-1] == [draw(model, [1, 2, 3])[index] for index in (0, 2)]
    assert draw(model, [1]) != draw(model, [2])


def test_cached_generation_equals_recomputing_the_whole_text(model: LlamaForCausalLM) -> None:
    [greedy] = draw(model, [1], top_k=1)
    whole, short = [0], [0]
    for _ in greedy:
        with torch.no_grad():
            whole.append(int(model(torch.tensor([whole])).logits[0, -1].argmax()))
            short.append(int(model(torch.tensor([short[-1:]])).logits[0, -1].argmax()))
    assert whole[1:] == greedy
    assert whole != short  # the text before the last token matters


def test_a_sample_ends_before_its_first_end_of_text(model: LlamaForCausalLM) -> None:
    samples = draw(model, list(range(60)))
    assert all(0 not in sample for sample in samples)
    assert {len(sample) == 12 for sample in samples} == {True, False}


def test_prompt_and_sample_stay_within_the_context(model: LlamaForCausalLM) -> None:
    samples = complete(model, [[0, 1, 2]] * 3, [100] * 3, 41, Sampler([1, 2, 3], 1.0, 0), 8)
    assert [len(sample) for sample in samples] == [16 - 3] * 3


def test_prompts_of_any_length_side_by_side_are_continued_as_one_by_one(model: LlamaForCausalLM) -> None:
    generator = random.Random(3)
    prompts = [[generator.randrange(40) for _ in range(generator.randint(1, 14))] for _ in range(30)]
    most = [generator.randint(0, 12) for _ in prompts]
    free = complete(model, prompts, [12] * len(prompts), 41, greedy, 1)
    [(end, _)] = Counter(token for found in free for token in found).most_common(1)
    alone = [complete(model, [prompt], [limit], end, greedy, 1)[0] for prompt, limit in zip(prompts, most, strict=True)]
    for rows in (1, 4, 100):
        assert complete(model, prompts, most, end, greedy, rows) == alone
    for prompt, limit, whole, found in zip(prompts, most, free, alone, strict=True):
        until_end = whole[: whole.index(end)] if end in whole else whole
        assert found == until_end[: min(limit, 16 - len(prompt))]
    assert any(end in whole[:limit] for whole, limit in zip(free, most, strict=True))


def test_a_prompt_that_fills_the_context_is_not_continued(model: LlamaForCausalLM) -> None:
    assert complete(model, [[1] * 16, [1] * 15], [5, 5], 41, greedy, 8) == [[], [ANY]]
    assert complete(model, [], [], 0, greedy, 8) == []
