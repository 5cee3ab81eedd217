"""Claims about bits per byte."""

import math

import numpy
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from modelworks.lm.packing import Tokens
from modelworks.lm.scoring import Score, score, windows

CONTEXT = 16


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=CONTEXT,
        initializer_range=0.5,
    )
    return LlamaForCausalLM(config).eval()


def documents() -> list[Tokens]:
    generator = numpy.random.default_rng(1)
    lengths = [2, 3, CONTEXT, CONTEXT + 1, CONTEXT + 2, 50, 2 * CONTEXT + 1]
    return [generator.integers(0, 50, length).astype(numpy.int32) for length in lengths]


def brute_force(model: LlamaForCausalLM, document: Tokens, stride: int) -> float:
    """Each token's nats one at a time, each from the context that its window gives it."""
    nats = 0.0
    for position in range(1, len(document)):
        start = 0 if position <= CONTEXT else stride * math.ceil((position - CONTEXT) / stride)
        with torch.no_grad():
            logits = model(torch.tensor(document[None, start:position]).long()).logits[0, -1].double()
        nats -= logits.log_softmax(-1)[int(document[position])].item()
    return nats


@pytest.mark.parametrize("stride", [1, 5, 8, CONTEXT])
def test_the_score_equals_a_brute_force_sum_over_all_tokens(model: LlamaForCausalLM, stride: int) -> None:
    expected = sum(brute_force(model, document, stride) for document in documents())
    result = score(model, documents(), CONTEXT, stride, batch_rows=3)
    assert result.nats == pytest.approx(expected, rel=1e-6)
    assert result.tokens == sum(len(document) - 1 for document in documents())


def test_the_score_does_not_depend_on_the_batch_size_or_the_neighbours(model: LlamaForCausalLM) -> None:
    together = [score(model, documents(), CONTEXT, 8, batch_rows=size).nats for size in (1, 2, 7, 100)]
    apart = sum(score(model, [document], CONTEXT, 8, batch_rows=4).nats for document in documents())
    assert together == pytest.approx([apart] * 4, rel=1e-6)


@pytest.mark.parametrize("stride", [1, 5, 16])
def test_each_token_is_a_target_of_exactly_one_window(stride: int) -> None:
    for length in range(2, 60):
        document = numpy.arange(length, dtype=numpy.int32)
        targets = numpy.concatenate([t[t != -100] for _, t in windows(document, CONTEXT, stride)])
        assert targets.tolist() == list(range(1, length))
        for inputs, wanted in windows(document, CONTEXT, stride)[1:]:
            first = int(numpy.flatnonzero(wanted != -100)[0])
            assert first >= CONTEXT - stride
            assert len(inputs) == len(wanted) <= CONTEXT


def test_bits_per_byte_divides_all_nats_by_all_bytes() -> None:
    assert Score(nats=8 * math.log(2), tokens=3).bits_per_byte(16) == pytest.approx(0.5)
