"""What is taken for code in an answer, and what for a right result: as LiveBench does, and strictly."""

import base64
import json
import zlib
from typing import Any

import pytest

from modelworks.livebench.coding import block_between_last_fences, judge, last_block, same
from modelworks.livebench.scorers import coding_completion, lcb_generation

SUM = "def f(numbers):\n    return sum(numbers)"


def context(given: str, expected: str, function: str | None = "f", **fields: Any) -> dict[str, Any]:
    test = json.dumps([{"input": given, "output": expected, "testtype": "functional"}])
    original = {"metadata": json.dumps({"func_name": function} if function else {})}
    return {"public_test_cases": test, "private_test_cases": "[]", "original_json": original, **fields}


def said(answer: str, given: dict[str, Any]) -> tuple[float | None, float | None, str]:
    judgment = judge(answer, given)
    return judgment.score, judgment.strict, judgment.status


def test_the_last_of_two_blocks_counts() -> None:
    answer = f"```python\ndef f(numbers):\n    return 0\n```\nNo:\n```python\n{SUM}\n```\nDone."
    assert said(answer, context("[1, 2]", "3")) == (1.0, 1.0, "ok")


def test_an_answer_without_a_block_is_unparsed() -> None:
    for answer in ("", SUM, f"```python\n{SUM}", "``", "```"):
        assert said(answer, context("[1, 2]", "3")) == (0.0, 0.0, "unparsed")


def test_compatible_takes_the_lines_between_the_last_two_fences_strict_the_last_block() -> None:
    answer = f"```python\n{SUM}\n```\nThe mark ``` ends it."
    assert block_between_last_fences(answer) == ""
    assert last_block(answer) == SUM
    assert said(answer, context("[1, 2]", "3")) == (0.0, 1.0, "ok")


def test_compatible_takes_the_first_element_of_what_is_expected_for_all_of_it() -> None:
    answer = "```python\ndef f(numbers):\n    return 1\n```"
    assert said(answer, context("[1, 2]", "[1, 2]")) == (1.0, 0.0, "wrong")


def test_compatible_takes_true_for_1() -> None:
    assert said("```python\ndef f(numbers):\n    return True\n```", context("[1]", "1")) == (1.0, 0.0, "wrong")
    assert same(1, 1.0) and not same(True, 1) and not same([1], [True]) and same({"a": [1]}, {"a": [1]})


def test_several_arguments_a_class_and_names_that_are_not_imported() -> None:
    answer = (
        "```python\nclass Solution:\n    def f(self, a: List[int], b: int) -> int:\n        return gcd(sum(a), b)\n```"
    )
    assert said(answer, context("[4, 8]\n8", "4")) == (1.0, 1.0, "ok")


def test_a_program_is_judged_by_what_it_prints() -> None:
    given = context("3 4\n", "7\n", function=None)
    assert said("```python\na, b = map(int, input().split())\nprint(a + b)\n```", given) == (1.0, 1.0, "ok")
    assert said("```python\nprint(8)\n```", given) == (0.0, 0.0, "wrong")
    assert said("```python\nprint(7)\nexit(1)\n```", given) == (0.0, 0.0, "wrong")


def test_a_completion_is_put_behind_what_is_given_unless_it_begins_with_it() -> None:
    start, end = SUM.split("\n")
    given = context("[1, 2]", "3", partial_solution=start)
    for answer in (end, SUM):
        judgment = coding_completion.score(f"```python\n{answer}\n```", None, given)
        assert (judgment.score, judgment.strict, judgment.status) == (1.0, 1.0, "ok")
    assert lcb_generation.score(f"```python\n{end}\n```", None, given).score == 0.0


def packed(text: str) -> str:
    """As the original packs its hidden tests: a pickled text (protocol 4), compressed, in base64."""
    data = text.encode()
    pickled = b"\x80\x04X" + len(data).to_bytes(4, "little") + data + b"."
    return base64.b64encode(zlib.compress(pickled)).decode()


def test_the_originals_packed_tests_are_read_without_unpickling() -> None:
    hidden = json.dumps([{"input": "[5]", "output": "5", "testtype": "functional"}])
    given = context("[1, 2]", "3", private_test_cases=packed(hidden))
    assert said(f"```python\n{SUM}\n```", given) == (1.0, 1.0, "ok")
    assert said("```python\ndef f(numbers):\n    return 3\n```", given) == (0.0, 0.0, "wrong")


@pytest.mark.parametrize(
    "fields",
    [
        {"private_test_cases": "no base64"},
        {"private_test_cases": base64.b64encode(zlib.compress(b"cos\nsystem\n(S'true'\ntR.")).decode()},
        {"public_test_cases": "[]"},
        {"public_test_cases": json.dumps([{"input": "not JSON", "output": "1"}])},
        {"original_json": {}},
    ],
)
def test_a_question_whose_tests_cannot_be_read_is_an_error_not_a_wrong_answer(fields: dict[str, Any]) -> None:
    assert said(f"```python\n{SUM}\n```", {**context("[1]", "1"), **fields}) == (None, None, "error")


def test_an_answer_of_a_megabyte_is_judged() -> None:
    assert said("`" * 1_000_000, context("[1]", "1"))[2] == "unparsed"
    assert said("```\n" * 250_000, context("[1]", "1"))[0] == 0.0
