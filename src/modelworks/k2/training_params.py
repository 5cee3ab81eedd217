"""The part of k2's params that says what is trained on, in which order, and how."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from modelworks.section import STRUCTURAL, Count, Section, Threads


class Phase(Section):
    """Chunks of `steps` training steps on rows of `context` tokens.

    In `mix` a source with multiplier r occurs r times over `chunks` chunks, evenly spread; below 1 that share of it
    occurs once; 0 or not named: never. What a chunk holds does not depend on how many are trained (k2.run): of more
    than `chunks`, the next are planned anew in the same way.
    """

    context: int = Field(ge=8)
    steps: Count
    chunks: Count
    mix: dict[str, float]

    @field_validator("mix")
    @classmethod
    def _multipliers(cls, mix: dict[str, float]) -> dict[str, float]:
        if not all(0 <= value <= 1e4 for value in mix.values()) or not any(mix.values()):
            raise ValueError("must hold multipliers of at least 0 and at most 10,000, one of them above 0")
        return mix


class Order(Section):
    """The two phases of the training sequence: the second has a longer context."""

    base: Phase
    long: Phase


class Run(Section):
    """How many chunks of each phase are trained, and the last of them with a falling learning rate.

    A chunk in `moved` is trained last, not in its place. `decay_chunks` belongs to the stable schedule.
    """

    base_chunks: int = Field(ge=1, le=10_000, json_schema_extra=STRUCTURAL)
    long_chunks: int = Field(ge=0, le=10_000, json_schema_extra=STRUCTURAL)
    moved: list[str] = Field(json_schema_extra=STRUCTURAL)
    decay_chunks: int = Field(ge=0, json_schema_extra=STRUCTURAL)

    @model_validator(mode="after")
    def _chunks_fit(self) -> Self:
        chunks = self.base_chunks + self.long_chunks
        for name in self.moved:
            if name not in {f"{number:03d}" for number in range(1, chunks + 1)}:
                raise ValueError(f"moved: {name!r} is no chunk: they are 001 to {chunks:03d}")
        if len(set(self.moved)) < len(self.moved):
            raise ValueError("moved must not name a chunk twice")
        if self.decay_chunks > chunks:
            raise ValueError(f"decay_chunks must be at most all {chunks} chunks")
        return self


class Train(Section):
    """AdamW; the learning rate rises over `warmup_steps`, then falls to `final_learning_rate_share` of itself.

    `cosine` falls until `horizon_steps` (0: the end of the run) on; `stable` falls linearly over the last
    `run.decay_chunks` chunks. A step is `batch_tokens`, computed `micro_batch_tokens` at a time on each of `ranks`
    processes; `parallel` says how several share the work. `z_loss` weighs the squared log of the softmax's normaliser.
    Weight decay spares norms and embeddings. `threads` is a param, since it decides the order of float sums.
    """

    schedule: Literal["cosine", "stable"] = Field(json_schema_extra=STRUCTURAL)
    learning_rate: float = Field(gt=0, le=1)
    final_learning_rate_share: float = Field(ge=0, le=1)
    warmup_steps: Count
    horizon_steps: int = Field(ge=0)
    weight_decay: float = Field(ge=0, le=1)
    beta1: float = Field(ge=0, lt=1)
    beta2: float = Field(ge=0, lt=1)
    epsilon: float = Field(gt=0, le=1e-2)
    gradient_clip: float = Field(gt=0, allow_inf_nan=False)
    z_loss: float = Field(ge=0, le=1)
    batch_tokens: Count
    micro_batch_tokens: Count
    ranks: Count
    parallel: Literal["ddp", "fsdp2"]
    compile: bool
    activation_checkpointing: bool
    threads: Threads

    @model_validator(mode="after")
    def _batches_fit(self) -> Self:
        if self.schedule == "cosine" and 0 < self.horizon_steps <= self.warmup_steps:
            raise ValueError(f"horizon_steps must be 0 or above warmup_steps = {self.warmup_steps}")
        together = self.ranks * self.micro_batch_tokens
        if self.batch_tokens % together:
            raise ValueError(f"batch_tokens must be a multiple of ranks x micro_batch_tokens = {together}")
        return self
