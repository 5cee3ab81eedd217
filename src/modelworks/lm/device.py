"""Where a model runs, and what makes two runs there give equal bytes."""

import os
from contextlib import AbstractContextManager

import torch


def deterministic_device(threads: int) -> torch.device:
    """The first CUDA device, else the CPU with `threads` threads, with deterministic algorithms only.

    The number of threads decides the order of float sums, so it belongs to what a stage reads, not to its resources.
    """
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(threads)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def mixed_precision(device: torch.device) -> AbstractContextManager[None]:
    """bfloat16 autocast on CUDA; on the CPU everything stays float32."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")
