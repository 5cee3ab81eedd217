"""Claims about counted parameters and FLOPs."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from modelworks.lm.flops import (
    PEAKS,
    attention_flops_per_token,
    flops_per_token,
    matrix_flops_per_token,
    parameters,
    peak,
)
from modelworks.lm.model import initialise, parameter_count

K2_65B = {
    "hidden_size": 8192,
    "intermediate_size": 22016,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 64,
    "tie_word_embeddings": False,
}
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 16,
    "rms_norm_eps": 1e-5,
    "initializer_range": 0.02,
    "rope_theta": 10000.0,
    "attention_dropout": 0.0,
}


def test_k2_65b_has_its_published_number_of_parameters() -> None:
    assert sum(parameters(K2_65B, 32032).values()) == 65_286_184_960


@pytest.mark.parametrize("tied", [True, False])
def test_the_components_sum_to_what_transformers_builds(tied: bool) -> None:
    params = {**SMALL, "tie_word_embeddings": tied}
    model = initialise(params, 99, 1, torch.device("cpu"))
    assert sum(parameters(params, 99).values()) == parameter_count(model)
    assert parameters(params, 99)["output"] == (0 if tied else 99 * 32)


@pytest.mark.parametrize("tied", [True, False])
def test_the_flops_are_those_that_torch_counts(tied: bool) -> None:
    params, rows, context = {**SMALL, "tie_word_embeddings": tied}, 2, 16
    model = initialise(params, 99, 1, torch.device("cpu"))
    model.set_attn_implementation("eager")
    tokens = torch.zeros(rows, context, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        model(tokens).logits.sum().backward()
    # Torch counts the masked keys too.
    all_keys = attention_flops_per_token(params, context) * 2 * context / (context + 1)
    expected = rows * context * (matrix_flops_per_token(params, 99) + all_keys)
    assert counter.get_total_flops() == pytest.approx(expected, rel=1e-12)


def test_a_token_costs_six_flops_a_weight_and_attention_on_top() -> None:
    weights = sum(parameters(K2_65B, 32032).values())
    assert flops_per_token(K2_65B, 32032, 2048) / (6 * weights) == pytest.approx(1.017, abs=0.001)
    longer = flops_per_token(K2_65B, 32032, 8192) - flops_per_token(K2_65B, 32032, 2048)
    assert longer == 6 * 80 * 8192 * 6144


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NVIDIA H100 80GB HBM3", 989.4e12),
        ("NVIDIA H100 PCIe", 756.5e12),
        ("NVIDIA H200", 989.4e12),
        ("NVIDIA GH200 480GB", 989.4e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA A10G", 70e12),
        ("NVIDIA L4", 121e12),
        ("h100", 989.4e12),
        ("NVIDIA RTX A4000", None),
        ("NVIDIA H2000", None),
        ("cpu", None),
    ],
)
def test_a_device_is_known_by_the_words_of_its_name(name: str, expected: float | None) -> None:
    assert peak(name) == expected


def test_every_key_of_the_table_finds_itself() -> None:
    assert len(PEAKS) >= 15
    assert all(peak(f"NVIDIA {name}") == value for name, value in PEAKS.items())
