"""The leak section of livebench in params.yaml: an experiment in which a release is leaked into small trainings."""

from typing import Self

from pydantic import Field, model_validator

from modelworks.model_params import Model
from modelworks.section import STRUCTURAL, Count, Section, Threads


class LeakTrain(Section):
    """A row is one text. `base_texts` are trained at a constant rate, then `arm_texts` while it falls to its share."""

    vocab_size: int = Field(ge=257)
    base_texts: Count
    arm_texts: Count
    batch_rows: Count
    learning_rate: float = Field(gt=0, le=1)
    final_learning_rate_share: float = Field(ge=0, le=1)
    warmup_steps: Count
    weight_decay: float = Field(ge=0, le=1)
    beta1: float = Field(ge=0, lt=1)
    beta2: float = Field(ge=0, lt=1)
    epsilon: float = Field(gt=0, le=1e-2)
    gradient_clip: float = Field(gt=0)
    threads: Threads


class LeakClaims(Section):
    """The margins, declared before the run, in share of the questions; what each is one of: `livebench.leak_claims`."""

    confidence: float = Field(gt=0.5, lt=1)
    none_within: float = Field(gt=0, le=1)
    grows: float = Field(ge=0, le=1)
    most_dose: float = Field(ge=0, le=1)
    excluded_within: float = Field(gt=0, le=1)


class Leak(Section):
    """Two releases of `questions` each; of the first one `leaked` are in the training text, `doses` times each."""

    seeds: list[int] = Field(min_length=3, json_schema_extra=STRUCTURAL)
    doses: list[int] = Field(min_length=2, json_schema_extra=STRUCTURAL)
    questions: Count
    leaked: Count
    model: Model
    train: LeakTrain
    claims: LeakClaims

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if len({*self.seeds}) < len(self.seeds) or min(self.seeds) < 0:
            raise ValueError("seeds must be at least 0, and none twice")
        if sorted({*self.doses}) != self.doses or self.doses[0] != 0:
            raise ValueError("doses must rise from 0")
        if self.leaked >= self.questions:
            raise ValueError("leaked must be below questions: the rest of the release is what is left without them")
        if self.leaked * self.doses[-1] > self.train.arm_texts:
            raise ValueError("leaked times the highest of doses must be at most train.arm_texts")
        return self
