"""Claims about the generated arithmetic problems."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

import pytest

from modelworks.lm.arithmetic import Problems, is_correct, parse_answer
from modelworks.lm.worked import work_out

LEVELS: dict[str, dict[str, Any]] = {
    "easy": {"terms": 3, "digits": 1, "operations": "+-", "words": False, "examples": 1500, "cases": 1000},
    "sums": {"terms": 2, "digits": 2, "operations": "+", "words": False, "examples": 500, "cases": 200},
    "stories": {"terms": 2, "digits": 2, "operations": "+ -", "words": True, "examples": 500, "cases": 200},
    "products": {"terms": 2, "digits": 2, "operations": "*", "words": False, "examples": 300, "cases": 150},
    "long": {"terms": 4, "digits": 2, "operations": "*+- +-*", "words": False, "examples": 300, "cases": 150},
}


def problems(levels: Mapping[str, Mapping[str, Any]] = LEVELS, seed: int = 7) -> Problems:
    return Problems(levels, 0.2, seed)


def value(text: str) -> int:
    """Of an expression of natural numbers, by an evaluator of its own: products first, then from the left."""
    assert re.fullmatch(r"[0-9]+([+*-][0-9]+)*", text), text
    total = 0
    for sign, term in re.findall(r"([+-]?)([0-9*]+)", text):
        product = 1
        for factor in term.split("*"):
            product *= int(factor)
        total += -product if sign == "-" else product
    return total


def test_every_step_of_every_working_is_true_and_its_end_is_the_answer() -> None:
    made = problems()
    texts = [made.example(index).text for index in range(len(made))] + [case.text for case in made.cases()]
    assert len(texts) == 3100 + 1700
    steps = 0
    for text in texts:
        working, _, answer = text.partition("<think>")[2].partition("</think>")
        for step in re.split("[;,]", working):
            left, equals, right = step.partition("=")
            if equals:  # a word problem begins with its expression
                assert value(left) == int(right), text
                steps += 1
        assert working.rpartition("=")[2] == answer, text
        assert is_correct(text, answer)
    assert steps > 2 * len(texts)


def test_the_answer_is_the_value_of_the_question() -> None:
    for case in problems().cases():
        if case.level != "stories":
            asked = "".join(re.findall(r"[0-9+*-]", case.prompt.partition("<think>")[0]))
            assert value(asked) == int(case.answer), case.prompt


def test_no_set_of_operands_is_in_both_parts_in_any_order_or_level() -> None:
    made = problems()
    train, held_out = made.operand_sets("train"), made.operand_sets("validation")
    assert {name: len(sets) > 20 for name, sets in held_out.items()} == dict.fromkeys(LEVELS, True)
    assert not set().union(*train.values()) & set().union(*held_out.values())
    shown = {
        tuple(sorted(map(int, re.findall(r"\d+", made.example(i).text.partition("<think>")[0])))) for i in range(1500)
    }
    assert shown == train["easy"]


def test_no_calculation_of_a_held_out_case_is_worked_out_in_a_training_example() -> None:
    levels = {**LEVELS, "more": {**LEVELS["sums"], "terms": 3, "operations": "++ +-", "examples": 3000, "cases": 100}}
    made = problems(levels)
    worked: set[tuple[str, tuple[str, ...]]] = set()
    for index in range(len(made)):
        working = made.example(index).working
        for left in re.findall(r"[0-9+*-]+(?==)", working):
            worked.add((re.sub(r"\d", "", left), tuple(sorted(re.findall(r"\d+", left)))))
    assert len(worked) > 3000
    asked = set()
    for case in made.cases():
        signs = re.sub(r"[^+*-]", "", case.prompt.partition("<think>")[0])
        if case.level == "stories":
            signs = re.sub(r"\d", "", case.working.partition(";")[0])
        asked.add((signs, tuple(sorted(map(str, case.operands)))))
    assert len(asked) > 700
    assert not worked & asked


def test_an_addition_of_digits_is_worked_out_by_everyone_and_asked_as_no_case() -> None:
    made = problems({"digits": {**LEVELS["sums"], "digits": 1, "examples": 20, "cases": 0}})
    assert {len(case.operands) for case in (made.example(index) for index in range(20))} == {2}
    with pytest.raises(ValueError, match="level digits: the held-out operands give 0 prompts, not the 1 cases wanted"):
        problems({"digits": {**LEVELS["sums"], "digits": 1, "cases": 1}}).cases()


def test_a_level_that_no_natural_number_fits_is_refused_soon() -> None:
    never = {**LEVELS["sums"], "terms": 17, "digits": 1, "operations": "-" * 16, "examples": 1, "cases": 1}
    with pytest.raises(ValueError, match="level never: the held-out operands give 0 prompts"):
        problems({"never": never}).cases()
    with pytest.raises(ValueError, match="level never: no training problem is left in 100000 draws"):
        problems({"never": never}).example(0)
    with pytest.raises(ValueError, match=r"level never: it could ask 1e\+37 problems, which is above 2\^64"):
        problems({"never": {**never, "digits": 2, "terms": 18, "operations": "-" * 17}})


def test_ids_are_unique_and_the_cases_of_a_level_ask_different_things() -> None:
    made = problems()
    cases = made.cases()
    ids = [made.example(index).id for index in range(len(made))] + [case.id for case in cases]
    assert len(set(ids)) == len(ids)
    for level, group in itertools.groupby(cases, key=lambda case: case.level):
        prompts = [case.prompt for case in group]
        assert len(prompts) == len(set(prompts)) == LEVELS[level]["cases"]
        assert all(prompt.endswith("<think>") for prompt in prompts)


def test_examples_are_the_same_in_any_order_and_other_with_another_seed() -> None:
    made, again, other = problems(), problems(), problems(seed=8)
    backwards = {index: again.example(index) for index in reversed(range(len(again)))}
    assert [made.example(index) for index in range(len(made))] == [backwards[index] for index in range(len(made))]
    assert [made.example(index) for index in range(50)] != [other.example(index) for index in range(50)]
    with pytest.raises(IndexError, match=r"example 3100 is outside range\(3100\)"):
        made.example(3100)


def test_examples_do_not_repeat_while_there_are_problems_left() -> None:
    made = problems({"sums": {**LEVELS["sums"], "examples": 5000}})
    assert len({made.example(index).text for index in range(5000)}) > 4900


def test_more_cases_than_the_held_out_operands_give_are_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"level easy: the held-out operands give \d+ prompts, not the 100000 cases"):
        problems({"easy": {**LEVELS["easy"], "cases": 100_000}}).cases()


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("7+5=12</think>12", "12"),
        ("</think> 12 \nand so on", "12"),
        ("</think>\n-3", "-3"),
        ("What?\n<think>1+1=2</think>2", "2"),
        ("7+5=12", None),
        ("</think>", None),
        ("</think>twelve", None),
        ("</think>12 apples", None),
        ("</think>1</think>2", None),
        ("</think>1.5", None),
        ("</think>\u0661", None),
        ("</think>+12", None),
        ("</think>012", "012"),
        ("</think>12\r\n<think>1</think>13", "12"),
        ("</think>12\x00", None),
        ("<think></think></think>12", None),
        ("</think>" + " " * 100_000 + "x", None),
        ("</think>" + "1" * 100_000 + " " * 100_000 + "x", None),
    ],
)
def test_an_answer_is_the_number_alone_after_the_thinking(completion: str, answer: str | None) -> None:
    assert parse_answer(completion) == answer
    assert is_correct(completion, "12") == (answer == "12")


def test_a_result_below_zero_on_the_way_is_no_problem_to_ask() -> None:
    assert work_out((3, 5, 4), "-+") is None
    assert work_out((47, 85, 6), "+-") == ("7+5=12,4+8+1=13,47+85=132;12-6=6,3-0-1=2,1-0=1,132-6=126", 126)
