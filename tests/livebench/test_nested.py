"""An answer that is nested 100,000 deep ends no run: it is judged as one that states nothing, or is wrong."""

import pytest

from modelworks.livebench.scorers import dispatch
from tests.livebench.test_stated import QUESTIONS

DEEP = 100_000
NESTED = {
    "lists": "[" * DEEP + "]" * DEEP,
    "open lists": "[" * DEEP,
    "objects": '{"a":' * DEEP + "1" + "}" * DEEP,
    "parentheses": "(" * DEEP + "1" + ")" * DEEP,
    "braces": "{" * DEEP + "}" * DEEP,
    "fractions": "\\frac{1}{" * (DEEP // 10) + "2" + "}" * (DEEP // 10),
    "boxes": "\\boxed{" * (DEEP // 7) + "2" + "}" * (DEEP // 7),
    "signs": "-" * DEEP + "1",
    "elements": "<table>" + "<div>" * (DEEP // 10) + "</div>" * (DEEP // 10) + "</table>",
    "tags": "<solution>" * (DEEP // 10) + "</solution>" * (DEEP // 10),
    "stars": "**a" * (DEEP // 3),
    "denials": "not " * (DEEP // 4),
    "alternatives": "a or " * (DEEP // 5),
    "digits": "9" * DEEP,
    "questions": "? " * (DEEP // 2),
}
MARKS = ("{}", "<solution>{}</solution>", "\\boxed{{{}}}", "**{}**", "${}$", "```json\n{}\n```")


@pytest.mark.parametrize("task", [*QUESTIONS, "LCB_generation", "coding_completion"])
def test_no_nesting_ends_a_run(task: str) -> None:
    asked = QUESTIONS.get(task)
    context = asked.context if asked else {"public_test_cases": "[]", "private_test_cases": "[]"}
    for text in NESTED.values():
        for mark in MARKS:
            judgment = dispatch.judge(task, mark.format(text), asked.truth if asked else None, context)
            assert judgment.strict is None or judgment.strict < 0.5  # a 1 or an `a` may be a part of the truth
            assert judgment.status in ("wrong", "unparsed", "timeout", "ok", "error")
            assert (judgment.status == "error") == (asked is None)  # code: these questions have no tests
