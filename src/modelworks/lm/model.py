"""The Llama-style decoder of the text systems, and checkpoints that `transformers` loads from a local directory."""

from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.utils.logging import disable_progress_bar

from modelworks.lm.tokenizer import END_OF_TEXT_ID


def initialise(params: dict[str, Any], vocab_size: int, seed: int, device: torch.device) -> LlamaForCausalLM:
    """A float32 model on `device` with random weights drawn on the CPU; `params` are fields of `LlamaConfig`."""
    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=params["hidden_size"],
        intermediate_size=params["intermediate_size"],
        num_hidden_layers=params["num_hidden_layers"],
        num_attention_heads=params["num_attention_heads"],
        num_key_value_heads=params["num_key_value_heads"],
        max_position_embeddings=params["max_position_embeddings"],
        rms_norm_eps=params["rms_norm_eps"],
        initializer_range=params["initializer_range"],
        rope_parameters={"rope_type": "default", "rope_theta": params["rope_theta"]},
        attention_dropout=params["attention_dropout"],
        tie_word_embeddings=params["tie_word_embeddings"],
        bos_token_id=END_OF_TEXT_ID,
        eos_token_id=END_OF_TEXT_ID,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return _moved(LlamaForCausalLM(config), device)


def parameter_count(model: LlamaForCausalLM) -> int:
    """Trained numbers; a tied embedding counts once."""
    return sum(parameter.numel() for parameter in model.parameters())


def load_checkpoint(directory: Path, device: torch.device) -> LlamaForCausalLM:
    """Read a checkpoint in float32, in evaluation mode, on `device`, never asking the network."""
    disable_progress_bar()
    model = LlamaForCausalLM.from_pretrained(directory, local_files_only=True, dtype=torch.float32)
    return _moved(model, device).eval()


def _moved(model: LlamaForCausalLM, device: torch.device) -> LlamaForCausalLM:
    model.to(device)  # type: ignore[arg-type]  # transformers' decorator hides the signature
    return model
