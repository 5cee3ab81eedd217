"""Which documents and characters a row of a training step holds."""

import json
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
    """One row of one step: the segment and chunk that it is in, its number there, the rank that trains on it.

    `trained`: whether the checkpoint at the end of the segment is there.
    """

    segment: str
    chunk: str
    row: int
    rank: int
    trained: bool
    pieces: list[Piece]


def where(folder: Path, step: int, sample: int) -> Place:
    """Row `sample` (from 0) of the batch of `step` (from 1, over the whole training) in the workspace `folder`.

    Raises WhereError, also if what is built was not built from the params that are there now.
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
    artifacts = folder / "artifacts/k2"
    order = _order(artifacts / f"order/{found.chunk}.parquet", (found.last - found.first) * batch)
    trained = _is_trained(artifacts / f"checkpoints/{found.name}/progress.json", found)
    return Place(found.name, found.chunk, row, rank, trained, list(_pieces(artifacts, order, row)))


def _order(path: Path, rows: int) -> polars.DataFrame:
    try:
        order = polars.read_parquet(_there(path))
        built = order["row"].n_unique()
    except polars.exceptions.PolarsError as error:
        raise WhereError(f"{path} is not an order of rows ({error}): modelworks get {path} fetches it again") from None
    if built != rows:
        raise WhereError(
            f"{path} holds {built} rows, params.yaml asks for {rows}: build it (snakemake k2), or put back the values "
            "it was built from (modelworks why shows the difference)"
        )
    return order


def _is_trained(path: Path, segment: Segment) -> bool:
    """Whether the checkpoint is there. Raises WhereError if it ended another chunk or at another step."""
    if not path.exists():
        return False
    progress = json.loads(path.read_text(encoding="utf-8"))
    built = progress["chunk"], progress["step"]
    if built != (segment.chunk, segment.last):
        raise WhereError(
            f"{path}: the checkpoint trained chunk {built[0]} up to step {built[1]}, params.yaml asks for chunk "
            f"{segment.chunk} up to step {segment.last}: build it (snakemake k2), or put back the values it was built "
            "from (modelworks why shows the difference)"
        )
    return True


def _pieces(artifacts: Path, order: polars.DataFrame, row: int) -> Iterator[Piece]:
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
