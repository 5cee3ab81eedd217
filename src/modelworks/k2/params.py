"""The k2 section of params.yaml: what each key means and may be."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_STRUCTURAL: dict[str, Any] = {"structural": True}
_TEXT_FORMATS = (".txt", ".md", ".rst")
_FORMATS = (*_TEXT_FORMATS, ".json", ".jsonl", ".parquet")
_MOVING_REVISIONS = ("main", "master", "head", "latest")

Count = Annotated[int, Field(ge=1)]
Threads = Annotated[int, Field(ge=1, le=256)]


class Section(BaseModel):
    """Every key must be given, no other is known, and no value is silently converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Dataset(Section):
    """A Hugging Face data set. `revision` is a commit or a tag, never a branch: its text would change unnoticed.

    `name` is an id on the hub (`owner/name`), never a folder, whose content no key would hold.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")
    revision: str = Field(min_length=1)
    configuration: str | None
    split: str = Field(min_length=1)

    @field_validator("revision")
    @classmethod
    def _fixed(cls, revision: str) -> str:
        if revision.lower() in _MOVING_REVISIONS or revision.startswith("refs/"):
            raise ValueError("must be a commit or a tag: a branch moves, and the same params would mean another text")
        return revision


class Corpus(Section):
    """Where the text comes from and how it is split: `files`, or a `dataset` and no files.

    A text file is one document, a row of JSONL or Parquet is one. `id_column` null numbers the documents.
    """

    files: list[str] = Field(json_schema_extra={**_STRUCTURAL, "files": True})
    dataset: Dataset | None = Field(json_schema_extra=_STRUCTURAL)
    text_column: str = Field(min_length=1)
    id_column: str | None
    section_bytes: int = Field(ge=256, le=1 << 30)
    validation_fraction: float = Field(ge=0.1, le=0.5)
    overlap_words: int = Field(ge=2, le=100)
    most_overlap: float = Field(ge=0, le=1)

    @field_validator("files")
    @classmethod
    def _known_formats(cls, files: list[str]) -> list[str]:
        for name in files:
            if PurePosixPath(name).suffix not in _FORMATS:
                raise ValueError(f"{name!r} must end in one of {', '.join(_FORMATS)}")
        if len(set(files)) < len(files):
            raise ValueError("must not name a file twice")
        return files

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.files) == (self.dataset is not None):
            raise ValueError("must name either files or a dataset: set dataset to null, or files to []")
        return self


class Tokenizer(Section):
    """Byte-level BPE: one end-of-text token, 256 bytes, then merges of pairs seen at least `min_frequency` times."""

    vocab_size: int = Field(ge=257, le=1 << 20)
    min_frequency: Count


class Model(Section):
    """Fields of `transformers.LlamaConfig`. `max_position_embeddings` is also the length of a training row."""

    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Count
    num_attention_heads: Count
    num_key_value_heads: Count
    max_position_embeddings: int = Field(ge=8)
    rms_norm_eps: float = Field(gt=0, le=1e-2)
    initializer_range: float = Field(gt=0, le=1)
    rope_theta: float = Field(gt=0)
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


class Train(Section):
    """AdamW with linear warm-up and cosine decay; a step is `batch_rows` rows, `micro_batch_rows` at a time.

    Weight decay spares norms and embeddings. `threads` is a param, since it decides the order of float sums.
    """

    steps: Count
    checkpoints: int = Field(ge=5, le=10_000, json_schema_extra=_STRUCTURAL)
    batch_rows: Count
    micro_batch_rows: Count
    learning_rate: float = Field(gt=0, le=1)
    final_learning_rate_share: float = Field(ge=0, le=1)
    warmup_steps: Count
    weight_decay: float = Field(ge=0, le=1)
    beta1: float = Field(ge=0, lt=1)
    beta2: float = Field(ge=0, lt=1)
    epsilon: float = Field(gt=0, le=1e-2)
    gradient_clip: float = Field(gt=0)
    threads: Threads

    @model_validator(mode="after")
    def _steps_fit(self) -> Self:
        if self.checkpoints > self.steps:
            raise ValueError(f"checkpoints must be at most steps = {self.steps}")
        if self.warmup_steps >= self.steps:
            raise ValueError(f"warmup_steps must be below steps = {self.steps}")
        if self.batch_rows % self.micro_batch_rows:
            raise ValueError(f"batch_rows must be a multiple of micro_batch_rows = {self.micro_batch_rows}")
        return self


class Evaluate(Section):
    """Sliding windows of the model's context, `stride_share` of it apart, `batch_rows` at a time."""

    stride_share: float = Field(gt=0, le=1)
    batch_rows: Count
    threads: Threads


class Samples(Section):
    """Generated text: `top_k` 0 draws from all tokens."""

    count: Count
    most_tokens: Count
    temperature: float = Field(gt=0, le=10)
    top_k: int = Field(ge=0)
    threads: Threads


class K2(Section):
    """Transparent pretraining: corpus, tokenizer, model, training, and what is measured."""

    corpus: Corpus
    tokenizer: Tokenizer
    model: Model
    train: Train
    evaluate: Evaluate
    samples: Samples
