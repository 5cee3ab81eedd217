"""The models of livebench in params.yaml: which are asked, and how."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from modelworks.livebench.days import Day
from modelworks.section import Count, Section, Threads

_PROMPTS = ("{stem}", "{question}")


class Local(Section):
    """How weights on this machine are asked: greedily, `batch_rows` prompts at a time, at most `most_tokens` each.

    `prompt` is a text in which {question} stands for the whole question, or {stem} for the bare one (the whole one
    where there is none); `chat` puts it into the model's own chat template. An answer ends at the first of the texts
    of `stop`. `wrap` puts the bare answer of a base model into the form that a task asks for: a text with {answer} for
    each task that has one.
    """

    prompt: str
    chat: bool
    stop: list[str]
    wrap: dict[str, str]
    most_tokens: Count
    batch_rows: Count
    threads: Threads

    @field_validator("prompt")
    @classmethod
    def _has_question(cls, prompt: str) -> str:
        if sum(prompt.count(name) for name in _PROMPTS) != 1:
            raise ValueError(f"must hold one of {' and '.join(_PROMPTS)} once, got {prompt!r}")
        return prompt

    @field_validator("wrap")
    @classmethod
    def _has_answer(cls, wrap: dict[str, str]) -> dict[str, str]:
        for task, text in wrap.items():
            if text.count("{answer}") != 1:
                raise ValueError(f"{task}: must hold {{answer}} once, got {text!r}")
        return wrap


class K2Model(Local):
    """Checkpoints of k2, each a model `NAME-CHECKPOINT`: the last one and every `every`-th before it."""

    kind: Literal["k2"]
    every: Count


class HuggingFace(Local):
    """A model of the hub, by `name` (owner/name) and `revision`: a commit or a tag, never a branch."""

    kind: Literal["huggingface"]
    name: str = Field(pattern=r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")
    revision: str = Field(min_length=1)

    @field_validator("revision")
    @classmethod
    def _fixed(cls, revision: str) -> str:
        if revision.lower() in ("main", "master", "head", "latest") or revision.startswith("refs/"):
            raise ValueError("must be a commit or a tag: a branch moves, and the same params would mean another model")
        return revision


class Folder(Local):
    """A model as `transformers` saves one, in a `folder` of the workspace: config, safetensors, tokenizer."""

    kind: Literal["local"]
    folder: str = Field(pattern=r"^[A-Za-z0-9_][\w-]*(/[A-Za-z0-9_][\w.-]*)*$")


class TokenPrices(Section):
    """What a million tokens cost, in `currency`."""

    currency: str = Field(min_length=1)
    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Endpoint(Section):
    """A model behind an OpenAI-compatible `url` (up to /v1), as of `date`: what is memoized is the answer of that day.

    The key is in the environment variable `key_variable` (null: none is sent), and nowhere else. `concurrency` requests
    run at once; each is tried `retries` times again, and waited for `timeout_seconds`. These four, and the prices, may
    change without a question being asked again.
    """

    kind: Literal["endpoint"]
    url: str
    model: str = Field(min_length=1)
    date: Day
    key_variable: str | None
    prices: TokenPrices
    most_tokens: Count
    temperature: float = Field(ge=0, le=2)
    concurrency: int = Field(ge=1, le=256)
    retries: int = Field(ge=0, le=20)
    timeout_seconds: float = Field(gt=0, le=3600)

    @field_validator("url")
    @classmethod
    def _open(cls, url: str) -> str:
        if not re.fullmatch(r"https?://[^\s@?#]+", url):
            raise ValueError("must be http:// or https:// and a place, without user, password or query")
        return url

    @field_validator("key_variable")
    @classmethod
    def _variable(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise ValueError("must name an environment variable in capitals; the key itself never stands here")
        return name


class Reference(Section):
    """A solver that reads the answer key: always right, a well-formed guess, or the most frequent answer of a task."""

    kind: Literal["reference"]
    solver: Literal["oracle", "random", "majority"]


Model = Annotated[K2Model | HuggingFace | Folder | Endpoint | Reference, Field(discriminator="kind")]
