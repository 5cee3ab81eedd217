"""What holds of every puzzle and language question that is generated."""

import importlib
import re
from dataclasses import replace
from datetime import date
from functools import cache
from random import Random
from types import ModuleType

import pytest

from modelworks.livebench.generators.drawing import GenerationError, collect
from modelworks.livebench.generators.partition import CLASSES, is_of_release, share
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question, question_id

LEVELS = {"zebra_puzzle": 4, "web_of_lies_v3": 3, "spatial": 3, "connections": 3, "plot_unscrambling": 3, "typos": 3}
ALL = [(task, level) for task, most in LEVELS.items() for level in range(1, most + 1)]
RELEASE = date(2026, 10, 31)
MONTHS = [date(2026 + month // 12, month % 12 + 1, 28) for month in range(CLASSES)]


def generator(task: str) -> ModuleType:
    return importlib.import_module(f"modelworks.livebench.generators.{task}")


def prove(question: Question) -> None:
    importlib.import_module(f"modelworks.livebench.proofs.{question.task}").prove(question)


@cache
def generated(task: str, level: int) -> list[Question]:
    questions: list[Question] = generator(task).generate(5, level, 200, RELEASE)
    return questions


def test_the_levels_are_those_tested_here() -> None:
    assert {task: generator(task).LEVELS for task in LEVELS} == {t: tuple(range(1, n + 1)) for t, n in LEVELS.items()}


@pytest.mark.parametrize(("task", "level"), ALL)
def test_two_hundred_questions_of_twenty_templates_each_have_exactly_their_answer(task: str, level: int) -> None:
    questions = generated(task, level)
    assert len({question.question_id for question in questions}) == 200
    assert len({question.extra["template"] for question in questions}) >= 20
    for question in questions:
        assert question.question_id == question_id(task, question.turns, question.ground_truth)
        assert (question.category, question.extra["level"]) == (generator(task).CATEGORY, level)
        prove(question)


@pytest.mark.parametrize(("task", "level"), ALL)
def test_another_ground_truth_is_refused(task: str, level: int) -> None:
    one, other = generated(task, level)[:2]
    with pytest.raises(ProofError, match=rf"^{one.question_id}: "):
        prove(replace(one, ground_truth=f"{other.ground_truth} not" if task == "spatial" else f"{one.ground_truth}s"))


@pytest.mark.parametrize(("task", "level"), ALL)
def test_equal_seeds_give_equal_questions_and_other_seeds_and_months_give_others(task: str, level: int) -> None:
    first = [question.question_id for question in generator(task).generate(5, level, 12, RELEASE)]
    assert first == [question.question_id for question in generated(task, level)[:12]]
    assert not set(first) & {question.question_id for question in generator(task).generate(6, level, 12, RELEASE)}
    months = [generator(task).generate(5, level, 2, month) for month in MONTHS]
    assert len({question.question_id for questions in months for question in questions}) == CLASSES * 2


@pytest.mark.parametrize("content", ["one question", "another", "a third"])
def test_a_question_belongs_to_one_month_of_two_years(content: str) -> None:
    assert CLASSES == 24
    assert len([month for month in MONTHS if is_of_release(month, content)]) == 1


def test_in_every_month_every_task_that_shares_a_space_gets_some_of_it() -> None:
    for month in MONTHS:
        mine = [number for number in range(4000) if is_of_release(month, number)]
        assert {share(3, number) for number in mine} == {0, 1, 2}


@pytest.mark.parametrize("task", LEVELS)
def test_an_unknown_level_is_refused(task: str) -> None:
    with pytest.raises(GenerationError, match=rf"^{task}: level must be one of 1, 2, 3(, 4)?, got 9$"):
        generator(task).generate(5, 9, 1, RELEASE)


def test_a_space_that_is_used_up_is_refused() -> None:
    with pytest.raises(
        GenerationError, match=r"^t: level 1 has only 0 questions for 2026-10-31: ask for at most as many$"
    ):
        collect("t", (1,), 5, 1, 1, RELEASE, lambda rng: None)


@pytest.mark.parametrize(("task", "level"), ALL)
def test_solvers_answer_in_the_form_that_is_asked_for(task: str, level: int) -> None:
    form = {"spatial": r"\*\*\w+\*\*", "plot_unscrambling": r"<PLOT_SUMMARY>.+\."}.get(
        task, r"<solution>[^<]+</solution>"
    )
    for question in generated(task, level)[:20]:
        for answer in (generator(task).oracle_answer(question), generator(task).random_answer(question, Random(1))):
            assert re.fullmatch(form, answer), answer
        assert 0 <= generator(task).chance(question) <= 0.5


@pytest.mark.parametrize(("task", "level"), [("zebra_puzzle", 2), ("web_of_lies_v3", 2), ("spatial", 1)])
def test_random_answers_are_right_as_often_as_chance_says(task: str, level: int) -> None:
    rng = Random(3)
    expected, got = 0.0, 0.0
    for question in generated(task, level):
        for _ in range(20):
            answer = re.sub(r"</?solution>|\*\*", "", generator(task).random_answer(question, rng))
            right = [a == b for a, b in zip(answer.split(", "), re.split(", ?", question.ground_truth), strict=True)]
            got += all(right) if task == "spatial" else (all(right) + sum(right) / len(right)) / 2
        expected += 20 * generator(task).chance(question)
    assert got == pytest.approx(expected, rel=0.1)
