"""Claims about the memory that training is said to take."""

from typing import Any

import pytest
import torch
from torch.nn import functional

from modelworks.lm.flops import parameters
from modelworks.lm.memory import layer_bytes_per_token, per_gpu
from modelworks.lm.model import initialise

VOCAB = 96
ROWS, CONTEXT = 3, 40


def params(layers: int, key_value_heads: int = 4) -> dict[str, Any]:
    return {
        "hidden_size": 64,
        "intermediate_size": 176,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": key_value_heads,
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-5,
        "initializer_range": 0.02,
        "rope_theta": 10000.0,
        "attention_dropout": 0.0,
        "tie_word_embeddings": False,
    }


def kept_bytes(model_params: dict[str, Any], checkpointing: bool = False) -> int:
    """The bytes that autograd keeps for the backward pass, weights and their bfloat16 copies left out."""
    model = initialise(model_params, VOCAB, 1, torch.device("cpu"))
    if checkpointing:
        model.activation_checkpointing_enable()
    model.train()
    sizes = {tuple(weight.shape) for weight in model.parameters()}
    kept: dict[int, tuple[torch.Tensor, int]] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if tuple(tensor.shape) not in sizes and tuple(reversed(tensor.shape)) not in sizes:
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = (tensor, storage.nbytes())
        return tensor

    tokens = torch.zeros(ROWS, CONTEXT, dtype=torch.long)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(input_ids=tokens, use_cache=False).logits
        functional.cross_entropy(logits.float().flatten(0, 1), tokens.flatten())
    return sum(size for _, size in kept.values())


@pytest.mark.parametrize("key_value_heads", [4, 2])
def test_a_layer_keeps_the_bytes_that_autograd_keeps(key_value_heads: int) -> None:
    two, three = (kept_bytes(params(layers, key_value_heads)) for layers in (2, 3))
    assert three - two == ROWS * CONTEXT * layer_bytes_per_token(params(3, key_value_heads))


def test_a_checkpointed_layer_keeps_its_float32_input() -> None:
    two, three = (kept_bytes(params(layers), checkpointing=True) for layers in (2, 3))
    assert three - two == ROWS * CONTEXT * 4 * 64
    one, more = (per_gpu(params(n), VOCAB, 1, 1, "alone", True)["activations"] for n in (2, 3))
    assert more - one == 4 * 64


def test_one_gpu_holds_sixteen_bytes_a_parameter_and_fsdp2_shares_them_out() -> None:
    count = sum(parameters(params(2), VOCAB).values())
    alone, ddp, fsdp2 = (
        per_gpu(params(2), VOCAB, 8, *where, False) for where in ((1, "alone"), (8, "ddp"), (8, "fsdp2"))
    )
    states = ("weights", "gradients", "moments")
    assert sum(alone[name] for name in states) == 16 * count
    assert alone == ddp
    assert sum(fsdp2[name] for name in states) == 16 * -(-count // 8)
    assert fsdp2["activations"] == alone["activations"] == 8 * 2 * layer_bytes_per_token(params(2))
    assert fsdp2["logits"] == 8 * VOCAB * 10
