"""The training loop beside a bare one on the same model and rows, and its use of a GPU where there is one.

`python benchmarks/training.py`: tokens a second of `lm.pretrain.train_chunk` and of the few lines that anybody would
write, alternating, and the ratio of their medians. On a CUDA device also 125 M parameters in bfloat16, compiled: tokens
a second and model FLOPs utilisation against the dense peak of the card.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch.nn import functional
from transformers import LlamaForCausalLM

from modelworks.lm import flops
from modelworks.lm.device import deterministic_device
from modelworks.lm.model import initialise, parameter_count
from modelworks.lm.packing import Tokens
from modelworks.lm.pretrain import begin, train_chunk
from modelworks.lm.ranks import alone
from modelworks.lm.recipe import Recipe

SMALL = {
    "hidden_size": 128,
    "intermediate_size": 352,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-5,
    "initializer_range": 0.02,
    "rope_theta": 10000.0,
    "attention_dropout": 0.0,
    "tie_word_embeddings": True,
}
LARGE = {
    **SMALL,
    "hidden_size": 768,
    "intermediate_size": 2048,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "num_key_value_heads": 12,
    "max_position_embeddings": 2048,
}


def recipe(context: int, rows: int, micro: int, **changes: Any) -> Recipe:
    """The default recipe of k2 at a size."""
    return Recipe(
        context=context,
        batch_rows=rows,
        micro_batch_rows=micro,
        schedule="stable",
        falls=None,
        learning_rate=1e-3,
        final_learning_rate_share=0.1,
        warmup_steps=50,
        weight_decay=0.1,
        beta1=0.9,
        beta2=0.95,
        epsilon=1e-8,
        gradient_clip=1.0,
        **changes,
    )


def rows(count: int, context: int, vocab_size: int) -> Tokens:
    """Random tokens: the speed does not depend on them."""
    return numpy.random.default_rng(1).integers(0, vocab_size, (count, context + 1)).astype(numpy.uint16)


def bare(model: LlamaForCausalLM, data: Tokens, settings: Recipe) -> None:
    """What anybody would write."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    model.train()
    for first in range(0, len(data), settings.batch_rows):
        batch = torch.from_numpy(data[first : first + settings.batch_rows].astype(numpy.int64))
        logits = model(input_ids=batch[:, :-1], use_cache=False).logits
        loss = functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()


def ours(model: LlamaForCausalLM, data: Tokens, settings: Recipe) -> None:
    """The project's loop."""
    train_chunk(begin(model, settings), data, settings, ranks=alone(next(model.parameters()).device))


def beside_a_bare_loop(repeats: int, steps: int, threads: int) -> dict[str, Any]:
    """Tokens a second of both, alternating, on a model of 0.9 M parameters."""
    deterministic_device(threads)
    cpu, vocab_size = torch.device("cpu"), 1024
    settings = recipe(256, 8, 8)
    data = rows(steps * settings.batch_rows, settings.context, vocab_size)
    speeds: dict[str, list[float]] = {"ours": [], "bare": []}
    loops: dict[str, Callable[[LlamaForCausalLM, Tokens, Recipe], None]] = {"bare": bare, "ours": ours}
    for turn in range(repeats + 1):
        for name, loop in loops.items():
            model = initialise(SMALL, vocab_size, 1, cpu)
            start = time.perf_counter()
            loop(model, data, settings)
            if turn:  # the first warms up
                speeds[name].append(steps * settings.batch_rows * settings.context / (time.perf_counter() - start))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    pairs = [one / other for one, other in zip(speeds["ours"], speeds["bare"], strict=True)]
    return {
        "threads": threads,
        "tokens_per_s": {name: round(value) for name, value in medians.items()},
        "ratio": round(medians["ours"] / medians["bare"], 3),
        "ratios": [round(pair, 3) for pair in pairs],
    }


def on_a_gpu(steps: int, micro: int) -> dict[str, Any]:
    """125 M parameters, context 2,048, bfloat16, compiled."""
    device, vocab_size = torch.device("cuda", 0), 50_304
    torch.set_float32_matmul_precision("high")
    settings = recipe(2048, 2 * micro, micro, compile=True)
    data = rows((steps + 5) * settings.batch_rows, settings.context, vocab_size)
    model = initialise(LARGE, vocab_size, 1, device)
    marks: list[float] = []

    def after(state: Any) -> None:
        torch.cuda.synchronize()
        marks.append(time.perf_counter())

    train_chunk(begin(model, settings), data, settings, after, alone(device))
    measured = marks[5:]  # compilation is left out
    tokens = (len(measured) - 1) * settings.batch_rows * settings.context
    speed = tokens / (measured[-1] - measured[0])
    name = torch.cuda.get_device_name(device)
    peak = flops.peak(name)
    used = speed * flops.flops_per_token(LARGE, vocab_size, settings.context)
    return {
        "device": name,
        "parameters": parameter_count(model),
        "tokens_per_s": round(speed),
        "mfu": round(used / peak, 4) if peak else None,
        "peak_bytes": torch.cuda.max_memory_allocated(device),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="pairs of runs")
    parser.add_argument("--steps", type=int, default=40, help="steps of each run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--gpu-micro-batch", type=int, default=16, help="rows of a forward pass on the GPU")
    options = parser.parse_args()
    found = {"loop": beside_a_bare_loop(options.repeats, options.steps, options.threads)}
    if torch.cuda.is_available():
        found["gpu"] = on_a_gpu(30, options.gpu_micro_batch)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
