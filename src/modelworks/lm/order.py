"""The training sequence: which documents each chunk holds, in which order, and which tokens of them each row holds.

A source with multiplier r occurs r times over a plan of P chunks, P / r apart; below 1, that share of it occurs once.
Occurrences are spread by tokens, so that every chunk has about the same mix. A chunk's rows depend on its own documents
alone: its occurrences are shuffled, joined, and cut into rows that overlap by one token, which are shuffled too; what
is left over is dropped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import polars
from numpy.typing import NDArray

from modelworks.lm.packing import Tokens

Indexes = NDArray[numpy.int64]


@dataclass(frozen=True)
class Occurrences:
    """What is planned: document `documents[i]` (a row of the index) occurs in the chunk `chunks[i]`, from 0."""

    documents: Indexes
    chunks: Indexes


def spread(tokens: Indexes, multiplier: float, chunks: int, seed: Sequence[int]) -> Occurrences:
    """Where the documents of one source occur; `tokens` int64[d] are their lengths."""
    generator = numpy.random.default_rng(seed)
    order = generator.permutation(len(tokens))
    lengths = tokens[order]
    whole, fraction = int(multiplier), multiplier - int(multiplier)
    # Of the fraction of the tokens that comes first, each document occurs once more.
    extra = (numpy.cumsum(lengths) - lengths / 2) < fraction * lengths.sum()
    found: list[tuple[Indexes, Indexes]] = []
    for times, chosen in ((whole + 1, extra), (whole, ~extra)):
        documents, sizes = order[chosen], lengths[chosen]
        if times and len(documents):
            places = (numpy.cumsum(sizes) - sizes / 2) / sizes.sum()
            for round_number in range(times):
                where = numpy.floor((places + round_number) * chunks / times).astype(numpy.int64)
                found.append((documents, numpy.minimum(where, chunks - 1)))
    if not found:
        return Occurrences(numpy.empty(0, numpy.int64), numpy.empty(0, numpy.int64))
    return Occurrences(*(numpy.concatenate([pair[part] for pair in found]) for part in (0, 1)))


def plan(index: polars.DataFrame, mix: Mapping[str, float], chunks: int, seed: int) -> list[Indexes]:
    """The documents (rows of `index`: source, tokens) of each chunk, shuffled; one may be there more than once."""
    per_chunk: list[list[Indexes]] = [[] for _ in range(chunks)]
    for number, source in enumerate(sorted(mix)):
        rows = index["source"].eq(source).arg_true().to_numpy().astype(numpy.int64)
        lengths = index["tokens"].to_numpy()[rows]
        found = spread(lengths, mix[source], chunks, _seed(seed, "spread", number))
        by_chunk = numpy.argsort(found.chunks, kind="stable")
        bounds = numpy.searchsorted(found.chunks[by_chunk], numpy.arange(chunks + 1))
        for chunk in range(chunks):
            per_chunk[chunk].append(rows[found.documents[by_chunk[bounds[chunk] : bounds[chunk + 1]]]])
    joined = [numpy.concatenate(parts) if parts else numpy.empty(0, numpy.int64) for parts in per_chunk]
    return [numpy.random.default_rng(_seed(seed, "shuffle", chunk)).permutation(d) for chunk, d in enumerate(joined)]


def rows(
    documents: Indexes, index: polars.DataFrame, count: int, context: int, seed: Sequence[int]
) -> polars.DataFrame:
    """The pieces of `count` rows of `context` + 1 tokens: row, start (in the row), shard, document, begin, end, source.

    `begin` and `end` are tokens of the document, of which the first is the end-of-text before it. Raises ValueError
    with the number of tokens that are there if they are too few.
    """
    lengths = index["tokens"].to_numpy()[documents]
    offsets = numpy.concatenate([[0], numpy.cumsum(lengths)])
    if offsets[-1] < count * context + 1:
        raise ValueError(f"{offsets[-1]} tokens, {count * context + 1} are needed")
    starts = numpy.random.default_rng(seed).permutation(count) * context
    ends = starts + context + 1
    first = numpy.searchsorted(offsets, starts, side="right") - 1
    last = numpy.searchsorted(offsets, ends, side="left")
    pieces = last - first
    row = numpy.repeat(numpy.arange(count, dtype=numpy.int64), pieces)
    place = numpy.arange(len(row)) - numpy.repeat(numpy.cumsum(pieces) - pieces, pieces) + numpy.repeat(first, pieces)
    begin = numpy.maximum(starts[row], offsets[place])
    end = numpy.minimum(ends[row], offsets[place + 1])
    which = index[documents[place]]
    return polars.DataFrame(
        [
            polars.Series("row", row),
            polars.Series("start", begin - starts[row]),
            which["shard"],
            which["document"],
            polars.Series("begin", begin - offsets[place]),
            polars.Series("end", end - offsets[place]),
            which["source"],
        ]
    )


def fill(table: polars.DataFrame, tokens: Mapping[Any, Callable[[int], Tokens]]) -> Tokens:
    """The rows of a chunk, [rows, context + 1], from the pieces that `rows` gave; `tokens[shard](document)` reads."""
    count = int(table["row"].max()) + 1  # type: ignore[arg-type]
    first = table.filter(polars.col("row") == 0)
    width = int((first["end"] - first["begin"]).sum())
    found: Tokens | None = None
    for row, start, shard, document, begin, end in table.select(
        "row", "start", "shard", "document", "begin", "end"
    ).iter_rows():
        piece = tokens[shard](document)[begin:end]
        if found is None:
            found = numpy.zeros((count, width), dtype=piece.dtype)
        found[row, start : start + len(piece)] = piece
    assert found is not None
    return found


def _seed(seed: int, what: str, number: int) -> list[int]:
    return [seed, {"spread": 1, "shuffle": 2}[what], number]
