"""Cloze items: which of several endings a model finds likeliest after a beginning."""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from modelworks.lm.scoring import Pair, from_place, score_pairs


@dataclass(frozen=True)
class Item:
    """A beginning and its possible endings, of which `choices[answer]` is the true one."""

    prompt: str
    choices: Sequence[str]
    answer: int


def choose(
    model: LlamaForCausalLM,
    tokenizer: Tokenizer,
    items: Sequence[Item],
    end_of_text: int,
    context: int,
    batch_rows: int,
) -> list[int]:
    """The index of each item's likeliest choice: the smallest negative log-likelihood per UTF-8 byte of the choice.

    A tie goes to the choice that comes first in the alphabet, so that the order of the choices does not matter. Of a
    beginning that does not fit into `context` the end is read.
    """
    pairs = [pair for item in items for pair in _pairs(tokenizer, item, end_of_text, context)]
    nats = iter(score_pairs(model, pairs, batch_rows).nats.tolist())
    chosen = []
    for item in items:
        costs = [(next(nats) / max(1, len(choice.encode())), choice) for choice in item.choices]
        chosen.append(costs.index(min(costs)))
    return chosen


def _pairs(tokenizer: Tokenizer, item: Item, end_of_text: int, context: int) -> list[Pair]:
    """One pair a choice. Targets begin where the tokens of the whole leave those of the prompt, alike for all choices.

    A token that spans the end of the prompt thus belongs to the choice.
    """
    given = tokenizer.encode(item.prompt, add_special_tokens=False).ids
    texts = [item.prompt + choice for choice in item.choices]
    wholes = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    shared = min(_shared(given, whole) for whole in wholes)
    pairs = []
    for whole in wholes:
        tokens = [end_of_text, *whole]
        skipped = min(max(0, len(tokens) - 1 - context), shared)
        pairs.append(from_place(tokens[skipped:], shared + 1 - skipped))
    return pairs


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens both begin with."""
    equal = (place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    return next(equal, min(len(first), len(second)))
