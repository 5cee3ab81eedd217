"""Small trainings on rows of the main run, measured after every chunk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import polars

from modelworks.k2.spike_arms import Rows
from modelworks.lm.mapped import map_file
from modelworks.lm.packing import Tokens
from modelworks.lm.pretrain import COLUMNS, State, train_chunk
from modelworks.lm.recipe import Recipe
from modelworks.lm.scoring import score
from modelworks.lm.tokenizer import END_OF_TEXT_ID

_BATCH_ROWS = 32


@dataclass(frozen=True)
class Data:
    """What `k2.spike_data` wrote: `rows` [rows, context + 1], held-out `documents`, and the bytes of all of them."""

    rows: Tokens
    documents: list[Tokens]
    size: int


def load_data(path: Path) -> Data:
    """Map the rows and split the held-out tokens into documents."""
    arrays = map_file(path)
    return Data(
        arrays["rows"],
        numpy.split(arrays["tokens"].astype(numpy.int64), arrays["starts"][1:-1]),
        int(arrays["sizes"].sum()),
    )


def recipe(train: Mapping[str, Any]) -> Recipe:
    """How to train, from the section k2.spikes.train."""
    settings = {name: train[name] for name in train if name not in ("chunks", "chunk_steps", "threads")}
    steps = train["chunks"] * train["chunk_steps"]
    return Recipe(
        micro_batch_rows=train["batch_rows"], schedule="cosine", falls=(train["warmup_steps"], steps), **settings
    )


def chunk_rows(pool: Tokens, train: Mapping[str, Any], seed: int) -> Rows:
    """The clean rows of a seed's chunks, int64 [chunks, rows, context + 1], drawn evenly from the pool.

    No row occurs twice before every row has occurred once.
    """
    each = train["chunk_steps"] * train["batch_rows"]
    needed = train["chunks"] * each
    generator = numpy.random.default_rng(seed)
    turns = -(-needed // len(pool))
    places = numpy.concatenate([generator.permutation(len(pool)) for _ in range(turns)])[:needed]
    return pool[places].astype(numpy.int64).reshape(train["chunks"], each, -1)


@dataclass
class Measured:
    """A training with its logs, a table a chunk, and its scores on held-out text."""

    state: State
    recipe: Recipe
    data: Data
    logs: list[polars.DataFrame] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)

    def train(self, chunk: int, rows: Rows) -> None:
        """Train one chunk."""
        self.state.row = 0
        self.state.log = {name: [] for name in COLUMNS}
        log = train_chunk(self.state, rows, self.recipe)
        self.logs.append(log.select(polars.lit(chunk).alias("chunk"), polars.all()))

    def measure(self, place: int, chunk: int) -> None:
        """Score the held-out text; `place` chunks are trained, the last of them `chunk`."""
        model = self.state.model.eval()
        context = self.recipe.context
        result = score(model, self.data.documents, END_OF_TEXT_ID, context, max(1, context // 2), _BATCH_ROWS)
        bits = round(result.bits_per_byte(self.data.size), 6)
        self.scores.append({"place": place, "chunk": chunk, "step": self.state.step, "bits_per_byte": bits})
