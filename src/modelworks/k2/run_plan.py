"""What a pretraining run takes, computed from its params before anything is built."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelworks.build import params as params_file
from modelworks.build import workspace
from modelworks.build.errors import ModelworksError
from modelworks.lm import flops, memory


class PlanError(ModelworksError):
    """A plan that cannot be made of what was asked."""


@dataclass(frozen=True)
class Hardware:
    """`gpus` devices called `gpu` that run at the share `mfu` of their dense bfloat16 peak; `price` for a GPU hour."""

    gpu: str
    gpus: int
    mfu: float
    price: float


def read(directory: Path, preset: str | None) -> dict[str, Any]:
    """The values of params.yaml in `directory`; with a preset, that laid over them. Raises ModelworksError."""
    base = directory / params_file.FILE
    if preset is None:
        return params_file.read(base)
    presets = workspace.find_root(directory) / "presets"
    known = sorted(path.stem for path in presets.glob("*.yaml"))
    if preset not in known:
        raise PlanError(f"--preset {preset}: there is no such preset; there are {', '.join(known) or 'none'}")
    path = presets / f"{preset}.yaml"
    return params_file.validate(params_file.overlay(params_file.load(base), params_file.load(path)), str(path))


def plan(params: Mapping[str, Any], hardware: Hardware) -> dict[str, Any]:
    """Parameters, memory for each GPU, tokens, FLOPs, hours and money of the run that `params` describe.

    FLOPs are those of the model, without what activation checkpointing computes twice. Raises PlanError for a GPU
    whose peak is not known.
    """
    peak = flops.peak(hardware.gpu)
    if peak is None:
        raise PlanError(f"--gpu {hardware.gpu}: its peak is not known; known are {', '.join(flops.PEAKS)}")
    k2 = params["k2"]
    model, vocab_size, train = k2["model"], k2["tokenizer"]["vocab_size"], k2["train"]
    count = flops.parameters(model, vocab_size)
    phases = [_phase(k2, name) for name in ("base", "long") if k2["run"][f"{name}_chunks"]]
    tokens = sum(phase["tokens"] for phase in phases)
    total = sum(phase["flops"] for phase in phases)
    kept = memory.per_gpu(
        model,
        vocab_size,
        train["micro_batch_tokens"],
        hardware.gpus,
        train["parallel"] if hardware.gpus > 1 else "alone",
        train["activation_checkpointing"],
    )
    gpu_hours = total / (peak * hardware.mfu) / 3600
    return {
        "parameters": {**count, "total": sum(count.values())},
        "memory_per_gpu": {**kept, "total": sum(kept.values())},
        "parallel": train["parallel"],
        "activation_checkpointing": train["activation_checkpointing"],
        "micro_batch_tokens": train["micro_batch_tokens"],
        "phases": phases,
        "tokens": tokens,
        "flops": total,
        "six_n_d": 6.0 * sum(count.values()) * tokens,
        "hardware": {**vars(hardware), "peak": peak},
        "gpu_hours": gpu_hours,
        "hours": gpu_hours / hardware.gpus,
        "money": gpu_hours * hardware.price,
    }


def _phase(k2: Mapping[str, Any], name: str) -> dict[str, Any]:
    phase, chunks, batch = k2["order"][name], k2["run"][f"{name}_chunks"], k2["train"]["batch_tokens"]
    steps = chunks * phase["steps"]
    each = flops.flops_per_token(k2["model"], k2["tokenizer"]["vocab_size"], phase["context"])
    return {
        "name": name,
        "context": phase["context"],
        "chunks": chunks,
        "steps": steps,
        "tokens": steps * batch,
        "flops_per_token": each,
        "flops": each * steps * batch,
    }


def parameters_on_meta(params: Mapping[str, Any]) -> int:
    """Build the model that training would build, on the meta device (no memory, no numbers); its parameters."""
    import torch

    from modelworks.lm.model import initialise, parameter_count

    meta = torch.device("meta")
    k2 = params["k2"]
    with meta:
        return parameter_count(initialise(k2["model"], k2["tokenizer"]["vocab_size"], 0, meta))
