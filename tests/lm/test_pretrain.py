"""Claims about the training loop."""

import dataclasses
from pathlib import Path

import numpy
import polars
import pytest
import torch
from transformers import LlamaForCausalLM

from modelworks.lm.device import deterministic_device, mixed_precision
from modelworks.lm.model import initialise, load_checkpoint, parameter_count
from modelworks.lm.packing import Tokens
from modelworks.lm.pretrain import _weight_decay_groups, begin, train_chunk
from modelworks.lm.ranks import alone
from modelworks.lm.recipe import Recipe

RECIPE = Recipe(
    context=16,
    batch_rows=4,
    micro_batch_rows=4,
    schedule="cosine",
    falls=(4, 12),
    learning_rate=1e-2,
    final_learning_rate_share=0.1,
    warmup_steps=4,
    weight_decay=0.1,
    beta1=0.9,
    beta2=0.95,
    epsilon=1e-8,
    gradient_clip=1.0,
)
MODEL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 16,
    "rms_norm_eps": 1e-5,
    "initializer_range": 0.02,
    "rope_theta": 10000.0,
    "attention_dropout": 0.0,
    "tie_word_embeddings": True,
}


def stream(steps: int = 12) -> Tokens:
    starts = numpy.random.default_rng(7).integers(0, 40, 4 * steps)
    return ((starts[:, None] + 7 * numpy.arange(17)) % 40).astype(numpy.uint16)


def trained(recipe: Recipe, seed: int = 1, steps: int = 12) -> tuple[LlamaForCausalLM, polars.DataFrame]:
    device = deterministic_device(1)
    state = begin(initialise(MODEL, 40, seed, device), recipe)
    return state.model, train_chunk(state, stream(steps), recipe, ranks=alone(device))


def weights(model: LlamaForCausalLM) -> bytes:
    return b"".join(parameter.detach().cpu().numpy().tobytes() for parameter in model.parameters())


def test_two_trainings_give_equal_bytes_and_another_seed_does_not() -> None:
    (first, log), (second, again), (other, _) = trained(RECIPE), trained(RECIPE), trained(RECIPE, seed=2)
    assert weights(first) == weights(second)
    assert log.equals(again)
    assert weights(first) != weights(other)


def test_training_learns_a_predictable_stream() -> None:
    _, log = trained(dataclasses.replace(RECIPE, falls=(4, 90)), steps=90)
    assert log["loss"][0] > 3.5
    assert log["loss"][-1] < 0.5


def test_gradient_accumulation_takes_the_same_step() -> None:
    whole, log = trained(RECIPE, steps=5)
    parts, split_log = trained(dataclasses.replace(RECIPE, micro_batch_rows=1), steps=5)
    assert split_log["loss"].to_list() == pytest.approx(log["loss"].to_list(), rel=1e-4)
    assert split_log["gradient_norm"].to_list() == pytest.approx(log["gradient_norm"].to_list(), rel=1e-3)
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.allclose(one, other, atol=2e-3)


def test_the_learning_rate_warms_up_linearly_and_falls_as_a_cosine_to_its_share() -> None:
    rates = [RECIPE.learning_rate_at(step) for step in range(1, 13)]
    assert rates[:4] == pytest.approx([2.5e-3, 5e-3, 7.5e-3, 1e-2])
    assert rates[7] == pytest.approx((1e-2 + 1e-3) / 2)
    assert rates[-1] == pytest.approx(1e-3)


def test_the_stable_rate_falls_linearly_over_the_last_steps_alone() -> None:
    stable = dataclasses.replace(RECIPE, schedule="stable", falls=(8, 12))
    assert [stable.learning_rate_at(step) for step in (4, 8, 10, 12)] == pytest.approx([1e-2, 1e-2, 5.5e-3, 1e-3])
    assert dataclasses.replace(stable, falls=None).learning_rate_at(1000) == 1e-2


def test_the_log_holds_steps_tokens_loss_rate_and_norm_and_nothing_of_the_clock() -> None:
    _, log = trained(RECIPE)
    assert log.columns == ["step", "tokens", "loss", "learning_rate", "gradient_norm"]
    assert log["tokens"].to_list() == [64 * step for step in range(1, 13)]


def test_weight_decay_spares_norms_and_embeddings() -> None:
    model = initialise(MODEL, 40, 1, torch.device("cpu"))
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    decayed, spared = (
        {names[id(parameter)] for parameter in group["params"]}  # type: ignore[attr-defined]
        for group in _weight_decay_groups(model, 0.1)
    )
    assert spared == {name for name in names.values() if "norm" in name or "embed" in name}
    assert len(decayed) == 2 * 7
    assert not decayed & spared


def test_a_diverging_loss_stops_the_training_and_says_what_to_do() -> None:
    with pytest.raises(FloatingPointError, match=r"step \d+: loss .*: lower k2.train.learning_rate"):
        trained(dataclasses.replace(RECIPE, learning_rate=1e30, gradient_clip=1e30))


def test_a_checkpoint_gives_the_same_logits_after_reload(tmp_path: Path) -> None:
    model, _ = trained(RECIPE)
    model.save_pretrained(tmp_path / "checkpoint")
    again = load_checkpoint(tmp_path / "checkpoint", torch.device("cpu"))
    plain = LlamaForCausalLM.from_pretrained(tmp_path / "checkpoint", local_files_only=True).eval()
    rows = torch.from_numpy(stream()[:2, :16].astype(numpy.int64))
    with torch.no_grad():
        logits = [one.eval().cpu()(rows).logits for one in (model, again, plain)]
    assert torch.equal(logits[0], logits[1])
    assert torch.equal(logits[0], logits[2])
    assert parameter_count(again) == parameter_count(model)
    assert sorted(path.name for path in (tmp_path / "checkpoint").iterdir()) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
    ]


def test_the_cpu_computes_in_float32() -> None:
    with mixed_precision(torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_matrices_multiply_in_bfloat16_and_two_trainings_give_equal_bytes() -> None:
    (first, _), (second, _) = trained(RECIPE), trained(RECIPE)
    device = next(first.parameters()).device
    assert device.type == "cuda"
    with mixed_precision(device):
        assert (torch.ones(2, 2, device=device) @ torch.ones(2, 2, device=device)).dtype == torch.bfloat16
    assert weights(first) == weights(second)
