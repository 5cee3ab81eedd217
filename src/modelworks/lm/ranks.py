"""The processes that train one model together, started by torchrun: DDP copies it, FSDP2 shards it."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import distributed
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.nn.parallel import DistributedDataParallel
from transformers import LlamaForCausalLM

Parallel = Literal["alone", "ddp", "fsdp2"]


@dataclass(frozen=True)
class Ranks:
    """`count` processes, of which this one is `rank`, on `device`."""

    parallel: Parallel
    rank: int
    count: int
    device: torch.device

    def sharded(self, model: LlamaForCausalLM) -> LlamaForCausalLM:
        """With fsdp2 each layer's weights become this rank's share, before the optimizer is made; else nothing.

        GPUs gather weights in bfloat16 and sum gradients in float32.
        """
        if self.parallel == "fsdp2":
            precision = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
            policy = precision if self.device.type == "cuda" else MixedPrecisionPolicy()
            for layer in model.model.layers:
                fully_shard(layer, mp_policy=policy)
            fully_shard(model, mp_policy=policy)
        return model

    def wrapped(self, model: LlamaForCausalLM, compiled: bool) -> Any:
        """What is called in a step."""
        called: Any = model
        if self.parallel == "ddp":
            called = DistributedDataParallel(
                model, device_ids=[self.device.index] if self.device.index is not None else None
            )
        return torch.compile(called) if compiled else called

    def unsynchronised(self, model: Any) -> AbstractContextManager[None]:
        """While gradients are accumulated, ranks need not exchange them (with fsdp2 they do: it saves memory)."""
        plain = getattr(model, "_orig_mod", model)
        return plain.no_sync() if isinstance(plain, DistributedDataParallel) else contextlib.nullcontext()

    def whole(self, value: torch.Tensor) -> torch.Tensor:
        """A tensor that may be spread over the ranks, as one."""
        return value.full_tensor() if hasattr(value, "full_tensor") else value

    def mean(self, value: torch.Tensor) -> torch.Tensor:
        """The mean over all ranks."""
        if self.count > 1:
            distributed.all_reduce(value)
            value /= self.count
        return value

    def agree(self, choice: bool) -> bool:
        """The choice of rank 0."""
        if self.count > 1:
            value = torch.tensor([float(choice)], device=self.device)
            distributed.broadcast(value, 0)
            return bool(value.item())
        return choice

    def wait(self) -> None:
        """Until all ranks are here."""
        if self.count > 1:
            distributed.barrier()


ALONE = Ranks("alone", 0, 1, torch.device("cpu"))


def alone(device: torch.device) -> Ranks:
    """One process."""
    return Ranks("alone", 0, 1, device)


@contextlib.contextmanager
def joined(parallel: Parallel, device: torch.device) -> Iterator[Ranks]:
    """This process among those that torchrun has started: NCCL between GPUs, gloo between CPUs."""
    rank, count, local = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    if device.type == "cuda":
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Ranks(parallel, rank, count, device)
    finally:
        distributed.destroy_process_group()
