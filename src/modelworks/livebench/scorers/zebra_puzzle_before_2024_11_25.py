"""Zebra puzzles before November 2024: one word, between three stars or the last one."""

import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.spans import contents
from modelworks.livebench.scorers.statements import bare, judged, last_bold, statement
from modelworks.livebench.scorers.withdrawn import is_withdrawn
from modelworks.livebench.scorers.zebra_puzzle import NUMBERS, normal

_BOLD = re.compile(r"\*\*\*(\w+)\*\*\*")
_WORD = re.compile(r"\w+")
_DIGITS = {digits: word for word, digits in NUMBERS.items() if digits in "123456789"}


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the word, or `... movies`."""
    found = stated(answer)
    strict = None if found is None else float(normal(found) in (truth := normal(ground_truth), _without(truth)))
    return judged(float(_compatible(answer, ground_truth.lower())), strict)


def _compatible(answer: str, truth: str) -> bool:
    bold = _BOLD.findall(answer)
    word = bold[-1] if bold else _last_word(answer)
    return word.lower() == truth or _DIGITS.get(word) == truth or word.lower() + " movies" == truth


def _last_word(text: str) -> str:
    end = len(text)
    while end and not _WORD.match(text[end - 1]):
        end -= 1
    begin = end
    while begin and _WORD.match(text[begin - 1]):
        begin -= 1
    return text[begin:end]


def _without(truth: str) -> str:
    """The genre of `... movies`: a word between stars has no room for more."""
    return truth.removesuffix(" movies")


def stated(answer: str) -> str | None:
    """What stands between the last three stars, else between two, else what the answer states."""
    bold = [span for span in contents(answer, "***", "***") if span.strip()]
    if bold and not is_withdrawn(answer, f"***{bold[-1]}***"):
        return bare(bold[-1])
    return last_bold(answer) or statement(answer)
