"""Claims about bits per byte."""

import math

import numpy
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from modelworks.lm.packing import Tokens
from modelworks.lm.scoring import Scores, from_place, score, score_pairs, windows

CONTEXT = 16
END = 0


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
    expected = [brute_force(model, numpy.append(document, END), stride) for document in documents()]
    result = score(model, documents(), END, CONTEXT, stride, batch_rows=3)
    assert result.nats.tolist() == pytest.approx(expected, rel=1e-5)
    assert result.tokens.tolist() == [len(document) for document in documents()]


def test_the_score_does_not_depend_on_the_batch_size_or_the_neighbours(model: LlamaForCausalLM) -> None:
    apart = [score(model, [document], END, CONTEXT, 8, batch_rows=4).nats[0] for document in documents()]
    for size in (1, 2, 7, 100):
        assert score(model, documents(), END, CONTEXT, 8, size).nats.tolist() == pytest.approx(apart, rel=1e-5)


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
    scores = Scores(numpy.asarray([3 * math.log(2), 5 * math.log(2)]), numpy.asarray([1, 2]))
    assert scores.bits_per_byte(16) == pytest.approx(0.5)


def test_only_the_tokens_from_a_place_on_are_scored(model: LlamaForCausalLM) -> None:
    tokens = documents()[4].tolist()
    parts = [score_pairs(model, [from_place(tokens, place)], 1) for place in (1, 7, len(tokens) - 1)]
    assert [part.tokens[0] for part in parts] == [len(tokens) - 1, len(tokens) - 7, 1]
    with torch.no_grad():
        logs = model(torch.tensor([tokens[:-1]])).logits[0].double().log_softmax(-1)
    single = -logs.gather(1, torch.tensor(tokens[1:])[:, None])[:, 0]
    assert [part.nats[0] for part in parts] == pytest.approx(
        [float(single[p - 1 :].sum()) for p in (1, 7, len(tokens) - 1)]
    )


def test_no_documents_have_no_score(model: LlamaForCausalLM) -> None:
    assert len(score(model, [], END, CONTEXT, 8, 4).nats) == 0
