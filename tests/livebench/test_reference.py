"""Claims about the reference solvers, on made-up tasks."""

from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from modelworks.livebench import answer, question, reference
from modelworks.livebench.generators import catalogue
from modelworks.livebench.question import Question
from modelworks.stage import Stage
from tests.livebench import boards

# Of "sums", yes is right most often, though no is so at level 1; of "echo" every answer is right once.
TRUTHS = {("sums", 1): ["no", "yes", "no"], ("sums", 2): ["yes", "yes", "yes"], ("echo", 1): ["c", "b", "a"]}


def questions() -> list[Question]:
    return [
        boards.make(task, level, number, boards.AUGUST, truth)
        for (task, level), truths in TRUTHS.items()
        for number, truth in enumerate(truths)
    ]


@pytest.fixture(autouse=True)
def generators(monkeypatch: pytest.MonkeyPatch) -> None:
    for task in ("sums", "echo"):
        module = ModuleType(task)

        def oracle_answer(one: Question) -> str:
            return f"**{one.ground_truth}**"

        def random_answer(one: Question, rng: Random) -> str:
            return f"**{rng.choice(['yes', 'no'])}**"

        def load(module: ModuleType = module) -> ModuleType:
            return module

        vars(module).update(oracle_answer=oracle_answer, random_answer=random_answer)
        monkeypatch.setitem(catalogue.GENERATORS, task, load)


def texts(folder: Path, solver: str, seed: int = 7, asked: list[Question] | None = None) -> list[str | None]:
    folder.mkdir(exist_ok=True)
    asked = questions() if asked is None else asked
    question.write(folder / "questions.parquet", asked)
    stage = Stage(
        name="modelworks.livebench.reference",
        rule="livebench_reference",
        inputs={"questions": [folder / "questions.parquet"]},
        outputs={"answers": [folder / "answers.parquet"]},
        params={"seed": seed},
        args={"model": solver, "solver": solver},
    )
    reference.main(stage)
    found = answer.read(stage.output("answers"))
    assert {one.model for one in found} <= {solver}
    assert [one.question_id for one in found] == [one.question_id for one in asked]
    return [one.text for one in found]


def test_the_oracle_gives_every_right_answer_in_the_form_of_its_task(tmp_path: Path) -> None:
    assert texts(tmp_path, "oracle") == [f"**{one.ground_truth}**" for one in questions()]


def test_a_guess_follows_from_the_seed_and_the_question_alone(tmp_path: Path) -> None:
    many = [boards.make("sums", 1, number, boards.AUGUST) for number in range(60)]
    found = texts(tmp_path, "random", asked=many)
    assert found == texts(tmp_path, "random", asked=many)
    assert found[20:] == texts(tmp_path, "random", asked=many[20:])
    assert found != texts(tmp_path, "random", 8, many)
    assert 15 < found.count("**yes**") < 45


def test_the_majority_is_the_most_frequent_right_answer_of_a_task_over_all_its_levels(tmp_path: Path) -> None:
    assert texts(tmp_path, "majority") == ["**yes**"] * 6 + ["**a**"] * 3
    assert texts(tmp_path, "majority", asked=questions()[::-1]) == ["**a**"] * 3 + ["**yes**"] * 6


def test_where_all_answers_differ_the_majority_is_right_once_in_a_task_and_not_once_a_level(tmp_path: Path) -> None:
    asked = [boards.make("sums", level, n, boards.AUGUST, f"{level}.{n}") for level in (1, 2, 3) for n in range(5)]
    found = texts(tmp_path, "majority", asked=asked)
    assert sum(text == f"**{one.ground_truth}**" for text, one in zip(found, asked, strict=True)) == 1


def test_no_questions_have_no_answers(tmp_path: Path) -> None:
    solvers: list[Any] = ["oracle", "random", "majority"]
    assert [texts(tmp_path, solver, asked=[]) for solver in solvers] == [[], [], []]
