"""The k2 section of params.yaml: what each key means and may be."""

import re
from pathlib import PurePosixPath
from typing import Self

from pydantic import Field, field_validator, model_validator

from modelworks.k2.spike_params import Claims, Spikes
from modelworks.k2.training_params import Order, Run, Train
from modelworks.model_params import Model
from modelworks.section import STRUCTURAL, Count, Section, Threads

_TEXT_FORMATS = (".txt", ".md", ".rst")
_FORMATS = (*_TEXT_FORMATS, ".json", ".jsonl", ".parquet")
_MOVING_REVISIONS = ("main", "master", "head", "latest")
_GENERATED = ("arithmetic", "questions", "dataset")


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


class Near(Section):
    """Near duplicates: MinHash over `permutations`, in `bands` of equal length; `threshold` is a Jaccard index.

    Documents are compared as sets of `shingle_words` words in a row.
    """

    threshold: float = Field(gt=0, le=1)
    shingle_words: int = Field(ge=1, le=100)
    permutations: int = Field(ge=8, le=1024)
    bands: Count

    @model_validator(mode="after")
    def _bands_fit(self) -> Self:
        if self.permutations % self.bands:
            raise ValueError(f"permutations must be a multiple of bands = {self.bands}")
        return self


class Corpus(Section):
    """Where the text comes from: `files` of each source, a `dataset` (a source of that name), or both; how it is split.

    A text file is one document, a row of JSONL or Parquet is one. `id_column` null numbers the documents. `shards` is
    how many jobs read, clean and encode it; the corpus is the same for any number.
    """

    files: dict[str, list[str]] = Field(json_schema_extra={**STRUCTURAL, "files": True})
    dataset: Dataset | None = Field(json_schema_extra=STRUCTURAL)
    text_column: str = Field(min_length=1)
    id_column: str | None
    shards: int = Field(ge=1, le=1000, json_schema_extra=STRUCTURAL)
    section_bytes: int = Field(ge=256, le=1 << 30)
    validation_fraction: float = Field(ge=0.001, le=0.5)
    overlap_words: int = Field(ge=2, le=100)
    most_overlap: float = Field(ge=0, le=1)
    near: Near

    @field_validator("files")
    @classmethod
    def _known(cls, files: dict[str, list[str]]) -> dict[str, list[str]]:
        for source, names in files.items():
            if not re.fullmatch(r"[a-z][a-z0-9_]*", source) or source in _GENERATED:
                raise ValueError(
                    f"{source!r} must be lower-case letters, digits and _, and none of {', '.join(_GENERATED)}"
                )
            for name in names:
                if PurePosixPath(name).suffix not in _FORMATS:
                    raise ValueError(f"{name!r} must end in one of {', '.join(_FORMATS)}")
        given = [name for names in files.values() for name in names]
        if len(set(given)) < len(given):
            raise ValueError("must not name a file twice")
        return files

    @model_validator(mode="after")
    def _some_source(self) -> Self:
        if not any(self.files.values()) and self.dataset is None:
            raise ValueError("must name files or a dataset")
        return self


class Level(Section):
    """Problems of one difficulty: `terms` operands of at most `digits` digits, asked as a sum or in `words`.

    `operations` are the operators in order; alternatives are separated by spaces. `examples` are training documents,
    `cases` held-out ones.
    """

    terms: int = Field(ge=2, le=20)
    digits: int = Field(ge=1, le=9)
    operations: str = Field(pattern=r"^[-+*]+( [-+*]+)*$")
    words: bool
    examples: int = Field(ge=0)
    cases: Count

    @model_validator(mode="after")
    def _operators_fit(self) -> Self:
        for operators in self.operations.split():
            if len(operators) != self.terms - 1:
                raise ValueError(f"operations: {operators!r} must have terms - 1 = {self.terms - 1} operators")
        return self


class Arithmetic(Section):
    """Generated problems; a set of operands is held out from all levels or from none."""

    held_out_fraction: float = Field(gt=0, lt=1)
    levels: dict[str, Level] = Field(min_length=1)

    @field_validator("levels")
    @classmethod
    def _named(cls, levels: dict[str, Level]) -> dict[str, Level]:
        for name in levels:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(f"{name!r} must be lower-case letters, digits and _")
        return levels


class Questions(Section):
    """Question-answer pairs and at most `cloze` cloze items, both made from the documents of one `source`."""

    source: str = Field(min_length=1)
    most_per_document: Count
    cloze: Count


class Tokenizer(Section):
    """Byte-level BPE: one end-of-text token, 256 bytes, then merges of pairs seen at least `min_frequency` times.

    It is trained on at most `most_bytes` of the training text.
    """

    vocab_size: int = Field(ge=257, le=1 << 20)
    min_frequency: Count
    most_bytes: Count


class Evaluate(Section):
    """Sliding windows of the model's context, `stride_share` of it apart, `batch_rows` at a time.

    Every checkpoint reads documents of `most_bytes` bytes of each source and answers `cases` problems of each level
    (0: all), the last one all; `chunk_rows` rows of each chunk are scored.
    """

    stride_share: float = Field(gt=0, le=1)
    batch_rows: Count
    most_bytes: int = Field(ge=0)
    cases: int = Field(ge=0)
    chunk_rows: Count
    threads: Threads


class Samples(Section):
    """Generated text: `count` samples for a document's start and for each prompt; `top_k` 0 draws from all tokens."""

    count: Count
    most_tokens: Count
    temperature: float = Field(gt=0, le=10)
    top_k: int = Field(ge=0)
    prompts: list[str]
    threads: Threads


class K2(Section):
    """Transparent pretraining: corpus, tokenizer, model, order, training, and what is measured."""

    corpus: Corpus
    arithmetic: Arithmetic
    questions: Questions
    tokenizer: Tokenizer
    model: Model
    order: Order
    run: Run
    train: Train
    evaluate: Evaluate
    samples: Samples
    spikes: Spikes
    claims: Claims

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        known = {*self.corpus.files, "arithmetic", "questions", *(["dataset"] if self.corpus.dataset else [])}
        for name, phase in (("base", self.order.base), ("long", self.order.long)):
            for source in phase.mix:
                if source not in known:
                    raise ValueError(f"order.{name}.mix: {source!r} is no source; known are {', '.join(sorted(known))}")
            if phase.context > self.model.max_position_embeddings:
                raise ValueError(f"order.{name}.context must be at most model.max_position_embeddings")
            if self.train.micro_batch_tokens % phase.context:
                raise ValueError(f"train.micro_batch_tokens must be a multiple of order.{name}.context")
        if self.claims.found_at_least > len(self.spikes.seeds):
            raise ValueError(
                f"claims.found_at_least must be at most the {len(self.spikes.seeds)} seeds of spikes.seeds"
            )
        if self.questions.source not in known:
            raise ValueError(f"questions.source: {self.questions.source!r} is no source")
        return self
