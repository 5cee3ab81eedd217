"""The progress of a training that survives a kill: weights, optimizer, random state and log, in one file."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

_PERIOD_S = 30.0
_SHARE = 50  # no more than a fiftieth of the time is spent on saving

Log = dict[str, list[float]]


class Progress:
    """`progress.safetensors` in a stage's scratch folder: saved after the steps `due`, and every half minute.

    Going on from it gives the bytes of the undisturbed training. None of it enters the result. `say` takes a line.
    """

    def __init__(
        self, folder: Path, due: frozenset[int] = frozenset(), say: Callable[[str], None] = lambda text: None
    ) -> None:
        self.path = folder / "progress.safetensors"
        self._say = say
        self._due = due
        self._last = time.monotonic()
        self._pause = _PERIOD_S

    def after(self, step: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer, log: Log) -> None:
        """Save, if it is time to, what the loop has after `step`. The old file stays until the new one is whole."""
        begin = time.monotonic()
        if step not in self._due and begin - self._last < self._pause:
            return
        tensors = {f"model.{name}": value.detach() for name, value in model.named_parameters()}
        for index, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in state.items()}
        tensors |= {f"log.{name}": torch.tensor(values, dtype=torch.float64) for name, values in log.items()}
        tensors["random.cpu"] = torch.get_rng_state()
        if torch.cuda.is_available():
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        partial = self.path.with_suffix(".partial")
        save_file({name: value.contiguous() for name, value in tensors.items()}, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(self.path)
        self._last = time.monotonic()
        self._pause = max(_PERIOD_S, _SHARE * (self._last - begin))

    def restore(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, log: Log) -> int:
        """Put everything back as it was saved; the step after which it was, 0 without anything whole to go on from."""
        try:
            tensors = load_file(self.path)
        except (OSError, SafetensorError):
            return 0
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(tensors[f"model.{name}"])
        states: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == "optimizer":
                index, _, part = rest.partition(".")
                states.setdefault(int(index), {})[part] = value
            elif kind == "log":
                log[rest] = value.tolist()
        optimizer.load_state_dict({"state": states, "param_groups": optimizer.state_dict()["param_groups"]})
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random.cuda"])
        done = len(next(iter(log.values())))
        self._say(f"goes on after step {done}")
        return done
