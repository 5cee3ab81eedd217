"""Claims about generated samples and their page."""

import pytest
import torch
from transformers import LlamaForCausalLM

from modelworks.lm.gallery import page
from modelworks.lm.generation import generate
from modelworks.lm.model import initialise
from tests.lm.test_pretrain import MODEL


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    return initialise(
        {**MODEL, "initializer_range": 0.5, "tie_word_embeddings": False}, 40, 5, torch.device("cpu")
    ).eval()


def draw(model: LlamaForCausalLM, seeds: list[int], temperature: float = 1.0, top_k: int = 0) -> list[list[int]]:
    return generate(model, [0], seeds, 12, 0, temperature, top_k)


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
    assert max(len(sample) for sample in generate(model, [0, 1, 2], [1, 2, 3], 100, 41, 1.0, 0)) == 16 - 3


def test_the_page_shows_every_sample_escaped() -> None:
    samples = [
        {"text": "<script>alert(1)</script>", "tokens": [1, 2], "ended": True},
        {"text": "b & c", "tokens": [3], "ended": False},
    ]
    shown = page("Title", "Lead", samples)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "b &amp; c" in shown
    assert "2 tokens, ended by itself" in shown
    assert "1 tokens, cut off" in shown
