"""Train one segment: one chunk of the training sequence, from the checkpoint of the segment before it."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars
import torch

from modelworks.lm import checkpoint
from modelworks.lm.device import deterministic_device
from modelworks.lm.model import initialise
from modelworks.lm.packing import load_rows
from modelworks.lm.pretrain import State, begin, train_chunk
from modelworks.lm.progress import Progress
from modelworks.lm.ranks import Ranks, alone, joined
from modelworks.lm.recipe import Recipe
from modelworks.lm.speed import Watch
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: rows (of the chunk), previous (a checkpoint; none for the first segment). Outputs: checkpoint, log.

    Arguments: segment, chunk, phase, falls ("none" or the steps begin:end over which the learning rate falls). The
    checkpoint is a folder of `lm.checkpoint`, the log a Parquet file with the columns of `lm.pretrain` and segment and
    chunk. A segment that was killed goes on from the stage's scratch folder. With k2.train.ranks above 1 torchrun
    starts that many processes here.
    """
    train = stage.params["k2"]["train"]
    if train["ranks"] == 1:
        train_segment(stage, alone(deterministic_device(train["threads"])))
        return
    order = stage.scratch / "stage.json"
    order.write_text(stage.as_json(), encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={train['ranks']}"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(train["threads"])}
    done = subprocess.run([*torchrun, "-m", __name__, str(order)], check=False, env=environment)
    order.unlink(missing_ok=True)
    if done.returncode:
        raise RuntimeError(f"torchrun ended with status {done.returncode}; what its ranks said is above")


def recipe(params: dict[str, Any], phase: str, falls: str) -> Recipe:
    """The recipe of a segment from the k2 section of params.yaml and the segment's arguments."""
    train = params["train"]
    context = params["order"][phase]["context"]
    names = {field.name for field in dataclasses.fields(Recipe)}
    steps = None if falls == "none" else tuple(int(step) for step in falls.split(":"))
    return Recipe(
        context=context,
        batch_rows=train["batch_tokens"] // context,
        micro_batch_rows=train["micro_batch_tokens"] // context,
        falls=None if steps is None else (steps[0], steps[1]),
        **{name: value for name, value in train.items() if name in names},
    )


def start(params: dict[str, Any], recipe: Recipe, seed: int, ranks: Ranks) -> State:
    """The state before the first step of all, random generators included."""
    model = initialise(params["model"], params["tokenizer"]["vocab_size"], seed, ranks.device)
    if recipe.activation_checkpointing:
        model.activation_checkpointing_enable()
    torch.manual_seed(seed + ranks.rank)
    return begin(ranks.sharded(model), recipe)


def train_segment(stage: Stage, ranks: Ranks) -> None:
    """What one rank does."""
    params, say = stage.params["k2"], (stage.say if ranks.rank == 0 else lambda text: None)
    settings = recipe(params, stage.args["phase"], stage.args["falls"])
    rows = load_rows(stage.input("rows"))
    state = start(params, settings, stage.seed("weights"), ranks)
    progress = Progress(stage.scratch, ranks, say=say)
    if not progress.restore(state):
        for previous in stage.inputs.get("previous", []):
            checkpoint.load(state, previous, ranks)
        state.row = 0
    vocab_size = params["tokenizer"]["vocab_size"]
    watch = Watch(params["model"], vocab_size, settings.context, ranks.device, ranks.count)
    steps = len(rows) // settings.batch_rows

    def after_step(now: State) -> None:
        watch.after(now.tokens)
        if ranks.rank == 0:
            shown = {"loss": now.log["loss"][-1], "norm": now.log["gradient_norm"][-1], **watch.figures()}
            stage.progress(now.row // settings.batch_rows, steps, **shown)
        progress.after(now)

    log = train_chunk(state, rows, settings, after_step, ranks)
    about = {name: stage.args[name] for name in ("segment", "chunk", "phase")}
    checkpoint.save(state, stage.output("checkpoint"), ranks, about)
    if ranks.rank == 0:
        named = [polars.lit(stage.args[name]).alias(name) for name in ("segment", "chunk")]
        write_parquet(stage.output("log"), log.with_columns(named))
        stage.ledger(**watch.figures())


if __name__ == "__main__":
    given = Stage.from_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
    settings_of_train = given.params["k2"]["train"]
    with joined(settings_of_train["parallel"], deterministic_device(settings_of_train["threads"])) as found:
        train_segment(given, found)
