"""Everything that a training goes on from, in files: weights, optimizer, random generators and position in the data.

`model.safetensors` and config.json are what `transformers` opens. The same files come from one process and from several
that shard the model; those write through torch.distributed.checkpoint, and any number of ranks reads them.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import distributed
from torch.distributed import checkpoint as sharded
from torch.distributed.checkpoint.state_dict import (
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from modelworks.lm.pretrain import State
from modelworks.lm.ranks import Ranks
from modelworks.lm.stable import write_json

MODEL, OPTIMIZER, RANDOM, PROGRESS = "model.safetensors", "optimizer.safetensors", "random.safetensors", "progress.json"
_SHARDED = {"model": MODEL, "optimizer": OPTIMIZER}
_MOMENTS = ("exp_avg", "exp_avg_sq")
_CONSOLIDATED = "model-00001-of-00001.safetensors"


def save(state: State, folder: Path, ranks: Ranks, about: dict[str, Any]) -> None:
    """Write a checkpoint into `folder`, which is made; `about` goes into progress.json. All ranks call it."""
    tensors = {"model": _weights(state), "optimizer": _moments(state)}
    if ranks.rank == 0:
        folder.mkdir(parents=True)
        state.model.config.save_pretrained(folder)
        if state.model.generation_config is not None:
            state.model.generation_config.save_pretrained(folder)
    ranks.wait()
    if ranks.parallel == "fsdp2":
        for part, values in tensors.items():
            _save_sharded(values, folder / part, folder / _SHARDED[part], ranks)
    elif ranks.rank == 0:
        for part, values in tensors.items():
            whole = {name: value.detach().cpu().contiguous() for name, value in values.items()}
            save_file(whole, folder / _SHARDED[part], metadata={"format": "pt"})
    random = _random(ranks)
    if ranks.rank == 0:
        save_file(random, folder / RANDOM)
        position: dict[str, Any] = {"step": state.step, "training_tokens": state.tokens, "row": state.row}
        position["learning_rate"] = state.log["learning_rate"][-1]
        write_json(folder / PROGRESS, position | about)
    ranks.wait()


def load(state: State, folder: Path, ranks: Ranks) -> dict[str, Any]:
    """Put a checkpoint into a state that `pretrain.begin` made, and the random generators; returns its progress.json.

    A rank that was not there when it was saved keeps the generators that it has.
    """
    progress: dict[str, Any] = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
    weights, moments = _weights(state), _empty_moments(state)
    if ranks.parallel == "fsdp2":
        values = weights | moments
        sharded.load(values, storage_reader=sharded.HuggingFaceStorageReader(str(folder)))
        weights, moments = ({name: values[name] for name in part} for part in (weights, moments))
    else:
        weights, moments = dict(load_file(folder / MODEL)), dict(load_file(folder / OPTIMIZER))
    if state.model.config.tie_word_embeddings:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    set_model_state_dict(state.model, weights)
    states: dict[str, Any] = {}
    for key, value in moments.items():
        name, _, kind = key.removeprefix("optimizer.").rpartition(".")
        # Each parameter's count of steps is the training's.
        states.setdefault(name, {"step": torch.tensor(float(progress["step"]))})[kind] = value
    groups = get_optimizer_state_dict(state.model, state.optimizer)["param_groups"]
    set_optimizer_state_dict(state.model, state.optimizer, {"state": states, "param_groups": groups})
    state.step, state.tokens, state.row = progress["step"], progress["training_tokens"], progress["row"]
    random = load_file(folder / RANDOM)
    if f"cpu.{ranks.rank}" in random:
        torch.set_rng_state(random[f"cpu.{ranks.rank}"])
    if ranks.device.type == "cuda" and f"cuda.{ranks.rank}" in random:
        torch.cuda.set_rng_state(random[f"cuda.{ranks.rank}"], ranks.device)
    return progress


def _weights(state: State) -> dict[str, Any]:
    found: dict[str, Any] = dict(get_model_state_dict(state.model))
    if state.model.config.tie_word_embeddings:
        found.pop("lm_head.weight", None)
    return found


def _moments(state: State) -> dict[str, Any]:
    states: Any = get_optimizer_state_dict(state.model, state.optimizer)["state"]
    return {f"optimizer.{name}.{kind}": kinds[kind] for name, kinds in states.items() for kind in _MOMENTS}


def _empty_moments(state: State) -> dict[str, Any]:
    return {
        f"optimizer.{name}.{kind}": torch.zeros_like(parameter)
        for name, parameter in state.model.named_parameters()
        for kind in _MOMENTS
    }


def _save_sharded(values: dict[str, Any], folder: Path, target: Path, ranks: Ranks) -> None:
    writer = sharded.HuggingFaceStorageWriter(str(folder), save_distributed=True, enable_consolidation=True)
    sharded.save(values, storage_writer=writer)
    if ranks.rank == 0:
        os.replace(folder / _CONSOLIDATED, target)
        shutil.rmtree(folder)
    ranks.wait()


def _random(ranks: Ranks) -> dict[str, torch.Tensor]:
    """The generators of all ranks, at rank 0."""
    own = {f"cpu.{ranks.rank}": torch.get_rng_state()}
    if ranks.device.type == "cuda":
        own[f"cuda.{ranks.rank}"] = torch.cuda.get_rng_state(ranks.device)
    if ranks.count == 1:
        return own
    found: list[Any] = [None] * ranks.count
    distributed.gather_object(own, found if ranks.rank == 0 else None)
    return {name: value for states in found if states for name, value in states.items()}
