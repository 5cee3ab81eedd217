"""The questions that are in a release: those new in it and those of earlier ones that are not removed yet."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars

from modelworks.livebench import question
from modelworks.livebench.generators.partition import CLASSES, is_same_share
from modelworks.livebench.question import Question, QuestionError
from modelworks.livebench.releases import is_live, removed
from modelworks.lm.stable import write_json
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: shards (the new questions of this release and all before it). Args: release.

    Outputs: questions (Parquet, with the removal dates that are known), summary (JSON: the declared sources, and how
    many questions of each task are in it, new and removed). Of releases that left earlier only the ids are read: a
    question that was once asked is never new again. Raises QuestionError if two releases share one.
    """
    section, release = stage.params["livebench"], stage.args["release"]
    shards = stage.inputs["shards"]
    identities = [_identities(shard) for shard in shards]
    check_disjoint(identities)
    needed = [shard for shard, rows in zip(shards, identities, strict=True) if _is_needed(rows, section, release)]
    everything = list(dated((one for shard in needed for one in question.read(shard)), section))
    found = list(live(everything, release, section["minimum_release"]))
    question.write(stage.output("questions"), found)
    earlier = [one for one in everything if one.livebench_removal_date == date.fromisoformat(release)]
    new = [one for one in found if one.livebench_release_date == date.fromisoformat(release)]
    summary = {
        "release": release,
        "sources": section["releases"][release]["sources"],
        **{name: _by_task(some) for name, some in (("questions", found), ("new", new), ("removed", earlier))},
    }
    write_json(stage.output("summary"), summary)


def check_disjoint(releases: Iterable[polars.DataFrame]) -> None:
    """Raises QuestionError if two releases (question_id, task, livebench_release_date) have the same question."""
    first_in: dict[str, date | None] = {}
    for rows in releases:
        for identity, task, day in rows.iter_rows():
            if identity in first_in:
                raise QuestionError(
                    f"question {identity} of {task} is new in the releases {first_in[identity]} and {day}, and "
                    f"releases share no question: {_remedy(task, first_in[identity], day)}"
                )
            first_in[identity] = day


def _remedy(task: str, one: date | None, other: date | None) -> str:
    if one and other and is_same_share(one, other):
        return (
            f"their months, a multiple of {CLASSES} apart, draw on one share of what can be asked; "
            f"params.yaml: livebench.releases must give {max(one, other)} a day of another month"
        )
    return f"the generator of {task} must keep the months apart by is_of_release of generators/partition.py"


def _identities(shard: Path) -> polars.DataFrame:
    try:
        return polars.read_parquet(shard, columns=["question_id", "task", "livebench_release_date"])
    except (polars.exceptions.PolarsError, OSError) as error:
        raise QuestionError(f"{shard}: not the questions of a release ({error})") from None


def _is_needed(rows: polars.DataFrame, section: Mapping[str, Any], release: str) -> bool:
    """Whether any question is in the release or leaves in it. What is of no release is read, and refused."""
    return any(
        (day := removal(one, task, section)) is None or day >= release
        for one, task in rows.select("livebench_release_date", "task").unique().iter_rows()
    )


def removal(first: date | None, task: str, section: Mapping[str, Any]) -> str | None:
    """`releases.removed` of a task's questions that were new on a day; None for a day that is no release too."""
    day = first.isoformat() if first else "no date"
    return removed(section, day, task.lower()) if day in section["releases"] else None


def dated(questions: Iterable[Question], section: Mapping[str, Any]) -> Iterator[Question]:
    """The questions with the release that they are removed in. Raises QuestionError for one of an unknown release."""
    for one in questions:
        first = one.livebench_release_date.isoformat() if one.livebench_release_date else "no date"
        if first not in section["releases"]:
            raise QuestionError(
                f"question {one.question_id} is of {first}, which is no release; "
                f"params.yaml: livebench.releases has {', '.join(sorted(section['releases']))}"
            )
        day = removal(one.livebench_release_date, one.task, section)
        yield replace(one, livebench_removal_date=date.fromisoformat(day) if day else None)


def live(questions: Iterable[Question], release: str, minimum: str | None = None) -> Iterator[Question]:
    """Those that are in `release`, none of them older than the release `minimum`."""
    for one in questions:
        day = one.livebench_removal_date
        if is_live(one.livebench_release_date.isoformat(), day.isoformat() if day else None, release, minimum):
            yield one


def _by_task(questions: Iterable[Question]) -> dict[str, int]:
    return dict(sorted(Counter(one.task for one in questions).items()))
