"""Pretrain the model and save every checkpoint, each a directory of its own."""

import shutil

from modelworks.lm.device import deterministic_device
from modelworks.lm.model import initialise, save_checkpoint
from modelworks.lm.packing import load
from modelworks.lm.pretrain import Recipe, checkpoint_steps, pretrain
from modelworks.lm.progress import Progress
from modelworks.lm.stable import write_json, write_parquet
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Input: tokens (training part). Outputs: checkpoints (directories, in order of steps), log (Parquet).

    A checkpoint also holds progress.json: the step and the number of training tokens that it has seen. A training that
    was killed goes on from the stage's scratch folder, where checkpoints wait until the last one is there.
    """
    params = stage.params["k2"]
    settings = dict(params["train"])
    directories = stage.outputs["checkpoints"]
    if settings.pop("checkpoints") != len(directories):
        raise ValueError(f"{len(directories)} checkpoint outputs, but params.yaml: k2.train.checkpoints says otherwise")
    device = deterministic_device(settings.pop("threads"))
    recipe = Recipe(context=params["model"]["max_position_embeddings"], **settings)
    model = initialise(params["model"], params["tokenizer"]["vocab_size"], stage.seed("weights"), device)
    due = dict(zip(checkpoint_steps(recipe.steps, len(directories)), directories, strict=True))

    def after_step(step: int, loss: float) -> None:
        stage.progress(step, recipe.steps, loss=loss)
        if step in due:
            partial, kept = stage.scratch / "partial", stage.scratch / due[step].name
            for left in (partial, kept):
                shutil.rmtree(left, ignore_errors=True)
            save_checkpoint(model, partial)
            seen = step * recipe.batch_rows * recipe.context
            write_json(partial / "progress.json", {"step": step, "training_tokens": seen})
            partial.rename(kept)

    tokens = load(stage.input("tokens")).tokens
    progress = Progress(stage.scratch, frozenset(due), stage.say)
    log = pretrain(model, tokens, recipe, lambda epoch: stage.seed("epoch", epoch), after_step, progress)
    for directory in directories:
        shutil.copytree(stage.scratch / directory.name, directory)
    write_parquet(stage.output("log"), log)
