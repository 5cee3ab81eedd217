"""Generated math and coding questions: many, different, proven by other means, and disjoint between releases."""

import dataclasses
import importlib
import json
import random
import re
from collections import Counter
from datetime import date
from types import ModuleType
from typing import Any

import pytest

from modelworks.livebench.generators import (
    amps_hard,
    code_questions,
    coding_completion,
    drawing,
    lcb_generation,
    math_competitions_amc,
    sums,
)
from modelworks.livebench.generators.drawing import GenerationError
from modelworks.livebench.proofs.code_mutants import MUTANTS
from modelworks.livebench.proofs.exact import evaluate
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question
from modelworks.livebench.scorers import coding_completion as completion_scorer
from modelworks.livebench.scorers import lcb_generation as generation_scorer

TASKS: dict[str, ModuleType] = {
    "amps_hard": amps_hard,
    "math_competitions_amc": math_competitions_amc,
    "lcb_generation": lcb_generation,
    "coding_completion": coding_completion,
}
LEVELS = [(name, level) for name, task in TASKS.items() for level in task.LEVELS]
RELEASE = date(2026, 1, 1)


def proof(name: str) -> ModuleType:
    return importlib.import_module(f"modelworks.livebench.proofs.{name}")


def changed(question: Question, **fields: Any) -> Question:
    return dataclasses.replace(question, **fields)


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_200_questions_of_20_templates_are_all_proven(name: str, level: int) -> None:
    questions = TASKS[name].generate(1, level, 200, RELEASE)
    assert len({question.question_id for question in questions}) == 200
    assert len({question.turns[0] for question in questions}) == 200
    assert len({question.extra["template"] for question in questions}) >= 20
    assert {question.extra["level"] for question in questions} == {level}
    prove = proof(name).prove
    for question in questions:
        prove(question)


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_they_depend_on_nothing_but_what_is_given_and_releases_share_none(name: str, level: int) -> None:
    first = TASKS[name].generate(1, level, 40, RELEASE)
    random.seed(9)
    assert TASKS[name].generate(1, level, 40, RELEASE) == first
    assert TASKS[name].generate(2, level, 40, RELEASE) != first
    seen: set[str] = set()
    for month in range(1, 13):
        texts = {one.turns[0] for one in TASKS[name].generate(1, level, 40, date(2026, month, 1))}
        assert not texts & seen
        seen |= texts
    assert len(seen) == 12 * 40


@pytest.mark.parametrize("name", TASKS)
def test_an_unknown_level_is_refused(name: str) -> None:
    with pytest.raises(GenerationError, match=rf"{TASKS[name].TASK}: level must be one of 1, 2(, 3)?, got 9"):
        TASKS[name].generate(1, 9, 1, RELEASE)


@pytest.mark.parametrize("name", TASKS)
def test_a_space_that_is_used_up_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = code_questions if TASKS[name].CATEGORY == "coding" else TASKS[name]
    few: set[tuple[object, ...]] = set()

    def of_three(release: date, *content: object) -> bool:
        few.update([content] if len(few) < 3 else [])
        return content in few

    monkeypatch.setattr(module, "is_of_release", of_three)
    message = rf"{TASKS[name].TASK}: level 2 has only \d questions for 2026-01-01: ask for at most as many"
    with pytest.raises(GenerationError, match=message):
        TASKS[name].generate(1, 2, 9, RELEASE)


def terms(question: Question) -> tuple[str, ...]:
    """The signed numbers of a sum in order: equal for commuted ones."""
    (expression,) = re.findall(r"\d+(?:[-+]\d+)+", question.extra["stem"])
    return tuple(sorted(re.findall(r"[-+]\d+", f"+{expression}")))


def test_over_six_months_and_both_tasks_no_sum_occurs_twice_even_commuted() -> None:
    asked = Counter(
        terms(question)
        for month in range(1, 7)
        for task in (amps_hard, math_competitions_amc)
        for question in task.generate(1, 1, 200, date(2026, month, 1))
    )
    assert sum(asked.values()) == 6 * 2 * 200
    assert asked.most_common(1)[0][1] == 1
    assert {len(sum_of) for sum_of in asked} == {2, 3}


def test_of_one_release_the_two_tasks_share_no_sum_even_if_they_draw_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "Random", lambda seed: random.Random(0))
    one, other = (
        {terms(one) for one in task.generate(1, 1, 200, RELEASE)} for task in (amps_hard, math_competitions_amc)
    )
    assert len(one) == len(other) == 200
    assert not one & other
    assert sum(len(sum_of) == 2 for sum_of in one | other) > 100


def test_commuted_sums_are_one_expression_and_a_sum_is_no_difference() -> None:
    assert sums.normalised([47, 12, 30], "+-") == sums.normalised([12, 47, 30], "+-") == "+12+47-30"
    assert sums.normalised([47, 12, 30], "++") == sums.normalised([30, 47, 12], "++") == "+12+30+47"


def test_letters_are_drawn_for_each_question_and_not_balanced() -> None:
    letters = [
        Counter(question.ground_truth for question in math_competitions_amc.generate(seed, 2, 200, RELEASE))
        for seed in range(5)
    ]
    assert all(20 <= count[letter] <= 65 for count in letters for letter in "ABCDE")
    assert len({tuple(sorted(count.values())) for count in letters}) > 1


def test_level_1_is_asked_in_twelve_ways_with_the_bare_question_as_its_stem() -> None:
    for task in (amps_hard, math_competitions_amc):
        questions = task.generate(1, 1, 200, RELEASE)
        assert all(question.turns[0].startswith(question.extra["stem"]) for question in questions)
        assert len({question.extra["template"] for question in questions}) > 2 * 12


def test_a_wrong_math_answer_is_not_proven() -> None:
    for level in amps_hard.LEVELS:
        seen = set()
        for question in amps_hard.generate(3, level, 60, RELEASE):
            seen.add(question.extra["kind"])
            with pytest.raises(ProofError, match=r"is not the \w+ asked for|cannot be read"):
                proof("amps_hard").prove(changed(question, ground_truth=f"{question.ground_truth}+x"))
            negative = f"-1{question.ground_truth}"
            with pytest.raises(ProofError, match=r"is not the \w+ asked for"):
                proof("amps_hard").prove(changed(question, ground_truth=negative))
        assert len(seen) == (1 if level == 1 else 6)


def test_an_option_that_is_right_twice_is_not_proven() -> None:
    for question in math_competitions_amc.generate(3, 2, 60, RELEASE):
        parts = question.turns[0].split(r"\textbf{(")
        right = next(part for part in parts if part.startswith(question.ground_truth))
        other = next(number for number, part in enumerate(parts) if number and part != right)
        twice = [*parts[:other], parts[other][0] + right[1:].rstrip(), *parts[other + 1 :]]
        with pytest.raises(ProofError, match="the options with"):
            proof("math_competitions_amc").prove(changed(question, turns=[r"\textbf{(".join(twice)]))
        wrong = "A" if question.ground_truth != "A" else "B"
        with pytest.raises(ProofError, match=f"not '{wrong}'"):
            proof("math_competitions_amc").prove(changed(question, ground_truth=wrong))


def test_tests_that_a_mutant_passes_do_not_prove_a_program() -> None:
    for name in ("lcb_generation", "coding_completion"):
        (question,) = TASKS[name].generate(1, 1, 1, RELEASE)
        prove = proof(name).prove
        weak = {**question.extra, "private_test_cases": "[]", "public_test_cases": "[]"}
        with pytest.raises(ProofError, match="only 0 different mutants of the reference fail its tests"):
            prove(changed(question, extra=weak))
        test = {"input": "[]", "output": "12345"}
        with pytest.raises(ProofError, match=r"the reference gives .* the test expects 12345"):
            prove(changed(question, extra={**question.extra, "public_test_cases": json.dumps([test])}))
    assert MUTANTS == 5


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ("import os\ndef f(numbers):\n    return 1", "Import"),
        ("def f(numbers):\n    while True:\n        x = 1", "While"),
        ("def f(numbers):\n    return numbers.__class__", "Attribute"),
        ("def f(numbers):\n    return open('x')", "Call"),
        ("def f(numbers):\n    return 9 ** 9 ** 9", "Pow"),
        ("def f(numbers):\n    return f(numbers)", "Call"),
    ],
)
def test_a_proof_runs_no_program_that_could_do_harm(code: str, used: str) -> None:
    (question,) = lcb_generation.generate(1, 1, 1, RELEASE)
    with pytest.raises(ProofError, match=f"the reference uses {used}, which no proof runs"):
        proof("lcb_generation").prove(changed(question, ground_truth=code))


def test_the_tests_must_call_the_function_of_the_reference() -> None:
    (question,) = lcb_generation.generate(1, 1, 1, RELEASE)
    with pytest.raises(ProofError, match=r"the reference defines f, the tests call \w+"):
        proof("lcb_generation").prove(changed(question, ground_truth="def f(numbers):\n    return 1"))


def test_what_is_given_must_begin_the_reference() -> None:
    (question,) = coding_completion.generate(1, 1, 1, RELEASE)
    with pytest.raises(ProofError, match="what is given is not the beginning of the reference"):
        proof("coding_completion").prove(changed(question, extra={**question.extra, "partial_solution": "def g():"}))


@pytest.mark.parametrize("text", ["x**2", "2x)", "y", "(x", r"\frac{1}2", "x^{99}", "__import__('os')"])
def test_only_polynomials_are_evaluated(text: str) -> None:
    with pytest.raises(ValueError):
        evaluate(text, proof("amps_hard").POINTS[0])


@pytest.mark.parametrize(
    ("name", "scorer"), [("lcb_generation", generation_scorer), ("coding_completion", completion_scorer)]
)
def test_the_oracle_is_right_and_a_guess_is_not(name: str, scorer: ModuleType) -> None:
    rng = random.Random(1)
    for level in TASKS[name].LEVELS:
        for question in TASKS[name].generate(5, level, 8, RELEASE):
            context = {"question_text": question.turns[0], **question.extra}
            right = scorer.score(TASKS[name].oracle_answer(question), question.ground_truth, context)
            assert (right.score, right.strict, right.status) == (1.0, 1.0, "ok")
            guess = scorer.score(TASKS[name].random_answer(question, rng), question.ground_truth, context)
            assert (guess.score, guess.strict) == (0.0, 0.0)
            assert TASKS[name].chance(question) == 0.0


def test_the_reference_solvers_of_math_answer_in_the_asked_form() -> None:
    rng = random.Random(1)
    for question in amps_hard.generate(1, 1, 5, RELEASE):
        assert amps_hard.oracle_answer(question) == rf"\boxed{{{question.ground_truth}}}"
        assert 20 <= int(amps_hard.random_answer(question, rng)[7:-1]) <= 198
        assert amps_hard.chance(question) in (1 / 179, 0.0)
    for question in math_competitions_amc.generate(1, 2, 5, RELEASE):
        assert math_competitions_amc.oracle_answer(question) == question.ground_truth * 5
        assert set(math_competitions_amc.random_answer(question, rng)) <= set("ABCDE")
        assert math_competitions_amc.chance(question) == 0.2
