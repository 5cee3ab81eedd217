"""The questions that are in a release: those new in it and those of earlier ones that are not removed yet."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from modelworks.livebench import question
from modelworks.livebench.question import Question, QuestionError
from modelworks.livebench.releases import is_live, removed
from modelworks.lm.stable import write_json
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: shards (the new questions of this release and all before it). Args: release.

    Outputs: questions (Parquet, with the removal dates that are known), summary (JSON: the declared sources, and how
    many questions of each task are in it, new and removed).
    """
    section, release = stage.params["livebench"], stage.args["release"]
    everything = list(dated(read_disjoint(stage.inputs["shards"]), section))
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


def read_disjoint(shards: Iterable[Path]) -> list[Question]:
    """All questions of several releases. Raises QuestionError if two have the same question."""
    places: dict[str, Path] = {}
    found = []
    for shard in shards:
        for one in question.read(shard):
            if one.question_id in places:
                raise QuestionError(
                    f"{shard}: question {one.question_id} of {one.task} is in {places[one.question_id]} too: "
                    "releases share no question; its generator must keep releases apart"
                )
            places[one.question_id] = shard
            found.append(one)
    return found


def dated(questions: Iterable[Question], section: Mapping[str, Any]) -> Iterator[Question]:
    """The questions with the release that they are removed in. Raises QuestionError for one of an unknown release."""
    for one in questions:
        first = one.livebench_release_date.isoformat() if one.livebench_release_date else "no date"
        if first not in section["releases"]:
            raise QuestionError(
                f"question {one.question_id} is of {first}, which is no release; "
                f"params.yaml: livebench.releases has {', '.join(sorted(section['releases']))}"
            )
        day = removed(section, first, one.task.lower())
        yield replace(one, livebench_removal_date=date.fromisoformat(day) if day else None)


def live(questions: Iterable[Question], release: str, minimum: str | None = None) -> Iterator[Question]:
    """Those that are in `release`, none of them older than the release `minimum`."""
    for one in questions:
        day = one.livebench_removal_date
        if is_live(one.livebench_release_date.isoformat(), day.isoformat() if day else None, release, minimum):
            yield one


def _by_task(questions: Iterable[Question]) -> dict[str, int]:
    return dict(sorted(Counter(one.task for one in questions).items()))
