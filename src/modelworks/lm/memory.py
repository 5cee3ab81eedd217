"""The memory that training takes on each GPU, from params alone: what the loop of `lm.pretrain` keeps, in bytes.

Weights, gradients and both moments of Adam are float32, matrix products bfloat16 (autocast), attention flash or
memory-efficient. Not counted: what CUDA, NCCL and the allocator keep for themselves, usually a few GB.
"""

from collections.abc import Mapping
from typing import Any

from modelworks.lm.flops import parameters

_FLOAT32, _BFLOAT16 = 4, 2


def layer_bytes_per_token(model_params: Mapping[str, Any]) -> int:
    """What one layer keeps of a token for the backward pass, not compiled (compiling fuses, and keeps less).

    Norms keep 28 bytes a hidden unit with the residual stream in float32, attention its queries, keys and values, the
    feed-forward part four vectors, all bfloat16; on top the norms' and the softmax's scales.
    """
    hidden, heads = model_params["hidden_size"], model_params["num_attention_heads"]
    shared = hidden * model_params["num_key_value_heads"] // heads
    kept = 4 * _FLOAT32 * hidden + 6 * _BFLOAT16 * hidden
    attention = _BFLOAT16 * (hidden + 2 * shared) + _FLOAT32 * heads
    return kept + attention + 4 * _BFLOAT16 * model_params["intermediate_size"] + 2 * _FLOAT32


def per_gpu(
    model_params: Mapping[str, Any],
    vocab_size: int,
    micro_batch_tokens: int,
    ranks: int,
    parallel: str,
    activation_checkpointing: bool,
) -> dict[str, int]:
    """Bytes by purpose on each of `ranks` GPUs; their sum is about the peak.

    With `fsdp2` weights, gradients and moments are shared out; the embeddings and two layers (one at work, one on its
    way) are gathered in bfloat16, gradients of one layer in float32. Otherwise every GPU holds everything, and bfloat16
    copies of the weights. With checkpointing a layer keeps only its float32 input, and one at a time is computed anew.
    """
    count = parameters(model_params, vocab_size)
    total, layers = sum(count.values()), model_params["num_hidden_layers"]
    sharded = parallel == "fsdp2"
    share = -(-total // ranks) if sharded else total
    layer = (count["attention"] + count["feed_forward"]) // layers + 2 * model_params["hidden_size"]
    outer = count["embedding"] + count["output"] + model_params["hidden_size"]
    at_work = _BFLOAT16 * (outer + 2 * layer) + _FLOAT32 * layer if sharded else _BFLOAT16 * total
    whole = layer_bytes_per_token(model_params)
    kept = layers * _FLOAT32 * model_params["hidden_size"] + whole if activation_checkpointing else layers * whole
    return {
        "weights": _FLOAT32 * share,
        "gradients": _FLOAT32 * share,
        "moments": 2 * _FLOAT32 * share,
        "weights at work": at_work,
        "activations": micro_batch_tokens * kept,
        # The bfloat16 logits, a float32 copy or their gradient, and the float32 logarithms of the probabilities.
        "logits": micro_batch_tokens * vocab_size * (_BFLOAT16 + 2 * _FLOAT32),
    }
