"""What is denied, left open, copied or followed by another answer is not stated: no strict score, for any task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from modelworks.livebench.scorers import dispatch
from modelworks.livebench.scorers.catalogue import SCORERS

CSV = "name,age,score\nAnn,31,1.5\nBob,45,2.25\n"
JSON = '{"0":{"name":"Ann","age":31,"score":1.5},"1":{"name":"Bob","age":45,"score":2.25}}'
WRONG_JSON = JSON.replace("31", "32")
PLOT = "The king loses his ring. A fisherman finds a great fish. He brings it to the court. The cook finds the ring."
SHUFFLED = (
    "He brings it to the court. The cook finds the ring. A fisherman finds a great fish. The king loses his ring."
)
REVERSED = (
    "The cook finds the ring. He brings it to the court. A fisherman finds a great fish. The king loses his ring."
)
EVENTS = '[{"user_id": 3, "max_consecutive_growth_months": 4}, {"user_id": 7, "max_consecutive_growth_months": 2}]'
OTHER_EVENTS = (
    '[{"user_id": 3, "max_consecutive_growth_months": 5}, {"user_id": 7, "max_consecutive_growth_months": 3}]'
)
WORDS = "one,lion,iron,pear,three,gold,blue,red"
TEXT = "We present a new method for fast retrieval of documents."
MISSPELT = "We present a new methd for fast retreival of documents."


@dataclass(frozen=True)
class Asked:
    """A question, its right answer and a wrong one as they are written, and the marks that an answer stands in."""

    question: str
    truth: Any
    right: str
    wrong: str
    marks: tuple[str, ...] = ("{}", "<solution>{}</solution>", "\\boxed{{{}}}")
    named: str = "question_text"
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def context(self) -> dict[str, Any]:
        return {self.named: self.question, **self.more}


TAGS = ("<solution>{}</solution>",)
BOLD = ("**{}**",)
QUESTIONS = {
    "math_competitions_amc": Asked(
        "How many are there? $\\textbf{(A) }27\\qquad\\textbf{(B) }30\\qquad\\textbf{(C) }31\\qquad\\textbf{(D) }47"
        "\\qquad\\textbf{(E) }278$ If you cannot tell, guess. Repeat the letter five times, as in FFFFF.",
        "E",
        "E",
        "B",
        ("{}", "<solution>{}</solution>", "\\boxed{{{}}}", "({})"),
    ),
    "math_competitions_aime": Asked("Find $m+n$, where $m/n$ is the probability of 4 heads.", "446", "446", "445"),
    "AMPS_Hard": Asked(
        "Differentiate $\\frac{x^2}{2} + 3x$ and give the answer in a box.",
        "x+3",
        "x+3",
        "x+4",
        ("${}$", "<solution>{}</solution>", "\\boxed{{{}}}"),
    ),
    "integrals_with_game": Asked(
        "What is $\\int_0^{15} x^2 + 1440 x \\,dx$ for the winner of the game? Put the number in solution tags.",
        "3375",
        "3375",
        "3374",
    ),
    "olympiad": Asked(
        "Order the formulas of the proof: <expression 1> a, <expression 2> b, <expression 3> c. Your last line must be "
        "'Answer: ' and the numbers with commas between them.",
        "3,1,2",
        "3,1,2",
        "7,8,9",
        ("{}", "Answer: {}", "\\boxed{{{}}}"),
    ),
    "web_of_lies_v2": Asked(
        "Ann says Bob lies. Do Ann, Bob and Carl tell the truth? Answer with a list of three words: **yes, no, yes**.",
        "no, yes, yes",
        "no, yes, yes",
        "yes, yes, no",
        ("{}", "<solution>{}</solution>", "**{}**"),
    ),
    "web_of_lies_v3": Asked(
        "Ann says Bob lies. Do Ann, Bob and Carl tell the truth? Put a list of three words in solution tags.",
        "no,yes,yes",
        "no, yes, yes",
        "yes, no, no",
    ),
    "zebra_puzzle": Asked(
        "There are 4 people in a line. Who is where? Put the nationality, the hobby and the place in solution tags.",
        "argentine,chess,4",
        "argentine, chess, 4",
        "german, golf, 2",
    ),
    "zebra_puzzle_before_2024_11_25": Asked(
        "There are 4 people in a line. Return the hobby of the last as a word in three stars, like ***X***: say chess.",
        "chess",
        "chess",
        "golf",
        ("{}", "***{}***", "**{}**"),
    ),
    "spatial": Asked(
        "Which shape is it: a square, a tetrahedron or a triangle? Put the answer in **bold** font, as **triangle**.",
        "triangle",
        "triangle",
        "square",
        ("{}", "**{}**", "<solution>{}</solution>"),
    ),
    "theory_of_mind": Asked(
        "Ann puts the apple into the bag; Bob moves it to the box. Where does Bob look? In the box or in the bag?",
        "box",
        "the box",
        "the bag",
    ),
    "logic_with_navigation": Asked(
        "I start at (0, 0), go 3 to the right and 2 down. Where am I? Put the coordinates in solution tags: (x, y).",
        [3, -2],
        "(3, -2)",
        "(3, 2)",
    ),
    "sudoku": Asked(
        "Solve this sudoku and put the cells into solution tags: 1.3. .... 2.4. ...1 of four rows and columns.",
        "1234432121433412",
        "1234432121433412",
        "1234432121433421",
        TAGS,
    ),
    "house_traversal": Asked(
        "Three people live in a row: Ann left of Bob, Bob left of Carl. List the names from left to right in **X**.",
        "Ann Bob Carl",
        "Ann, Bob, Carl",
        "Bob, Ann, Carl",
        BOLD,
    ),
    "connections": Asked(
        "Group these words by four: one, iron, lion, gold, pear, red, three, blue. Put the list in solution tags.",
        WORDS,
        WORDS.replace(",", ", "),
        "one, iron, gold, pear, three, lion, blue, red",
        ("<solution>{}</solution>", "\\boxed{{{}}}"),
    ),
    "connections_before_2024_11_25": Asked(
        "Group these words by four: one, iron, lion, gold, pear, red, three, blue. Give the list in bold: **a, b, c**.",
        WORDS,
        WORDS.replace(",", ", "),
        "one, iron, gold, pear, three, lion, blue, red",
        BOLD,
    ),
    "plot_unscrambling": Asked(
        f"The sentences of this plot are out of order. Order them, in <PLOT_SUMMARY> tags: {SHUFFLED}",
        PLOT,
        PLOT,
        REVERSED,
        ("{}", "<PLOT_SUMMARY>{}</PLOT_SUMMARY>"),
    ),
    "typos": Asked(
        f"Output this text exactly, with its misspellings corrected and nothing else: {MISSPELT}",
        TEXT,
        TEXT,
        MISSPELT,
    ),
    "cta": Asked(
        "Pick the type of the column: 10115, 80331. Options: ['City', 'Name', 'Postal Code']. Type of the column:",
        "Postal Code",
        "Postal Code",
        "City",
        ("{}", "<solution>{}</solution>", "\\boxed{{{}}}", "**{}**"),
    ),
    "tablejoin": Asked(
        "Join table A (id, nm, dt) to table B (identifier, name, date), as {'column of A': 'column of B'}.",
        {"id": "identifier", "nm": "name", "dt": "date"},
        "{'id': 'identifier', 'nm': 'name', 'dt': 'date'}",
        "{'id': 'date', 'nm': 'identifier', 'dt': 'name'}",
        ("{}", "<solution>{}</solution>", "```python\n{}\n```"),
    ),
    "consecutive_events": Asked(
        'How long do users grow? Say it as [{"user_id": 1, "max_consecutive_growth_months": 2}] in tags.',
        EVENTS,
        EVENTS,
        OTHER_EVENTS,
        TAGS,
    ),
    "tablereformat_v1": Asked(
        f"Please convert the Input Table from CSV format to JSON format.\nInput Table:\n{CSV}",
        JSON,
        JSON,
        WRONG_JSON,
        ("{}", "<solution>{}</solution>", "```json\n{}\n```"),
        "prompt",
    ),
    "tablereformat_v2": Asked(
        f"Please convert the table.\nSource Format: JSON\nTarget Format: CSV\nInput Table: {JSON}",
        CSV,
        CSV.strip(),
        CSV.strip().replace("31", "32"),
        ("{}", "<solution>\n{}\n</solution>", "```csv\n{}\n```"),
        "prompt",
    ),
    "instruction_following": Asked(
        "Write two sentences about boats for a child who lives by the river, and use the word harbour.",
        None,
        "The boats lie in the harbour. They sleep.",
        "The boats lie on the beach. They sleep.",
        ("{}",),
        more={"instruction_id_list": ["keywords:existence"], "kwargs": [{"keywords": ["harbour"]}]},
    ),
}
DENIALS = (
    "not {r}",
    "It is not {r}.",
    "The answer is not {r}.",
    "The answer is definitely not: {r}",
    "I do not think that the answer is {r}.",
    "It isn't {r}",
    "It cannot be {r}.",
    "It is anything but {r}.",
    "This is not the answer: {r}",
    "The answer is:\nnot {r}",
    "{r} is wrong.",
    "{r} is not the answer.",
    "{r} isn't right.",
    "{r}? No.",
    "{r}\n\nNo, that is wrong.",
    "The wrong answer is {r}.",
)
OPEN = (
    "{r} or {w}",
    "{w} or {r}",
    "It is {w} or {r}.",
    "The answer is either {r} or {w}.",
    "The answer is {w}, or maybe {r}.",
    "Answer: {r}, or perhaps {w}",
    "maybe {r}, maybe {w}",
    "Either {w} or {r} is the answer.",
    "Is it {r}?",
    "I wonder whether the answer is {r}.",
    "Bob claims that the answer is {r}.",
)
FOLLOWED = (
    "{r}\nWait, the final answer is {w}.",
    "{r}\nWait, no.\n{w}",
    "The answer is {r}. No, the answer is {w}.",
    "At first I thought that it was {r}, but the answer is {w}.",
    "{r}\nI was wrong.\nAnswer: {w}",
    "{r}\n\nActually it is {w}",
    "{r}\nThe correct answer is {w}",
)
STATED = (
    "{r}",
    "The answer is {r}",
    "Answer: {r}",
    "**Answer:** {r}",
    "I think that the answer is {r}",
    "It is not {w}.\n\nThe answer is {r}",
    "First I took {w} for it. Wait, no.\nThe answer is {r}",
    "There is no doubt:\nthe answer is {r}",
)
SILENT = (
    "",
    " \n",
    "I cannot answer this.",
    "I'm sorry, but I can't help with that.",
    "I don't know.",
    "N/A",
    "...",
    "?",
)
# Where a plain sentence around the answer is part of the answer: the task asks for a text, which is judged whole.
TEXTS = ("instruction_following",)
# Without marks around it a text is judged whole: what stands before it is part of it.
WHOLE = ("plot_unscrambling", "typos", *TEXTS)
# Partial credit: a wrong answer keeps a share of the right one, by place or by position.
SHARED = ("olympiad", "web_of_lies_v3", "plot_unscrambling", "connections", "connections_before_2024_11_25")


def written(task: str, forms: tuple[str, ...]) -> list[str]:
    asked = QUESTIONS[task]
    below = "\n" if task == "tablereformat_v2" else ""  # a table of lines begins a line
    return [
        form.format(r=below + mark.format(asked.right), w=below + mark.format(asked.wrong))
        for mark in asked.marks
        for form in forms
    ]


def strict(task: str, answer: str) -> float | None:
    asked = QUESTIONS[task]
    return dispatch.judge(task, answer, asked.truth, asked.context).strict


def others(task: str, answers: list[str], most: float = 0.0) -> list[str]:
    return [f"{found}: {answer}" for answer in answers if (found := strict(task, answer)) is None or found > most]


def test_every_scorer_but_those_of_code_has_a_question() -> None:
    """Code is not stated, it is run: see test_sandbox and test_code_scorers."""
    named = {dispatch.scorer_name(task, {}) for task in QUESTIONS}
    assert named == set(SCORERS) - {"coding_completion", "lcb_generation"}
    assert len(QUESTIONS) == 24


@pytest.mark.parametrize("task", QUESTIONS)
def test_a_right_answer_is_1_and_a_wrong_one_is_less(task: str) -> None:
    answers = [
        answer
        for answer in written(task, STATED)
        if task not in WHOLE or answer.startswith(("<", "\\")) or "\n" not in answer
    ]
    assert [f"{found}: {answer}" for answer in answers if (found := strict(task, answer)) != 1.0] == []
    assert others(task, written(task, ("{w}",)), 0.7 if task in SHARED else 0.0) == []


@pytest.mark.parametrize("task", [task for task in QUESTIONS if task not in TEXTS])
def test_a_right_answer_that_is_denied_is_0(task: str) -> None:
    assert others(task, written(task, DENIALS)) == []


@pytest.mark.parametrize("task", [task for task in QUESTIONS if task not in TEXTS])
def test_a_right_answer_among_others_is_0(task: str) -> None:
    asked = QUESTIONS[task]
    within = [
        mark.format(text) for mark in asked.marks for text in (f"not {asked.right}", f"{asked.wrong} or {asked.right}")
    ]
    assert others(task, [*written(task, OPEN), *within]) == []


@pytest.mark.parametrize("task", [task for task in QUESTIONS if task not in TEXTS])
def test_a_right_answer_that_another_one_follows_is_not_right(task: str) -> None:
    assert others(task, written(task, FOLLOWED), 0.7 if task in SHARED else 0.0) == []


@pytest.mark.parametrize("task", QUESTIONS)
def test_a_copied_question_is_0(task: str) -> None:
    question = QUESTIONS[task].question
    copies = [question, f"{question}\n\n", f"The question is:\n{question}", question[5:], question.replace(" ", "\n")]
    if task == "instruction_following":
        copies = []  # a copy is judged as any text is: some instructions ask for one
    assert others(task, copies) == []


@pytest.mark.parametrize("task", QUESTIONS)
def test_an_answer_behind_a_copied_question_counts(task: str) -> None:
    asked = QUESTIONS[task]
    assert strict(task, f"{asked.question}\n\n{asked.marks[-1].format(asked.right)}") == 1.0


@pytest.mark.parametrize("task", QUESTIONS)
def test_silence_and_refusals_are_0(task: str) -> None:
    assert others(task, list(SILENT)) == []
