"""The livebench section of params.yaml: releases, tasks, models, and how answers are judged and averaged."""

import re
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from modelworks.livebench.answer_params import Model
from modelworks.livebench.contamination_params import Contamination
from modelworks.livebench.days import Day
from modelworks.livebench.leak_params import Leak
from modelworks.section import Count, Section


class Release(Section):
    """A release, named by its day: the dated `sources` that its questions draw on, none of them later than it.

    Its questions are in it and in later ones, up to the release `removed` (null: as `removed_after` says).
    """

    sources: dict[str, Day]
    removed: Day | None


class Task(Section):
    """How many new `questions` each release gets of each level, the first of them level 1.

    From release `first` (null: the first of all) up to `last` (null: the newest). In release `removed` and later ones
    none of its questions is left (null: as their release says).
    """

    questions: list[Annotated[int, Field(ge=0, le=100_000)]] = Field(min_length=1)
    first: Day | None
    last: Day | None
    removed: Day | None


class Bootstrap(Section):
    """Intervals: questions are drawn anew within each task `resamples` times."""

    resamples: int = Field(ge=100, le=1_000_000)
    confidence: float = Field(gt=0, lt=1)


class Sandbox(Section):
    """Limits on one run of model-written code: seconds of wall-clock, in all and for one call, and of CPU.

    Bytes of memory, of one file, of all files and of what is printed; and threads.
    """

    wall_seconds: float = Field(gt=0, le=3600)
    call_seconds: float = Field(gt=0, le=3600)
    cpu_seconds: int = Field(ge=1, le=3600)
    memory_bytes: int = Field(ge=1 << 26, le=1 << 40)
    file_bytes: int = Field(ge=1, le=1 << 40)
    scratch_bytes: int = Field(ge=1 << 12, le=1 << 40)
    output_bytes: int = Field(ge=1, le=1 << 30)
    threads: int = Field(ge=1, le=4096)


class Livebench(Section):
    """Contamination-limited evaluation: releases of fresh questions, models, judgments, averages.

    A question stays for `removed_after` releases, its own included (null: for ever). The leaderboard counts questions
    of `minimum_release` and later (null: all). More than the share `most_errors` of errors of a model fail the build.
    """

    releases: dict[Day, Release] = Field(min_length=1)
    removed_after: Count | None
    minimum_release: Day | None
    tasks: dict[str, Task] = Field(min_length=1)
    models: dict[str, Model] = Field(min_length=1)
    most_errors: float = Field(ge=0, le=1)
    bootstrap: Bootstrap
    contamination: Contamination
    leak: Leak
    sandbox: Sandbox

    @field_validator("tasks")
    @classmethod
    def _task_names(cls, tasks: dict[str, Task]) -> dict[str, Task]:
        for name in tasks:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(f"{name!r} must be the module of a generator: lower-case letters, digits and _")
        return tasks

    @field_validator("models")
    @classmethod
    def _model_names(cls, models: dict[str, Model]) -> dict[str, Model]:
        for name in models:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
                raise ValueError(f"{name!r} must be letters, digits, '_' and '-': it names a folder, and a dotted key")
        return models

    @model_validator(mode="after")
    def _days_fit(self) -> Self:
        if self.minimum_release is not None:
            self._known("minimum_release", self.minimum_release)
        for day, release in self.releases.items():
            for source, dated in release.sources.items():
                if dated > day:
                    raise ValueError(f"releases.{day}.sources: {source!r} is of {dated}, later than the release")
            if release.removed is not None:
                self._known(f"releases.{day}.removed", release.removed)
                if release.removed <= day:
                    raise ValueError(f"releases.{day}.removed must be a later release, got {release.removed}")
        for name, task in self.tasks.items():
            for key in ("first", "last", "removed"):
                if (value := getattr(task, key)) is not None:
                    self._known(f"tasks.{name}.{key}", value)
        return self

    def _known(self, key: str, day: str) -> None:
        if day not in self.releases:
            raise ValueError(f"{key}: {day} is no release; known are {', '.join(sorted(self.releases))}")
