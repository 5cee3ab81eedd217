"""The loss of every checkpoint on every chunk of the training sequence: what it has seen beside what it has not."""

import json

import numpy
import polars

from modelworks.k2.measures import Measure, table
from modelworks.lm.device import deterministic_device
from modelworks.lm.model import load_checkpoint
from modelworks.lm.packing import Tokens, load_rows
from modelworks.lm.scoring import Pair, score_pairs
from modelworks.lm.shares import rate
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: checkpoints, chunks. Output: table of nats per token.

    The same rows of a chunk are scored for all checkpoints; rows of a longer context are cut to the shortest, so that
    no cell of the matrix has more to look back on than another.
    """
    settings = stage.params["k2"]["evaluate"]
    device = deterministic_device(settings["threads"])
    chunks = {path.stem: load_rows(path) for path in stage.inputs["chunks"]}
    width = min(rows.shape[1] for rows in chunks.values())
    sampled = {name: _pairs(rows, width, settings["chunk_rows"], stage.seed(name)) for name, rows in chunks.items()}
    progresses = [
        json.loads((path / "progress.json").read_text(encoding="utf-8")) for path in stage.inputs["checkpoints"]
    ]
    tables = []
    for number, (path, progress) in enumerate(zip(stage.inputs["checkpoints"], progresses, strict=True)):
        model = load_checkpoint(path, device)
        trained = {other["chunk"] for other in progresses if other["step"] <= progress["step"]}
        measures = []
        for name, pairs in sampled.items():
            found = score_pairs(model, pairs, settings["batch_rows"])
            nats, tokens = float(found.nats.sum()), int(found.tokens.sum())
            loss = rate(found.nats, found.tokens)
            measures.append(Measure("chunk_loss", name, tokens, loss, nats=nats, seen=name in trained))
        tables.append(table(progress, measures))
        stage.progress(number + 1, len(progresses))
    write_parquet(stage.output("table"), polars.concat(tables))


def _pairs(rows: Tokens, width: int, most: int, seed: int) -> list[Pair]:
    """(inputs, targets) of a seeded sample of the rows."""
    chosen = numpy.random.default_rng(seed).permutation(len(rows))[:most]
    cut = rows[numpy.sort(chosen), :width].astype(numpy.int64)
    return [(row[:-1], row[1:]) for row in cut]
