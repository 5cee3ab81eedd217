import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from modelworks.livebench.scorers import dispatch, rows
from modelworks.livebench.scorers.catalogue import SCORERS

DOCS = Path(__file__).parents[2] / "docs" / "livebench_differences.md"
SCORED = Path(__file__).parents[3] / "shared/data/livebench/scored_answers.jsonl"
CONTEXTS = {
    "tablereformat_v1": {"prompt": "Please convert the Input Table from CSV format to JSON format."},
    "tablereformat_v2": {"prompt": "Source Format: CSV\nTarget Format: JSON\n"},
}
AMC = {"question_text": "How many? $\\textbf{(A) }27\\qquad\\textbf{(E) }278$"}
OURS = {
    *("math_competitions_amc", "math_competitions_aime", "AMPS_Hard", "integrals_with_game", "olympiad"),
    *("web_of_lies_v2", "web_of_lies_v3", "zebra_puzzle", "zebra_puzzle_before_2024_11_25", "spatial"),
    *("theory_of_mind", "logic_with_navigation", "sudoku", "house_traversal"),
}


def differences() -> list[Any]:
    found = []
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"\| (\w+) \| `(.*)` \| `(\".*\")` \| (\S+) \| (\S+) \| (.*)\|", line):
            task, truth, answer, score, strict, _ = match.groups()
            texts = json.loads(truth), json.loads(answer)
            found.append(pytest.param(task, *texts, None if score == "-" else float(score), float(strict), id=answer))
    return found


def test_the_page_has_a_difference_for_every_task() -> None:
    named = {dispatch.scorer_name(row.values[0], {}) for row in differences()}
    assert named == set(SCORERS) - {"instruction_following", "coding_completion", "lcb_generation"}
    answers, _, _ = DOCS.read_text(encoding="utf-8").partition("## Instructions")
    lines = [line for line in answers.splitlines() if line.startswith("| ")]
    assert len(differences()) == len(lines) - 2 == 87
    assert all(row.values[3] != row.values[4] for row in differences())


@pytest.mark.parametrize(("task", "truth", "answer", "score", "strict"), differences())
def test_a_difference_on_the_page_is_one(
    task: str, truth: object, answer: str, score: float | None, strict: float
) -> None:
    judgment = dispatch.judge(task, answer, truth, AMC if "amc" in task else CONTEXTS.get(task, {}))
    assert judgment.score == (None if score is None else pytest.approx(score))
    assert judgment.strict == pytest.approx(strict)
    assert (judgment.status == "ok") == (strict > 0)


@pytest.mark.skipif(not SCORED.exists(), reason="../shared is not there")
def test_scores_agree_with_the_original_s() -> None:
    seen, agreeing = Counter[str](), Counter[str]()
    scored = [row for row in rows.read(SCORED) if row.task in OURS]
    for row, judgment in zip(scored, rows.judged(scored), strict=True):
        if "score" in row.fields:
            seen[row.task] += 1
            agreeing[row.task] += judgment.score == pytest.approx(row.fields["score"])
        else:
            assert judgment.score is None
    assert set(seen) == OURS
    assert seen.total() == 714
    assert agreeing == seen


@pytest.mark.parametrize(
    ("task", "truth", "answer"),
    [
        ("amc_8", "E", "I do not know."),
        ("aime_ii", "446", "I do not know."),
        ("imo_2023", "3,2,1", "I do not know."),
        ("AMPS_Hard", "3", "I do not know."),
        ("integrals_with_game", "3", "<solution></solution>"),
        ("web_of_lies_v2", "yes, no, yes", "I do not know."),
        ("web_of_lies_v3", "yes,no,yes", ""),
        ("zebra_puzzle", "a,b,c", "I do not really know anything"),
        ("zebra_puzzle_before_2024_11_25", "chess", ""),
        ("spatial", "4", "I do not know it at all"),
        ("theory_of_mind", "box", " \n"),
        ("logic_with_navigation", [3, -2], "Nowhere."),
        ("sudoku", "1234", "1234"),
        ("house_traversal", "Ann Bob", "I do not know."),
    ],
)
def test_an_answer_that_states_nothing_is_unparsed(task: str, truth: object, answer: str) -> None:
    judgment = dispatch.judge(task, answer, truth, AMC)
    assert (judgment.score, judgment.strict, judgment.status) == (0.0, 0.0, "unparsed")


def test_a_box_that_the_original_fails_on_has_no_score() -> None:
    judgment = dispatch.judge("zebra_puzzle", "\\boxed\\text{a,b}", "a,b", {})
    assert judgment.score is None
    judgment = dispatch.judge("amc_8", "<solution>E</solution> \\boxed\\text{E}", "E", AMC)
    assert judgment.score == 1.0


@pytest.mark.parametrize(
    ("truth", "answer", "strict"),
    [
        ("x^2-1", "$(x-1)(x+1)$", 1.0),
        ("x^2-1", "$(x-1)(x-1)$", 0.0),
        ("\\frac{1}{3}", "$0.3333$", 1.0),
        ("\\frac{1}{3}", "$0.333$", 0.0),
        ("\\sqrt{2}", "$1.4142$", 1.0),
        ("\\sqrt{2}", "$1.4143$", 0.0),
        ("\\ln(x)", "$\\frac{\\ln(x^2)}{2}$", 1.0),
        ("\\sin(2x)", "$2\\sin(x)\\cos(x)$", 1.0),
        ("\\{1, 2\\}", "$\\{2, 1\\}$", 1.0),
        ("(1, 2)", "$(2, 1)$", 0.0),
        ("(1, 2)", "$(1, 2)$", 1.0),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "$\\begin{pmatrix}1\\\\\\frac{4}{2}\\end{pmatrix}$", 1.0),
        ("3", "$3+C$", 1.0),
        ("3", "$5+C$", 0.0),
    ],
)
def test_expressions_are_equal_by_value(truth: str, answer: str, strict: float) -> None:
    assert dispatch.judge("AMPS_Hard", answer, truth, {}).strict == strict


def test_the_original_s_empty_and_long_lists_count_by_position_where_asked() -> None:
    by_position = {"edit_distance": False}
    assert dispatch.judge("imo_1", "Answer: 1,2", "1,2,3", by_position).score == 1.0
    assert dispatch.judge("imo_1", "Answer: 2,1,3,4", "1,2,3", by_position).score == 0.25
    assert dispatch.judge("imo_1", "none", "1,2,3", by_position).score == 0.0


@pytest.mark.parametrize(
    ("question", "truth", "answer", "strict"),
    [
        ("Expand $(x+3)^2-5$.", "x^{2}+6x+4", "$\\boxed{(x+3)^2-5}$", 0.0),
        ("Expand $(x+3)^2-5$.", "x^{2}+6x+4", "$\\boxed{6x+x^2+4}$", 1.0),
        ("What is 12+34?", "46", "\\boxed{12+34}", 0.0),
        ("What is 12+34?", "46", "\\boxed{46}", 1.0),
        ("Differentiate $x^2+7x$.", "2x+7", "$\\boxed{2x+100+C}$", 0.0),
        ("Find $\\int 2x+7\\,dx$.", "x^{2}+7x", "$\\boxed{x^2+7x+C}$", 1.0),
    ],
)
def test_the_question_s_own_formula_is_no_answer_and_only_an_integral_has_a_constant(
    question: str, truth: str, answer: str, strict: float
) -> None:
    assert dispatch.judge("AMPS_Hard", answer, truth, {"question_text": question}).strict == strict


@pytest.mark.parametrize(
    ("answer", "strict"),
    [("(A) is wrong", 0.0), ("(A) or (E)", 0.0), ("A) 27", 1.0), ("(A)", 1.0), ("(A) 278", 0.0), ("E) 278", 0.0)],
)
def test_a_letter_with_anything_but_its_value_states_nothing(answer: str, strict: float) -> None:
    assert dispatch.judge("math_competitions_amc", answer, "A", AMC).strict == strict


def test_an_answer_beyond_all_limits_is_0_as_a_wrong_one() -> None:
    judgment = dispatch.judge("AMPS_Hard", "$\\boxed{" + "x+" * 5000 + "1}$", "x", {})
    assert (judgment.strict, judgment.status) == (0.0, "timeout")


@pytest.mark.parametrize(
    ("task", "truth", "answer"),
    [
        ("cta", "Postal Code", "Definitely not: Postal Code"),
        ("cta", "Postal Code", "City or: Postal Code"),
        ("math_competitions_aime", "012", "not 12 = 012"),
        ("spatial", "5", "**5** is wrong"),
        ("spatial", "5", "It is **5** or 6."),
    ],
)
def test_what_is_denied_or_left_open_is_not_stated(task: str, truth: str, answer: str) -> None:
    assert dispatch.judge(task, answer, truth, {}).strict == 0.0


@pytest.mark.parametrize(
    ("task", "truth", "answer"),
    [
        ("cta", "Postal Code", "Column type: Postal Code"),
        ("math_competitions_aime", "012", "x = 012"),
        ("spatial", "5", "It is **5**."),
    ],
)
def test_what_is_stated_behind_a_label_counts(task: str, truth: str, answer: str) -> None:
    assert dispatch.judge(task, answer, truth, {}).strict == 1.0
