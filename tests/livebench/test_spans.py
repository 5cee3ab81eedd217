import random
import re

import pytest

from modelworks.livebench.scorers import dispatch
from modelworks.livebench.scorers.house_traversal import bold_spans
from modelworks.livebench.scorers.spans import contents, unwrapped, without_thoughts

MEGABYTE = 1_000_000
TRUTHS = {
    "amc_12": "E",
    "aime_i": "446",
    "AMPS_Hard": "\\frac{1}{2}",
    "integrals_with_game": "-7/2",
    "imo_1": "3,2,1",
    "web_of_lies_v2": "yes, no, yes",
    "web_of_lies_v3": "yes,no,yes",
    "zebra_puzzle": "a,b,4",
    "zebra_puzzle_before_2024_11_25": "four",
    "spatial": "4",
    "theory_of_mind": "box",
    "logic_with_navigation": [3, -2],
    "sudoku": "1234",
    "house_traversal": "Ann Bob",
}
UNITS = ["<solution>", "</solution>", "*", "**a** ", "9", "( ", "\\boxed{", "\n", "answer: 1,\n"]


def texts(alphabet: list[str], count: int) -> list[str]:
    draw = random.Random(0)
    return ["".join(draw.choices(alphabet, k=draw.randrange(1, 14))) for _ in range(count)]


@pytest.mark.parametrize("one_line", [True, False])
@pytest.mark.parametrize(("opening", "closing"), [("<a>", "</a>"), ("</a>", "</a>"), ("**", "**"), ("***", "***")])
def test_spans_are_those_of_the_expression(opening: str, closing: str, one_line: bool) -> None:
    expression = re.compile(f"{re.escape(opening)}(.*?){re.escape(closing)}", 0 if one_line else re.DOTALL)
    found = 0
    for text in texts(["<a>", "</a>", "*", "**", "x", "\n", "<A>"], 3000):
        assert contents(text, opening, closing, one_line) == expression.findall(text)
        assert not one_line or unwrapped(text, opening, closing) == expression.sub(r"\1", text)
        found += bool(expression.search(text))
    assert found > 100


def test_stars_that_come_again_are_those_of_the_expression() -> None:
    expression = re.compile(r"(\*{2,})(.*?)\1")
    found = 0
    for text in texts(["*", "**", "***", "x", "\n"], 20000):
        assert bold_spans(text) == expression.findall(text)
        found += len(bold_spans(text)) > 1
    assert found > 1000


def test_tags_in_any_case() -> None:
    assert contents("<A>x</a>", "<a>", "</A>", ignore_case=True) == ["x"]
    assert contents("<A>x</a>", "<a>", "</a>") == []


def test_closed_thoughts_go_and_open_ones_stay() -> None:
    assert without_thoughts("<think>a\n<think>b</think>c<think>d</think>e<think>f") == "ce<think>f"


@pytest.mark.parametrize("task", TRUTHS)
def test_a_megabyte_of_anything_is_judged(task: str) -> None:
    for unit in UNITS:
        answer = unit * (MEGABYTE // len(unit))
        marked = f"<solution>{answer}</solution>" if unit in ("9", "( ") else answer
        judgment = dispatch.judge(task, marked, TRUTHS[task], {"question_text": ""})
        assert judgment.status in ("ok", "wrong", "unparsed", "timeout")
