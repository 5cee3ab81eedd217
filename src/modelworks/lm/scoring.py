"""The negative log-likelihood of texts under a model: nats and counts are summed, no average is averaged."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import LlamaForCausalLM

from modelworks.lm.packing import Tokens

_IGNORED = -100

Pair = tuple[NDArray[numpy.int64], NDArray[numpy.int64]]


@dataclass(frozen=True)
class Scores:
    """The summed negative log-likelihood `nats` float64[n] of the `tokens` int64[n] predicted tokens of n texts."""

    nats: NDArray[numpy.float64]
    tokens: NDArray[numpy.int64]

    def bits_per_byte(self, size: int) -> float:
        """All nats as bits, over the `size` UTF-8 bytes of the texts themselves."""
        return float(self.nats.sum()) / math.log(2) / size


def windows(document: Tokens, context: int, stride: int) -> list[Pair]:
    """(inputs, targets) pairs of at most `context` tokens in which each token after the first is a target just once.

    A window starts `stride` tokens after the one before it, and the targets that it shares with that one are ignored: a
    token beyond the first window sees at least `context - stride` tokens before it.
    """
    whole = document.astype(numpy.int64)
    pairs = []
    scored = 0
    for start in range(0, len(whole) - 1, stride):
        inputs, targets = whole[start : start + context], whole[start + 1 : start + context + 1].copy()
        inputs = inputs[: len(targets)]
        targets[: scored - start] = _IGNORED
        pairs.append((inputs, targets))
        scored = start + len(targets)
        if scored == len(whole) - 1:
            break
    return pairs


def from_place(tokens: Sequence[int], place: int) -> Pair:
    """The pair in which the tokens from `place` (at least 1) on are targets and those before it are given."""
    whole = numpy.asarray(tokens, dtype=numpy.int64)
    targets = whole[1:].copy()
    targets[: place - 1] = _IGNORED
    return whole[:-1], targets


def score(
    model: LlamaForCausalLM, documents: Iterable[Tokens], end_of_text: int, context: int, stride: int, batch_rows: int
) -> Scores:
    """The scores of documents that begin with end-of-text, which is not predicted; the end-of-text after each is.

    Documents do not see each other.
    """
    pairs: list[Pair] = []
    owners: list[int] = []
    count = 0
    for number, document in enumerate(documents):
        found = windows(numpy.append(document, end_of_text), context, stride)
        pairs += found
        owners += [number] * len(found)
        count += 1
    parts = score_pairs(model, pairs, batch_rows)
    nats, tokens = numpy.zeros(count), numpy.zeros(count, dtype=numpy.int64)
    numpy.add.at(nats, owners, parts.nats)
    numpy.add.at(tokens, owners, parts.tokens)
    return Scores(nats, tokens)


@torch.inference_mode()
def score_pairs(model: LlamaForCausalLM, pairs: Sequence[Pair], batch_rows: int) -> Scores:
    """The score of each pair, `batch_rows` of similar length at a time.

    Shorter pairs are filled up on the right, where a causal model cannot see.
    """
    device = next(model.parameters()).device
    nats, tokens = numpy.zeros(len(pairs)), numpy.zeros(len(pairs), dtype=numpy.int64)
    order = sorted(range(len(pairs)), key=lambda index: len(pairs[index][0]))
    for first in range(0, len(order), batch_rows):
        places = order[first : first + batch_rows]
        longest = len(pairs[places[-1]][0])
        rows = numpy.zeros((len(places), longest), dtype=numpy.int64)
        wanted = numpy.full((len(places), longest), _IGNORED, dtype=numpy.int64)
        for row, place in enumerate(places):
            inputs, targets = pairs[place]
            rows[row, : len(inputs)], wanted[row, : len(targets)] = inputs, targets
        logits = model(input_ids=torch.from_numpy(rows).to(device), use_cache=False).logits.float()
        flat = torch.from_numpy(wanted).to(device).flatten()
        losses = functional.cross_entropy(logits.flatten(0, 1), flat, ignore_index=_IGNORED, reduction="none")
        nats[places] = losses.double().view(len(places), longest).sum(-1).cpu().numpy()
        tokens[places] = (wanted != _IGNORED).sum(-1)
    return Scores(nats, tokens)
