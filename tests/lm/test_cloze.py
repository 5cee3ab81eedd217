"""Claims about cloze items."""

import itertools
import math
import random

import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from modelworks.lm import tokenizer as bpe
from modelworks.lm.cloze import Item, choose
from modelworks.lm.model import initialise
from tests.lm.test_generation import MODEL

CONTEXT = 16
ENDINGS = ["scope", " of a", "né", "in the", "statement"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return bpe.train(["the scope of a statement in the né né scope of a name"] * 9, 280, 2)


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    return initialise(MODEL, 280, 5, torch.device("cpu")).eval()


def items() -> list[Item]:
    generator = random.Random(2)
    words = ["the", "scope", "of", "a", "né"]
    prompts = [generator.choices(words, k=generator.randint(1, 8)) for _ in range(20)]
    return [Item(" ".join([*prompt, ""]), generator.sample(ENDINGS, 4), 0) for prompt in prompts]


def cost(model: LlamaForCausalLM, tokenizer: Tokenizer, prompt: str, choice: str) -> float:
    """Nats per byte of the choice, token by token, after as much of the prompt as fits."""
    ids = [0, *tokenizer.encode(prompt + choice).ids]
    first = next(i for i in range(1, len(ids)) if len(tokenizer.decode(ids[1 : i + 1])) > len(prompt.rstrip()))
    ids, first = ids[-CONTEXT - 1 :], first - max(0, len(ids) - CONTEXT - 1)
    nats = 0.0
    for place in range(first, len(ids)):
        with torch.no_grad():
            nats -= float(model(torch.tensor([ids[:place]])).logits[0, -1].double().log_softmax(-1)[ids[place]])
    return nats / len(choice.encode())


def test_the_choice_is_the_likeliest_ending_per_byte(model: LlamaForCausalLM, tokenizer: Tokenizer) -> None:
    found = choose(model, tokenizer, items(), 0, CONTEXT, 7)
    for item, place in zip(items(), found, strict=True):
        costs = [cost(model, tokenizer, item.prompt, choice) for choice in item.choices]
        assert math.isclose(costs[place], min(costs), rel_tol=1e-5)
    assert len(set(found)) > 1


def test_the_order_of_items_and_of_choices_does_not_matter(model: LlamaForCausalLM, tokenizer: Tokenizer) -> None:
    found = [
        item.choices[place]
        for item, place in zip(items(), choose(model, tokenizer, items(), 0, CONTEXT, 7), strict=True)
    ]
    backwards = items()[::-1]
    again = choose(model, tokenizer, backwards, 0, CONTEXT, 64)
    assert [item.choices[place] for item, place in zip(backwards, again, strict=True)] == found[::-1]
    for order in list(itertools.permutations(range(4)))[1::5]:
        turned = [Item(item.prompt, [item.choices[place] for place in order], 0) for item in items()]
        places = choose(model, tokenizer, turned, 0, CONTEXT, 7)
        assert [item.choices[place] for item, place in zip(turned, places, strict=True)] == found


def test_equal_choices_are_a_tie_whatever_their_place(model: LlamaForCausalLM, tokenizer: Tokenizer) -> None:
    [place] = choose(model, tokenizer, [Item("the ", ["a", "a", "a"], 2)], 0, CONTEXT, 7)
    assert place == 0
