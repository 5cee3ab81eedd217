"""What an answer states in the end, for strict scores: in the last tag, else the last box, else the last line."""

import re

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import NoScore, last_box
from modelworks.livebench.scorers.spans import contents, solutions
from modelworks.livebench.scorers.withdrawn import denies, is_denied_by, is_withdrawn

_PREFIX = re.compile(
    r"(?i:\banswers?\b\s*(?:\*\*)?\s*(?::|\bis\b|\bare\b)[:\s*]*|^(?:(?:actually|no|so|thus|hence|therefore)\b,?\s+){0,3}it(?:\sis|'s)\b|<solution>|\\boxed\{|\\fbox\{)"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
_WRAPPED = re.compile(r"\\(?:text|textbf|mathbf|mathrm|boxed|fbox)\s*\{([^{}]*)\}|<(b|i|strong|em)>([^<>]*)</\2>")
_DECORATION = " \t\r\n\u200b\ufeff*`\"'\u201c\u201d$_"
_UNEQUAL = ("!", "<", ">", "~", "\u2260", "\u2248", "\\neq", "\\ne", "\\not", "\\neq ", "\\ne ")
_MARKS = _DECORATION + ".,;:!?"
_LONGEST = 2000


def statement(answer: str) -> str | None:
    """The final answer without decoration; None if nothing is stated, or it is withdrawn or over 2,000 characters."""
    found = marked(answer)
    if found is None:
        found = last_words(answer)
    if found is None or len(found) > _LONGEST or denies(found) or is_withdrawn(answer, found):
        return None
    return bare(found) or None


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
    """The last line that is more than marks and white space."""
    lines = (line.strip() for line in reversed(answer.strip().split("\n")))
    return next((line for line in lines if line.strip(_DECORATION)), None)


def last_words(answer: str) -> str | None:
    """The last sentence of the last line, without `Answer:`, `The answer is` and what is before it.

    The opening of a tag or a box that is not closed goes too.
    """
    line = last_line(answer)
    return None if line is None or len(line) > _LONGEST else _PREFIX.split(_SENTENCE.split(line)[-1])[-1]


def last_side(text: str) -> str | None:
    """What is behind the last `=`, all if there is none; None if the equation is denied or is no equation (`!=`)."""
    before, sign, side = text.rpartition("=")
    return None if sign and (before.rstrip().endswith(_UNEQUAL) or denies(before) or is_denied_by(before)) else side


def last_bold(answer: str) -> str | None:
    """The last span between double stars that is more than the word `Answer`; None if it is withdrawn."""
    for span in reversed(contents(answer, "**", "**")):
        if span.strip(_MARKS) and span.strip(_MARKS).lower() not in ("answer", "answers", "final answer"):
            return None if len(span) > _LONGEST or is_withdrawn(answer, f"**{span}**") else bare(span)
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
