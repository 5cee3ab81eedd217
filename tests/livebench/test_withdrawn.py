"""What takes an answer back is a denial of it, not one of anything else near it."""

from typing import Any

import pytest

from modelworks.livebench.scorers import dispatch
from modelworks.livebench.scorers.echo import without_question
from modelworks.livebench.scorers.withdrawn import denies, is_denied_by, is_withdrawn

AMC = {"question_text": "How many? $\\textbf{(A) }27\\qquad\\textbf{(E) }278$"}
STATED: list[tuple[str, Any, str]] = [
    ("amc_8", "E", "The answer is **E**."),
    ("amc_8", "E", "After checking, A is not right.\n\n**E**"),
    ("amc_8", "E", "Not A, B, C or D, so \\boxed{E}"),
    ("amc_8", "E", "EEEEE"),
    ("amc_8", "E", "Since it cannot be A we get $\\boxed{\\textbf{(E) }278}$."),
    ("amc_8", "E", "Therefore, the answer is $\\boxed{E}$. I hope the answer is clear."),
    ("amc_8", "E", "The answer is (E) 278"),
    ("amc_8", "E", "If we assume the first case, then x=3; the final answer is \\boxed{E}"),
    ("aime_i", "446", "There are no other cases. Thus $m+n = \\boxed{446}$."),
    ("aime_i", "446", "Note that p is not prime. Hence the answer is **446**."),
    ("aime_i", "446", "So we doubt nothing. <solution>446</solution> Let me know if the answer is not clear."),
    ("AMPS_Hard", "x+3", "We do not need the constant, the derivative is $\\boxed{x+3}$."),
    ("AMPS_Hard", "x+3", "$f'(x)=x+3$ is the answer."),
    ("spatial", "triangle", "The cut is not a square. It is a **triangle**."),
    ("spatial", "4", "There are **4** pieces, no more."),
    ("spatial", "4", "There are not five but **4** pieces."),
    ("theory_of_mind", "box", "Bob does not know that it was moved.\n<solution>box</solution>"),
    ("theory_of_mind", "box", "Bob thinks it is in the bag, but the answer is box"),
    ("theory_of_mind", "box", "Ann thinks that it is in <solution>the box</solution>"),
    ("theory_of_mind", "box", "Bob would look in \\boxed{box}"),
    ("web_of_lies_v2", "yes, no, yes", "Ann does not lie.\n\n**yes, no, yes**"),
    ("web_of_lies_v2", "yes, no, yes", "Answer: **yes, no, yes**. Bob says that Carl lies, which is false."),
    ("web_of_lies_v3", "no,no", "If Ann tells the truth then Bob does not.\n<solution>no, no</solution>"),
    ("web_of_lies_v3", "no,no", "<solution>no, no</solution>\n\nNo, Bob does not tell the truth."),
    ("zebra_puzzle", "a,b,4", "The second person is not German.\n<solution>a, b, 4</solution>"),
    ("zebra_puzzle_before_2024_11_25", "chess", "Person 3 does not like golf, so ***chess***"),
    ("cta", "Postal Code", "These are not names. The column type is **Postal Code**"),
    ("cta", "Postal Code", "The most appropriate type is: Postal Code"),
    ("tablejoin", {"a": "b"}, "Columns that do not match are left out:\n{'a': 'b'}"),
    ("tablejoin", {"a": "b"}, "```python\n{'a': 'b'}\n```\nColumn c is not mapped, since it is not in B."),
    ("tablejoin", {"a": "b"}, "Here it is, without the columns that were not matched: <solution>{'a': 'b'}</solution>"),
    ("typos", "It is not so. We asked whether it is.", "It is not so. We asked whether it is."),
    ("typos", "It is not so.", "<solution>It is not so.</solution>"),
    ("typos", "Not a thing was said or done.", "Not a thing was said or done."),
    ("connections", "a,b,c,d", "Group 1 cannot be colours.\n<solution>a,b,c,d</solution>"),
    ("connections", "or,and,not,xor", "<solution>or, and, not, xor</solution>"),
    (
        "plot_unscrambling",
        "He is not there. She asks whether he lied. It is wrong.",
        "<PLOT_SUMMARY>He is not there. She asks whether he lied. It is wrong.</PLOT_SUMMARY>",
    ),
    ("plot_unscrambling", "He does not know. She lied.", "He does not know. She lied."),
    ("imo_1", "3,1,2", "Expression 1 does not come first. Answer: 3, 1, 2"),
    ("usamo_1", "3,1,2", "Answer: 3,1,2\n\nExplanation: 1 cannot be first, that is not possible."),
    ("sudoku", "12", "The cell is not 3.\n<solution>12</solution>"),
    ("logic_with_navigation", [3, -2], "Bob did not turn. He ends at <solution>(3, -2)</solution>"),
    ("integrals_with_game", "7", "The player does not win.\nThe expected value is \\boxed{7}"),
    ("integrals_with_game", "-7/2", "\\boxed{-\\frac{7}{2}}"),
    ("integrals_with_game", "-7/2", "<solution>\\frac{-7}{2}</solution>"),
    ("house_traversal", "Ann Bob", "Bob is not first: **Ann, Bob**"),
    ("amc_8", "E", "The correct option is **(E) 278**."),
    ("amc_8", "E", "So the answer is option E"),
    ("amc_8", "E", "The answer is A. Actually, no, it is E."),
    ("aime_i", "446", "Answer: 446.0"),
    ("imo_1", "3,1,2", "Answer: 3, 1, and 2"),
    ("imo_1", "3,1,2", "Answer: 3, 1 and 2"),
    ("web_of_lies_v2", "yes, no, yes", "1. **yes**\n2. **no**\n3. **yes**"),
    ("spatial", "square", "**A square**"),
    ("spatial", "4", "**4 pieces**"),
    ("spatial", "4", "**Answer: 4**"),
    ("theory_of_mind", "box", "She will look in the box."),
    ("cta", "Postal Code", "The column type is Postal Code."),
]
NOT_STATED: list[tuple[str, Any, str]] = [
    ("amc_8", "E", "I doubt that it is \\boxed{E}"),
    ("amc_8", "E", "EEEEE\n\nNo: AAAAA"),
    ("aime_i", "446", "446 or 447"),
    ("aime_i", "446", "m+n \\neq 446"),
    ("aime_i", "446", "m+n != 446"),
    ("aime_i", "446", "x > 446"),
    ("aime_i", "446", "The answer is less than 446."),
    ("aime_i", "446", "\\boxed{446} \\boxed{447}"),
    ("AMPS_Hard", "x+3", "$f(x) \\neq x+3$"),
    ("AMPS_Hard", "x+3", "\\boxed{x+3} or \\boxed{x-3}"),
    ("theory_of_mind", "box", "Everywhere but in the box"),
    ("theory_of_mind", "box", "He'd never look in the box"),
    ("theory_of_mind", "box", "the box and the bag"),
    ("theory_of_mind", "box", "It was in the <solution>box</solution>, however now the answer is the bag"),
    ("spatial", "4", "**4**, **5** or **6**"),
    ("spatial", "triangle", "A **triangle**? Hardly."),
    ("imo_1", "3,1,2", "The order 3,1,2 fails."),
    ("imo_1", "3,1,2", "Answer: 3,1,2 is impossible"),
    ("imo_1", "3,1,2", "Answer: neither 3,1,2 nor 1,2,3"),
    ("logic_with_navigation", [3, -2], "between (3, -2) and (4, 1)"),
    ("logic_with_navigation", [3, -2], "everywhere except (3, -2)"),
    ("cta", "Postal Code", "**Postal Code** or **City**"),
    ("cta", "Postal Code", "City, not Postal Code"),
    ("cta", "Postal Code", "The type might be City or it might be: Postal Code"),
    ("tablejoin", {"a": "b"}, "The wrong mapping would be {'a': 'b'}"),
    ("sudoku", "12", "<solution>12</solution><solution>13</solution>"),
    ("web_of_lies_v2", "yes, no, yes", "**yes, no, yes** is what Bob would say. The answer is no, no, no"),
    ("web_of_lies_v2", "yes, no, yes", "**yes, no, yes**, or possibly **yes, yes, yes**"),
    ("web_of_lies_v2", "yes, no, yes", "1. yes\n2. no\n3. yes\n4. no"),
    ("web_of_lies_v2", "yes, no, yes", "1. yes\n3. no\n2. yes"),
    ("amc_8", "E", "The correct option is not (E) 278."),
    ("amc_8", "E", "The answer is option E or option A"),
    ("amc_8", "E", "The answer is E. Actually, no, it is A."),
    ("amc_8", "E", "The answer is option (E) 27."),
    ("aime_i", "446", "Answer: 446.5"),
    ("spatial", "4", "**4 or 5 pieces**"),
    ("spatial", "4", "**Answer: not 4**"),
    ("spatial", "square", "**not a square**"),
    ("theory_of_mind", "box", "She will not look in the box."),
    ("theory_of_mind", "box", "Nobody will look in the box."),
    ("cta", "Postal Code", "The column type is not Postal Code."),
    ("cta", "Code", "The column type is Postal Code."),
]


def strict(task: str, truth: Any, answer: str) -> float | None:
    return dispatch.judge(task, answer, truth, AMC if "amc" in task else {}).strict


@pytest.mark.parametrize(("task", "truth", "answer"), STATED)
def test_a_denial_of_something_else_takes_nothing_back(task: str, truth: Any, answer: str) -> None:
    assert strict(task, truth, answer) == 1.0


@pytest.mark.parametrize(("task", "truth", "answer"), NOT_STATED)
def test_what_is_taken_back_or_one_of_several_is_0(task: str, truth: Any, answer: str) -> None:
    assert strict(task, truth, answer) == 0.0


def test_the_clause_before_decides() -> None:
    assert is_denied_by("It is not ") and is_denied_by("Either 3 or ") and is_denied_by("This is not the answer: **")
    assert not is_denied_by("It is not 3, it is ") and not is_denied_by("Not 3 but ") and not is_denied_by("")
    assert not is_denied_by("Rows that do not match: ")
    assert denies("either 3") and denies("It isn\u2019t 3") and not denies("nothing") and not denies("no, yes")


def test_the_last_place_of_what_is_stated_decides() -> None:
    assert is_withdrawn("4. It is not 4", "4")
    assert not is_withdrawn("It is not 4. Wait, it is 4", "4")
    assert not is_withdrawn("not 4", "5") and not is_withdrawn("not", "")


def test_a_question_s_copy_goes_and_a_short_question_stays() -> None:
    question = {"question_text": "Which shape is it, a square, a tetrahedron or a triangle?"}
    assert without_question(f"{question['question_text']} square", question).strip() == "square"
    assert without_question("it, a square, a tetrahedron or a triangle", question) == ""
    assert without_question("a triangle", question) == "a triangle"
    assert without_question("What?", {"question_text": "What?"}) == "What?"
    assert without_question("a", {}) == "a"
