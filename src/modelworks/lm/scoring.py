"""Bits per byte of a text under a model: all nats, over all bytes, no average of averages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import torch
from torch.nn import functional
from transformers import LlamaForCausalLM

from modelworks.lm.packing import Tokens

_IGNORED = -100


@dataclass(frozen=True)
class Score:
    """The summed negative log-likelihood `nats` of `tokens` predicted tokens."""

    nats: float
    tokens: int

    def bits_per_byte(self, size: int) -> float:
        """Nats to bits, over the `size` UTF-8 bytes of the text itself."""
        return self.nats / math.log(2) / size


def windows(document: Tokens, context: int, stride: int) -> list[tuple[Tokens, Tokens]]:
    """(inputs, targets) pairs of at most `context` tokens in which each token after the first is a target just once.

    A window starts `stride` tokens after the one before it, and the targets that it shares with that one are ignored: a
    token beyond the first window sees at least `context - stride` tokens before it.
    """
    pairs = []
    scored = 0
    for start in range(0, len(document) - 1, stride):
        inputs, targets = document[start : start + context], document[start + 1 : start + context + 1].copy()
        inputs = inputs[: len(targets)]
        targets[: scored - start] = _IGNORED
        pairs.append((inputs, targets))
        scored = start + len(targets)
        if scored == len(document) - 1:
            break
    return pairs


@torch.inference_mode()
def score(model: LlamaForCausalLM, documents: Sequence[Tokens], context: int, stride: int, batch_rows: int) -> Score:
    """Score documents that each begin with end-of-text, which is not predicted, and end with one, which is.

    Documents do not see each other. Shorter windows are filled up on the right, where a causal model cannot see.
    """
    device = next(model.parameters()).device
    pairs = [pair for document in documents for pair in windows(document, context, stride)]
    nats, count = 0.0, 0
    for first in range(0, len(pairs), batch_rows):
        batch = pairs[first : first + batch_rows]
        longest = max(len(inputs) for inputs, _ in batch)
        rows = numpy.zeros((len(batch), longest), dtype=numpy.int64)
        wanted = numpy.full((len(batch), longest), _IGNORED, dtype=numpy.int64)
        for index, (inputs, targets) in enumerate(batch):
            rows[index, : len(inputs)] = inputs
            wanted[index, : len(targets)] = targets
        logits = model(input_ids=torch.from_numpy(rows).to(device), use_cache=False).logits.float()
        targets_flat = torch.from_numpy(wanted).to(device).flatten()
        losses = functional.cross_entropy(logits.flatten(0, 1), targets_flat, ignore_index=_IGNORED, reduction="none")
        nats += losses.double().sum().item()
        count += int((wanted != _IGNORED).sum())
    return Score(nats, count)
