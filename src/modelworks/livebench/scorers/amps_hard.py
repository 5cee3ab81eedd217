"""AMPS Hard: an expression in LaTeX, compared by SymPy. Where the original would ask a model there is no score."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers import symbolic
from modelworks.livebench.scorers.boxed import NoScore, last_box, scored, with_boxes
from modelworks.livebench.scorers.spans import unwrapped
from modelworks.livebench.scorers.statements import judged, last_side, last_words, marked
from modelworks.livebench.scorers.withdrawn import is_withdrawn

TOLERANCE = 0.001
_SHAPES = {"\\dfrac": "\\frac", "\\tfrac": "\\frac"}
_SIZES = ("\\left", "\\right", "\\bigl", "\\bigr", "\\Bigl", "\\Bigr", "\\,", "\\;", "\n")
_OR = "\\quad \\text{or} \\quad"
_NUMBER = re.compile(
    r"([-+]?) ?(?:([0-9]{1,30}(?:\.[0-9]{1,30})?)(?: ?/ ?([0-9]{1,30}))?|\\frac\{([0-9]{1,30})\}\{([0-9]{1,30})\})"
)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-z]+\*?\}")
_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
_CONSTANT = re.compile(r"\+\s*[Cc]\s*$")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is LaTeX, or a list of it, of which the last counts; `context` may have the question_text."""
    truth = ground_truth[-1] if isinstance(ground_truth, list) else ground_truth
    for wanted, put in (("\\left", ""), ("\\right", ""), (" ^", "^"), ("\\ ", "*")):
        truth = truth.replace(wanted, put)
    try:
        return judged(scored(_compatible, answer, truth), _strict(answer, truth, context.get("question_text")))
    except symbolic.OutOfLimits:
        return Judgment(None, 0.0, "timeout")


def _compatible(answer: str, truth: str) -> bool:
    answer = _plain(re.sub(r"\+ ?[Cc]", "", answer))
    box = last_box(answer)
    found = normalized(_in_dollars(answer) if box is None else box)
    if found is None:
        answer = answer.removesuffix(".")
        return truth == answer[-len(truth) :]
    if not _is_equal(truth, found):
        raise NoScore("the original asks a model")
    return True


def _plain(answer: str) -> str:
    r"""On one line, without spaces of LaTeX and sizes of brackets, each fraction as `\frac`."""
    answer = with_boxes(answer)
    for shape, common in _SHAPES.items():
        answer = answer.replace(shape, common)
    for size in _SIZES:
        answer = answer.replace(size, "")
    return answer.replace("\\cdot", "*")


def _in_dollars(answer: str) -> str | None:
    """The last formula between dollars, its last side."""
    if answer.count("$") < 2:
        return None
    close = answer.rfind("$")
    if answer[close - 1] == "$":
        close -= 1
    formula = answer[answer.rfind("$", 0, close) + 1 : close]
    if "=" in formula:
        return formula.rpartition("=")[2].strip()
    return formula.rpartition(_OR)[2].strip() if _OR in formula else formula


def normalized(formula: str | None) -> str | None:
    """The last side without text commands; arguments without braces get them (Lewkowycz et al., 2022, appendix D)."""
    if formula is None:
        return None
    formula = formula.rpartition("=")[2]
    for command in ("\\text{", "\\textbf{", "\\overline{"):
        formula = unwrapped(formula, command, "}")
    begin, end = formula.find("\\boxed{"), formula.rfind("}")
    if 0 <= begin < end:
        formula = formula[:begin] + formula[begin + len("\\boxed{") : end] + formula[end + 1 :]
    formula = re.sub(r"frac([^{])(.)", r"frac{\1}{\2}", formula)
    formula = re.sub(r"sqrt([^{\[])", r"sqrt{\1}", formula).replace("$", "")
    return formula.replace(",", "") if formula.replace(",", "").isdigit() else formula


def _is_equal(truth: str, found: str) -> bool:
    wanted, number = _number(truth), _number(found)
    if wanted is not None and number is not None:
        return abs(wanted - number) < TOLERANCE
    return symbolic.compatible(truth, found, TOLERANCE, False)


def _number(formula: str) -> Fraction | None:
    """The value of an integer, a decimal or a fraction of integers; None for any other formula."""
    match = _NUMBER.fullmatch(formula.strip(" "))
    if not match:
        return None
    sign, number, below, numerator, denominator = match.groups()
    bottom = int(below or denominator or 1)
    return Fraction(number or numerator) / bottom * (-1 if sign == "-" else 1) if bottom else None


def is_rounded(truth: Fraction, number: Fraction, places: int) -> bool:
    """Whether the truth rounds to a decimal of so many places, at least 4."""
    return places >= 4 and abs(truth - number) * 2 * 10**places <= 1


def _strict(answer: str, truth: str, question: str | None) -> float | None:
    """By value, sign included, of the last tag, box, formula or line.

    Where the question is known, only an integral may end with a constant, and its own formulas are no answer to it.
    """
    found = marked(answer)
    plain = answer if found is not None else _plain(answer)
    if found is None:
        found = _in_dollars(plain)
    if found is None:
        plain, found = answer, last_words(answer)
    if found and (last_side(found) is None or is_withdrawn(plain, found)):
        return None
    found = normalized(_plain((found or "").strip(" \t\r\n$*`.")))
    if not found or _PROSE.search(_ENVIRONMENT.sub("", found)):
        return None
    if question is not None and _is_copied(found, question, truth):
        return 0.0
    constant = question is None or "\\int" in question or "integral" in question.lower()
    without = _CONSTANT.sub("", found).strip(" \t\r\n$*`.") if constant else found
    wanted, number = _number(truth), _number(without)
    if wanted is not None and number is not None:
        return float(wanted == number or is_rounded(wanted, number, len(without.partition(".")[2])))
    truth = truth.rpartition("=")[2].strip()
    equal = without == truth or symbolic.equal(truth, without, without != found)
    return None if equal is None else float(equal)


def _is_copied(found: str, question: str, truth: str) -> bool:
    """Whether more than a number is a piece of the question, and the right answer is none."""
    found, question, truth = (_compact(text) for text in (found, question, truth))
    return len(found) > 2 and not found.lstrip("-").isalnum() and found in question and truth not in question


def _compact(text: str) -> str:
    return re.sub(r"\s|\\det", "", _plain(text))
