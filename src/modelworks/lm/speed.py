"""How fast a training runs: tokens a second, and model FLOPs utilisation (MFU) where the device's peak is known."""

import time
from typing import Any

import torch

from modelworks.lm import flops


class Watch:
    """The first step (compilation, caches) is left out of the speed."""

    def __init__(self, model: dict[str, Any], vocab_size: int, context: int, device: torch.device, count: int) -> None:
        self._flops = flops.flops_per_token(model, vocab_size, context)
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else None
        peak = flops.peak(name) if name else None
        self._peak = peak * count if peak else None
        self._begin: tuple[float, int] | None = None
        self._last: tuple[float, int] | None = None

    def after(self, tokens: int) -> None:
        """A step is done, `tokens` in all so far. The first call begins the measurement."""
        self._last = (time.monotonic(), tokens)
        self._begin = self._begin or self._last

    def figures(self) -> dict[str, float]:
        """tokens_per_s, and mfu (a share of the dense bf16 peak of all devices); nothing before the second step."""
        if self._begin is None or self._last is None or self._last[1] == self._begin[1]:
            return {}
        speed = (self._last[1] - self._begin[1]) / max(1e-9, self._last[0] - self._begin[0])
        return {"tokens_per_s": speed} | ({"mfu": speed * self._flops / self._peak} if self._peak else {})
