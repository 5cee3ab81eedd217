"""Integrals with a game: a number, in a solution tag, else a box, else as text near the end."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers import symbolic
from modelworks.livebench.scorers.boxed import last_box, scored, with_boxes
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import bare, judged, last_side, statement
from modelworks.livebench.scorers.verdict import GroundTruthError, text_of

TOLERANCE = 1e-5
_LARGEST_DENOMINATOR = 10**7
_LONGEST = 400
_REWRITTEN = (
    *(("\\\\", "\\"), ("\\dfrac", "\\frac"), ("\\tfrac", "\\frac"), ("\\left", ""), ("\\right", ""), ("\\bigl", "")),
    *(("\\bigr", ""), ("\\Bigl", ""), ("\\Bigr", ""), ("\\cdot", "*"), ("\\,", ""), ("\\;", ""), ("\n", ""), (" ", "")),
)
_FRACTION = re.compile(r"\\frac\{(\d{1,400})\}\{(\d{1,400})\}")
_SIGNED = re.compile(r"(-?)\\frac\{(-?)(\d{1,400})\}\{(\d{1,400})\}")
_EXPONENT = re.compile(r"[eE][-+]?[\d_]{4,}")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is an integer or a fraction as text; raises GroundTruthError for one over 0."""
    if re.search(r"/0+(?![\d.])|\}\{0+\}", normalized(text_of(ground_truth))):
        raise GroundTruthError(f"ground_truth must be a number, got {ground_truth!r}")
    try:
        return judged(scored(_compatible, answer, ground_truth), _strict(answer, ground_truth))
    except symbolic.OutOfLimits:
        return Judgment(None, 0.0, "timeout")


def _compatible(answer: str, truth: str) -> bool:
    tags = solutions(answer, one_line=False, ignore_case=True)
    if tags and tags[-1].strip() and _is_equal(truth, tags[-1]):
        return True
    box = last_box(with_boxes(answer))
    if box is not None and _is_equal(truth, box):
        return True
    return normalized(truth) in normalized(answer[-200:])


def normalized(text: str) -> str:
    """Without white space, sizes of brackets and spaces of LaTeX."""
    text = text.strip()
    for written, common in _REWRITTEN:
        text = text.replace(written, common)
    return text


def _is_equal(truth: str, found: str) -> bool:
    one, other = normalized(truth), normalized(found)
    wanted, number = _number(one), _number(other)
    if isinstance(wanted, Fraction) and isinstance(number, Fraction):
        return abs(wanted - number) < TOLERANCE
    texts = (one if wanted is None else str(wanted), other if number is None else str(number))
    return symbolic.compatible(*texts, TOLERANCE, True)


def _number(text: str) -> Fraction | None:
    r"""An integer, a decimal (as the nearest fraction of 7 digits) or a fraction; `\frac` hides what follows it."""
    if len(text) > _LONGEST or _EXPONENT.search(text):
        return None
    try:
        top, slash, bottom = text.partition("/")
        if slash and "\\" not in text and "/" not in bottom:
            return Fraction(int(top), int(bottom))
    except (ValueError, ZeroDivisionError):
        pass
    try:
        return Fraction(text) if "/" not in text and text.lstrip("+-").isdecimal() else _nearest(text)
    except (ValueError, ZeroDivisionError):
        pass
    if (match := _SIGNED.fullmatch(text)) and int(match[4]):
        return Fraction(int(match[3]), int(match[4])) * (1 if match[1] == match[2] else -1)
    if match := _FRACTION.match(text):
        return Fraction(int(match[1]), int(match[2])) if int(match[2]) else None
    return None


def _nearest(text: str) -> Fraction:
    top, _, bottom = text.rpartition("/")
    exact = Fraction(top) / Fraction(bottom) if top else Fraction(text)
    return exact.limit_denominator(_LARGEST_DENOMINATOR)


def _strict(answer: str, truth: str) -> float | None:
    """By value, sign and all of a fraction included."""
    stated = statement(answer)
    found = normalized(bare(last_side(stated) or "")) if stated else ""
    if _GROUPED.fullmatch(found):
        found = found.replace(",", "")
    if match := _FRACTION.fullmatch(found):
        found = f"{match[1]}/{match[2]}"
    if not found or re.search(r"(?<![\\A-Za-z])[A-Za-z]{3,}", found):
        return None
    try:
        return float(Fraction(found) == Fraction(truth)) if not _EXPONENT.search(found) else None
    except (ValueError, ZeroDivisionError):
        equal = symbolic.equal(truth, found, False)
    return None if equal is None else float(equal)
