"""One small training of the spike experiment: the common beginning of a seed, or one of the arms that follow it."""

import numpy
import polars
import torch

from modelworks.k2.spike_arms import PREFIX, Rows, chunk_order, plant
from modelworks.k2.spike_training import Measured, chunk_rows, load_data, recipe
from modelworks.lm import checkpoint
from modelworks.lm.device import deterministic_device
from modelworks.lm.model import initialise
from modelworks.lm.pretrain import begin
from modelworks.lm.ranks import alone
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: data; checkpoint, but of the beginning. Args: seed, arm. Outputs: log, scores; of the
    beginning also checkpoint.

    log (Parquet): seed, arm, chunk, step, tokens, loss, learning_rate, gradient_norm. scores (Parquet): seed, arm,
    place (how many chunks are trained), chunk (the last of them), step, bits_per_byte of the held-out text.
    """
    params = stage.params["k2"]["spikes"]
    train, fault, seed, arm = params["train"], params["fault"], stage.args["seed"], stage.args["arm"]
    vocab_size = stage.params["k2"]["tokenizer"]["vocab_size"]
    device = deterministic_device(train["threads"])
    settings = recipe(train)
    state = begin(initialise(params["model"], vocab_size, stage.seed(seed, "weights"), device), settings)
    data = load_data(stage.input("data"))
    rows = chunk_rows(data.rows, train, stage.seed(seed, "rows"))
    run = Measured(state, settings, data)
    if arm == PREFIX:
        torch.manual_seed(stage.seed(seed, "dropout"))
        run.measure(0, 0)
    else:
        checkpoint.load(state, stage.input("checkpoint"), alone(device))
        rows[fault["chunk"] - 1] = plant(
            arm, rows[fault["chunk"] - 1], fault, train["batch_rows"], vocab_size, stage.seed(seed, "fault")
        )
        if arm in ("again", "reshuffled"):
            torch.manual_seed(stage.seed(seed, "dropout", arm))
        if arm == "reshuffled":
            rows[fault["chunk"] - 1] = _shuffled(rows[fault["chunk"] - 1], stage.seed(seed, "order"))
    order = chunk_order(arm, train["chunks"], fault["chunk"])
    for place, chunk in enumerate(order, 1 if arm == PREFIX else fault["chunk"]):
        run.train(chunk, rows[chunk - 1])
        run.measure(place, chunk)
        stage.progress(place, train["chunks"], bits_per_byte=run.scores[-1]["bits_per_byte"])
    names = [polars.lit(int(seed)).alias("seed"), polars.lit(arm).alias("arm")]
    write_parquet(stage.output("log"), polars.concat(run.logs).select(*names, polars.all()))
    write_parquet(stage.output("scores"), polars.DataFrame(run.scores).select(*names, polars.all()))
    if arm == PREFIX:
        checkpoint.save(state, stage.output("checkpoint"), alone(device), {"chunk": f"{order[-1]:03d}"})


def _shuffled(rows: Rows, seed: int) -> Rows:
    return rows[numpy.random.default_rng(seed).permutation(len(rows))]
