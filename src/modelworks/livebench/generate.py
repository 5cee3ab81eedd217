"""Make the questions that are new in one release; nothing downstream reads them before they are proven."""

from collections.abc import Mapping
from datetime import date

from modelworks.livebench import question
from modelworks.livebench.generators.catalogue import generator
from modelworks.livebench.question import Question, QuestionError
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Args: release, tasks (names, with commas). Outputs: questions (Parquet)."""
    section = stage.params["livebench"]
    release = date.fromisoformat(stage.args["release"])
    sources = section["releases"][stage.args["release"]]["sources"]
    found: list[Question] = []
    for task in filter(None, stage.args["tasks"].split(",")):
        module = generator(task)
        _check_sources(task, getattr(module, "SOURCES", {}), sources, stage.args["release"])
        for level, count in enumerate(section["tasks"][task]["questions"], 1):
            if count:
                made = module.generate(stage.seed(release, task, level), level, count, release)
                _check(made, task, level, count, release)
                found += made
    question.write(stage.output("questions"), found)


def _check_sources(task: str, drawn_on: Mapping[str, str], declared: Mapping[str, str], release: str) -> None:
    """A generator that names dated SOURCES draws on nothing that the release does not declare."""
    for name, dated in drawn_on.items():
        if declared.get(name) != dated:
            raise QuestionError(
                f"params.yaml: livebench.releases.{release}.sources must hold {name}: {dated!r}, "
                f"which questions of {task} draw on, got {declared.get(name)!r}"
            )


def _check(made: list[Question], task: str, level: int, count: int, release: date) -> None:
    if len(made) != count:
        raise QuestionError(f"{task}: the generator made {len(made)} questions of level {level}, not {count}")
    for one in made:
        if one.task.lower() != task or one.extra.get("level") != level or one.livebench_release_date != release:
            raise QuestionError(
                f"{task}: question {one.question_id} is of {one.task}, level {one.extra.get('level')} and "
                f"{one.livebench_release_date}, not of level {level} and {release}"
            )
