"""What an answer states in the end, for strict scores: in the last tag, else the last box, else the last line."""

import re

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import NoScore, last_box
from modelworks.livebench.scorers.spans import contents, solutions

_PREFIX = re.compile(
    r"(?i:\banswers?\b\s*(?:\*\*)?\s*(?::|\bis\b|\bare\b)[:\s*]*|^it is\b|^it's\b|<solution>|\\boxed\{|\\fbox\{)"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
_WRAPPED = re.compile(r"\\(?:text|textbf|mathbf|mathrm|boxed|fbox)\s*\{([^{}]*)\}|<(b|i|strong|em)>([^<>]*)</\2>")
_DECORATION = " \t\r\n\u200b\ufeff*`\"'\u201c\u201d$_"
_DENIED = re.compile(r"\b(?:not|never|no|nor|or|wrong|incorrect|false)\b|n't\b", re.IGNORECASE)
_MARKS = _DECORATION + ".,;:!?"
_LONGEST = 2000


def statement(answer: str) -> str | None:
    """The final answer without decoration, or None: nothing is stated, or it is over 2,000 characters long."""
    found = marked(answer)
    if found is None:
        found = last_line(answer)
    return None if found is None or len(found) > _LONGEST else bare(found) or None


def marked(answer: str) -> str | None:
    """What is in the last solution tag, else in the last box."""
    tags = solutions(answer, one_line=False, ignore_case=True, mended=True)
    if tags:
        return tags[-1]
    try:
        return last_box(answer)
    except NoScore:
        return None


def last_line(answer: str) -> str | None:
    """The last sentence of the last line that says anything, without `Answer:`, `The answer is` and what is before it.

    The opening of a tag or a box that is not closed goes too.
    """
    lines = (line.strip() for line in reversed(answer.strip().split("\n")))
    line = next((line for line in lines if line.strip(_DECORATION)), None)
    if line is None or len(line) > _LONGEST:
        return None
    return _PREFIX.split(_SENTENCE.split(line)[-1])[-1]


def is_denied(text: str) -> bool:
    """Whether a text before or behind an answer takes it back, or leaves it open."""
    return _DENIED.search(text) is not None


def last_bold(answer: str) -> str | None:
    """The last span between double stars that is more than the word `Answer`."""
    for span in reversed(contents(answer, "**", "**")):
        if span.strip(_MARKS) and span.strip(_MARKS).lower() not in ("answer", "answers", "final answer"):
            return bare(span) if len(span) <= _LONGEST else None
    return None


def bare(text: str) -> str:
    """The text without white space, stars, quotes, dollars, closing marks, text commands and parentheses around it."""
    before = None
    while text != before:
        before = text
        text = text.strip(_MARKS)
        if match := _WRAPPED.fullmatch(text):
            text = match[1] if match[1] is not None else match[3]
        if text[:1] == "(" and text.find(")") == len(text) - 1:
            text = text[1:-1]
    return text


def judged(score: float | None, strict: float | None) -> Judgment:
    """The judgment of both scores; `strict` None: the answer states nothing that could be judged."""
    if strict is None:
        return Judgment(score, 0.0, "unparsed")
    return Judgment(score, float(strict), "ok" if strict > 0 else "wrong")
