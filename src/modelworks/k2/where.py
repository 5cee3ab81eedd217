"""Which documents and characters a row of a training step holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars
from tokenizers import Tokenizer

from modelworks.build import params as params_file
from modelworks.build.errors import ModelworksError
from modelworks.k2.segments import Segment, segments
from modelworks.lm.tokenizer import load


class WhereError(ModelworksError):
    """The place is outside the training, or what it was made from is not there."""


@dataclass(frozen=True)
class Piece:
    """Tokens `begin` to `end` of a document (the first is the end-of-text before it), characters `first` to `last`."""

    id: str
    source: str
    shard: str
    document: int
    begin: int
    end: int
    first: int
    last: int
    tokens: list[int]
    text: str


@dataclass(frozen=True)
class Place:
    """One row of one step: the segment and chunk that it is in, its number there, the rank that trains on it."""

    segment: str
    chunk: str
    row: int
    rank: int
    pieces: list[Piece]


def where(folder: Path, step: int, sample: int) -> Place:
    """Row `sample` (from 0) of the batch of `step` (from 1, over the whole training) in the workspace `folder`.

    Raises WhereError.
    """
    k2 = params_file.read(folder / params_file.FILE)["k2"]
    chain = segments(k2["run"], k2["order"], k2["train"])
    found = next((segment for segment in chain if segment.first < step <= segment.last), None)
    if found is None:
        raise WhereError(f"--step {step}: the steps of this training are 1 to {chain[-1].last}")
    batch = k2["train"]["batch_tokens"] // k2["order"][found.phase]["context"]
    if not 0 <= sample < batch:
        raise WhereError(f"--sample {sample}: the rows of step {step} are 0 to {batch - 1}")
    row = (step - found.first - 1) * batch + sample
    rank = sample // (batch // k2["train"]["ranks"])
    return Place(found.name, found.chunk, row, rank, list(_pieces(folder / "artifacts/k2", found, row)))


def _pieces(artifacts: Path, segment: Segment, row: int) -> Iterator[Piece]:
    order = polars.read_parquet(_there(artifacts / f"order/{segment.chunk}.parquet"))
    tokenizer = load(_there(artifacts / "tokenizer.json"))
    for piece in order.filter(polars.col("row") == row).sort("start").iter_rows(named=True):
        path = _there(artifacts / f"corpus/train/{piece['shard']}.parquet")
        entry = polars.scan_parquet(path).slice(piece["document"], 1).collect().row(0, named=True)
        yield _piece(piece["shard"], piece["document"], piece["begin"], piece["end"], entry, tokenizer)


def _piece(shard: str, document: int, begin: int, end: int, entry: dict[str, str], tokenizer: Tokenizer) -> Piece:
    encoding = tokenizer.encode(entry["text"], add_special_tokens=False)
    own = slice(max(0, begin - 1), end - 1)  # without the end-of-text
    spans = encoding.offsets[own]
    first, last = (spans[0][0], spans[-1][1]) if spans else (0, 0)
    tokens = ([0] if begin == 0 else []) + encoding.ids[own]
    text = entry["text"][first:last]
    return Piece(entry["id"], entry["source"], shard, document, begin, end, first, last, tokens, text)


def _there(path: Path) -> Path:
    if not path.exists():
        raise WhereError(f"{path} is not there: build it (snakemake k2) or name the workspace with --directory")
    return path
