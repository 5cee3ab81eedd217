"""Documents as one stream of tokens, and the stream as rows of equal length for training."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

Tokens = NDArray[numpy.int32]


@dataclass(frozen=True)
class Packed:
    """`tokens` int32[n]: end-of-text, document, end-of-text, document, ..., end-of-text.

    `starts` int64[d] are the positions of each document's leading end-of-text, `sizes` int64[d] its UTF-8 bytes.
    """

    tokens: Tokens
    starts: NDArray[numpy.int64]
    sizes: NDArray[numpy.int64]

    def documents(self) -> list[Tokens]:
        """Each document's tokens with the end-of-text before and the one after it."""
        ends = [*self.starts[1:].tolist(), len(self.tokens) - 1]
        return [self.tokens[start : end + 1] for start, end in zip(self.starts.tolist(), ends, strict=True)]

    @property
    def size(self) -> int:
        """UTF-8 bytes of all documents."""
        return int(self.sizes.sum())


def pack(documents: Sequence[Sequence[int]], sizes: Sequence[int], end_of_text: int) -> Packed:
    """Join documents (token ids), keeping every token."""
    starts, parts = [], []
    position = 0
    for document in documents:
        starts.append(position)
        parts.append(numpy.asarray([end_of_text, *document], dtype=numpy.int32))
        position += len(document) + 1
    parts.append(numpy.asarray([end_of_text], dtype=numpy.int32))
    return Packed(
        numpy.concatenate(parts), numpy.asarray(starts, dtype=numpy.int64), numpy.asarray(sizes, dtype=numpy.int64)
    )


def save(packed: Packed, path: Path) -> None:
    """Write as safetensors."""
    save_file({"tokens": packed.tokens, "starts": packed.starts, "sizes": packed.sizes}, path)


def load(path: Path) -> Packed:
    """Read what `save` wrote."""
    arrays = load_file(path)
    return Packed(arrays["tokens"], arrays["starts"], arrays["sizes"])


def epoch_rows(tokens: Tokens, context: int, seed: int) -> Tokens:
    """One epoch of training rows, int32[rows, context + 1], in shuffled order; row[:-1] predicts row[1:].

    The stream is rotated by a seeded offset, so that each epoch cuts it elsewhere, and cut into rows that overlap by
    one token: every token is a target once (the few that fill the last row, twice).
    """
    generator = numpy.random.default_rng(seed)
    offset = int(generator.integers(len(tokens)))
    count = -(-len(tokens) // context)
    starts = offset + context * generator.permutation(count)
    return tokens[(starts[:, None] + numpy.arange(context + 1)) % len(tokens)]
