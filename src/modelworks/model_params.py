"""The shape of a Llama-style decoder in params.yaml."""

from typing import Self

from pydantic import Field, model_validator

from modelworks.section import Count, Section


class Model(Section):
    """Fields of `transformers.LlamaConfig`."""

    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Count
    num_attention_heads: Count
    num_key_value_heads: Count
    max_position_embeddings: int = Field(ge=8)
    rms_norm_eps: float = Field(gt=0, le=1e-2)
    initializer_range: float = Field(gt=0, le=1)
    rope_theta: float = Field(gt=0, allow_inf_nan=False)
    attention_dropout: float = Field(ge=0, lt=1)
    tie_word_embeddings: bool

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.hidden_size % (2 * self.num_attention_heads):
            raise ValueError(
                f"hidden_size must be a multiple of 2 x num_attention_heads = {2 * self.num_attention_heads}"
            )
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError("num_attention_heads must be a multiple of num_key_value_heads")
        return self
