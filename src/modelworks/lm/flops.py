"""Parameters and FLOPs of the Llama-style decoder from its params alone, and what a GPU can do in a second."""

import re
from collections.abc import Mapping
from typing import Any

# Dense bfloat16 FLOP/s (the half of the "with sparsity" figures) of NVIDIA's data sheets, by words of the CUDA name.
PEAKS: dict[str, float] = {
    "A10": 125e12,
    "A10G": 70e12,
    "A40": 149.7e12,
    "A100": 312e12,
    "A800": 312e12,
    "B200": 2250e12,
    "GH200": 989.4e12,
    "H20": 148e12,
    "H100": 989.4e12,
    "H100 NVL": 835.5e12,
    "H100 PCIe": 756.5e12,
    "H200": 989.4e12,
    "H200 NVL": 835.5e12,
    "H800": 989.4e12,
    "L4": 121e12,
    "L40S": 362e12,
    "RTX 4090": 165.2e12,
}


def parameters(model_params: Mapping[str, Any], vocab_size: int) -> dict[str, int]:
    """Trained numbers by component; their sum is the model's. A tied output matrix is counted as the embedding."""
    hidden, layers = model_params["hidden_size"], model_params["num_hidden_layers"]
    shared = hidden * model_params["num_key_value_heads"] // model_params["num_attention_heads"]
    return {
        "embedding": vocab_size * hidden,
        "attention": layers * 2 * (hidden * hidden + hidden * shared),
        "feed_forward": layers * 3 * hidden * model_params["intermediate_size"],
        "norms": layers * 2 * hidden + hidden,
        "output": 0 if model_params["tie_word_embeddings"] else vocab_size * hidden,
    }


def matrix_flops_per_token(model_params: Mapping[str, Any], vocab_size: int) -> float:
    """Forward and backward through every weight matrix: 6 for each weight. Looking up an embedding costs none."""
    count = parameters(model_params, vocab_size)
    return 6.0 * (count["attention"] + count["feed_forward"] + vocab_size * model_params["hidden_size"])


def attention_flops_per_token(model_params: Mapping[str, Any], context: int) -> float:
    """Forward and backward of scores and weighted sums over the (context + 1) / 2 keys that a causal query sees.

    PaLM (arXiv 2204.02311, appendix B) counts all keys, also the masked ones: about twice this.
    """
    return 6.0 * model_params["num_hidden_layers"] * model_params["hidden_size"] * (context + 1)


def flops_per_token(model_params: Mapping[str, Any], vocab_size: int, context: int) -> float:
    """What one training token needs, forward and backward, in rows of `context` tokens; recomputation not counted."""
    return matrix_flops_per_token(model_params, vocab_size) + attention_flops_per_token(model_params, context)


def peak(device_name: str) -> float | None:
    """Dense bfloat16 FLOP/s of a device by its CUDA name, e.g. `NVIDIA H100 80GB HBM3`; None if it is not known."""
    found = [name for name in PEAKS if re.search(rf"\b{re.escape(name)}\b", device_name, re.IGNORECASE)]
    return PEAKS[max(found, key=len)] if found else None
