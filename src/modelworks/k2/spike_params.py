"""The part of k2's params that says how loss spikes are found, tried on planted faults, and what is claimed."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from modelworks.model_params import Model
from modelworks.section import STRUCTURAL, Count, Section, Threads

Margin = Annotated[float, Field(ge=-8, le=8)]  # bits per byte


class Detection(Section):
    """See `modelworks.lm.spikes.Detector`. Its two thresholds are chosen on the calibration seeds.

    Each is the smallest of `thresholds` that lies `margin` times above the largest score in any clean run of theirs.
    """

    window: int = Field(ge=10)
    elevation: float = Field(gt=0, allow_inf_nan=False)
    calm: Count
    persistence: Count
    thresholds: list[Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(min_length=1)
    margin: float = Field(ge=1, allow_inf_nan=False)

    @field_validator("thresholds")
    @classmethod
    def _rising(cls, thresholds: list[float]) -> list[float]:
        if sorted(set(thresholds)) != thresholds or thresholds[0] <= 0:
            raise ValueError("must be above 0 and rise")
        return thresholds


class SpikeTrain(Section):
    """Cosine from `learning_rate` to its share over all steps; a step is `batch_rows` rows of `context` tokens."""

    context: int = Field(ge=8)
    chunks: int = Field(ge=3)
    chunk_steps: Count
    batch_rows: Count
    learning_rate: float = Field(gt=0, le=1)
    final_learning_rate_share: float = Field(ge=0, le=1)
    warmup_steps: Count
    weight_decay: float = Field(ge=0, le=1)
    beta1: float = Field(ge=0, lt=1)
    beta2: float = Field(ge=0, lt=1)
    epsilon: float = Field(gt=0, le=1e-2)
    gradient_clip: float = Field(gt=0, allow_inf_nan=False)
    threads: Threads


class Fault(Section):
    """What is planted: in chunk `chunk` (from 1) a share of the rows is replaced by corrupted text.

    `kind` random: tokens drawn evenly; repeated: one token throughout the row; shuffled: the row's own tokens in random
    order. `strengths` are the shares that are tried; `branch_strength`, one of them, is rolled back. A brief fault
    corrupts all rows of `brief_steps` steps.
    """

    chunk: int = Field(ge=2)
    kind: Literal["random", "repeated", "shuffled"]
    strengths: list[float] = Field(min_length=1, json_schema_extra=STRUCTURAL)
    branch_strength: float = Field(gt=0, le=1, json_schema_extra=STRUCTURAL)
    brief_steps: Count

    @model_validator(mode="after")
    def _strengths_fit(self) -> Self:
        if any(not 0 < strength <= 1 for strength in self.strengths) or len({*self.strengths}) < len(self.strengths):
            raise ValueError("strengths must be above 0, at most 1, and none twice; the clean runs are those of 0")
        if self.branch_strength not in self.strengths:
            raise ValueError(f"branch_strength must be one of strengths = {self.strengths}")
        return self


class Spikes(Section):
    """Loss spikes: the detector, and the experiment with planted faults, each seed a wildcard.

    The detector is calibrated on `calibration_seeds` and judged on `seeds`. Branches are compared `measured_after`
    chunks after the faulty one; `held_out_tokens` of the validation text measure them.
    """

    detection: Detection
    calibration_seeds: list[int] = Field(min_length=1, json_schema_extra=STRUCTURAL)
    seeds: list[int] = Field(min_length=3, json_schema_extra=STRUCTURAL)
    model: Model
    train: SpikeTrain
    fault: Fault
    held_out_tokens: Count
    measured_after: Count

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        both = {*self.seeds} & {*self.calibration_seeds}
        if both:
            raise ValueError(f"seeds and calibration_seeds must share none, both hold {sorted(both)}")
        for name in ("seeds", "calibration_seeds"):
            values = getattr(self, name)
            if len({*values}) < len(values) or min(values) < 0:
                raise ValueError(f"{name} must be at least 0, and none twice")
        if self.train.context > self.model.max_position_embeddings:
            raise ValueError("train.context must be at most model.max_position_embeddings")
        if self.fault.chunk + self.measured_after >= self.train.chunks:
            raise ValueError("fault.chunk + measured_after must be below train.chunks: the moved chunk comes last")
        if self.fault.brief_steps > self.train.chunk_steps:
            raise ValueError("fault.brief_steps must be at most train.chunk_steps")
        if self.detection.window > (self.fault.chunk - 1) * self.train.chunk_steps:
            raise ValueError("detection.window must end before the faulty chunk")
        return self


class Claims(Section):
    """The margins of k2's claims, declared before the run; what each is a margin of: `modelworks.k2.claims`.

    Bits per byte of the validation text, but `found_at_least` and `alarms_at_most`, which count seeds.
    """

    confidence: float = Field(gt=0.5, lt=1)
    longer: Margin
    recovers_from_same_data: Margin
    recovers_from_reshuffled: Margin
    still_better_at_the_end: Margin
    found_at_least: Count
    alarms_at_most: int = Field(ge=0)
