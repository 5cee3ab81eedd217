"""Claims about the questions of mathematics: proven by other means than they are made, and disjoint by release."""

import random
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from modelworks.livebench.generators import amc, amps_hard
from modelworks.livebench.proofs import amc as amc_proof
from modelworks.livebench.proofs import amps_hard as amps_hard_proof
from modelworks.livebench.proofs.expressions import value
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.scorers.dispatch import judge

TASKS = {"amc": (amc, amc_proof), "amps_hard": (amps_hard, amps_hard_proof)}
OCTOBER = date(2026, 10, 31)


def context(one):  # type: ignore[no-untyped-def]
    return {"question_text": one.turns[0], **one.extra}


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_two_hundred_questions_of_a_level_are_different_of_twenty_templates_and_proven(name: str, level: int) -> None:
    generator, proof = TASKS[name]
    made = generator.generate(7, level, 200, OCTOBER)
    assert len({one.question_id for one in made}) == len({one.turns[0] for one in made}) == 200
    assert len({one.extra["template"] for one in made}) >= 20
    for one in made:
        proof.prove(one)
    assert generator.generate(7, level, 200, OCTOBER) == made
    assert generator.generate(8, level, 200, OCTOBER) != made


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_no_question_is_in_the_releases_of_two_months_whatever_their_seeds(name: str, level: int) -> None:
    generator, _ = TASKS[name]
    seen: set[str] = set()
    for month in range(1, 13):
        stems = {one.extra["stem"] for one in generator.generate(month, level, 40, date(2026, month, 28))}
        assert len(stems) == 40
        assert not stems & seen
        seen |= stems


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_wrong_answer_is_never_proven(name: str, level: int) -> None:
    generator, proof = TASKS[name]
    for one in generator.generate(3, level, 60, OCTOBER):
        letters = "ABCDE"
        wrong = letters[letters.index(one.ground_truth) - 1] if name == "amc" else f"{one.ground_truth}+1"
        with pytest.raises(ProofError, match=one.question_id):
            proof.prove(replace(one, ground_truth=wrong))


def test_a_question_with_two_right_options_is_caught() -> None:
    for one in amc.generate(3, 2, 40, OCTOBER):
        right = one.turns[0].partition(f"\\textbf{{({one.ground_truth})}} ")[2].partition("\\")[0].rstrip("$")
        other = "A" if one.ground_truth != "A" else "B"
        head, mark, tail = one.turns[0].partition(f"\\textbf{{({other})}} ")
        doubled = head + mark + right.strip() + tail[len(tail.split("\\")[0].split("$")[0]) :]
        with pytest.raises(ProofError, match="which is"):
            amc_proof.prove(replace(one, turns=[doubled]))


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_oracle_is_right_and_the_guesser_as_often_as_chance_says(name: str, level: int) -> None:
    generator, _ = TASKS[name]
    made = generator.generate(5, level, 40, OCTOBER)
    for one in made:
        judged = judge(one.task, generator.oracle_answer(one), one.ground_truth, context(one), OCTOBER)
        assert (judged.score, judged.strict, judged.status) == (1.0, 1.0, "ok"), one.extra["stem"]
    rng, right = random.Random(1), 0
    for one in made * 10:
        right += int(judge(one.task, generator.random_answer(one, rng), one.ground_truth, context(one)).score or 0)
    expected = sum(generator.chance(one) for one in made) * 10
    assert abs(right - expected) <= 4 * max(1.0, expected) ** 0.5 + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3x^{2}-x+5", Fraction(15)),
        ("-\\frac{1}{2}x", Fraction(-1)),
        ("(x+1)(x-3)", Fraction(-3)),
        ("2(x)(3)", Fraction(12)),
        ("-x^{3}", Fraction(-8)),
        ("47+85-6", Fraction(126)),
    ],
)
def test_formulas_have_their_value_at_two(text: str, expected: Fraction) -> None:
    assert value(text, Fraction(2)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3+", "the formula ends too early"),
        ("(3", r"\) is missing"),
        ("3)", r"cannot read .*\) is left over"),
        ("3?", r"cannot read '3\?' at 1"),
        ("\\tan(x)", r"\\tan is no formula"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        value(text)
