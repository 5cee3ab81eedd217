"""Instruction following: one instruction of IFEval, or all of a question.

One: context has `instruction` and `kwargs`; 1 if it is followed. A question: `instruction_id_list` and a list of
`kwargs`; (1 if all are followed + the share that is) / 2. `variant` "loose" of a context takes an instruction for
followed if any of eight readings of the answer follows it (without its first line, its last, both; and each without
asterisks). Compatible: the original's checks. Strict: what the instruction says.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.ifeval.check import ArgumentError, Check, NoScore
from modelworks.livebench.scorers.ifeval.layout import LAYOUT
from modelworks.livebench.scorers.ifeval.wording import WORDING
from modelworks.livebench.scorers.verdict import LIMIT

CHECKS: Mapping[str, Check] = {**WORDING, **LAYOUT}
Variant = Literal["strict", "loose"]


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """Judge the instruction or the question of a context; `error` if it asks for what cannot be checked."""
    variant: Variant = "loose" if context.get("variant") == "loose" else "strict"
    if "instruction" in context:
        return judge_instructions(answer, [context["instruction"]], [context.get("kwargs") or {}], variant)
    identifiers, arguments = context.get("instruction_id_list"), context.get("kwargs")
    if not isinstance(identifiers, Sequence) or not isinstance(arguments, Sequence):
        return Judgment(None, None, "error")
    return judge_instructions(answer.strip(), identifiers, arguments, variant)


def judge_instructions(
    answer: str, identifiers: Sequence[str], arguments: Sequence[Mapping[str, Any]], variant: Variant = "strict"
) -> Judgment:
    """Judge an answer by all instructions of a question; arguments that are None are left out, as the original does."""
    if not identifiers or len(identifiers) != len(arguments):
        return Judgment(None, None, "error")
    if len(answer) > LIMIT:
        return Judgment(0.0, 0.0, "unparsed")
    compatible: list[bool] | None = []
    strict: list[bool] = []
    for identifier, given in zip(identifiers, arguments, strict=True):
        check = CHECKS.get(identifier)
        asked = {name: value for name, value in given.items() if value is not None}
        if check is None or set(asked) != set(check.arguments):
            return Judgment(None, None, "error")
        try:
            strict.append(any([check.strict(text, asked) for text in readings(answer, variant) or ["-"]]))
        except ArgumentError:
            return Judgment(None, None, "error")
        try:
            if compatible is not None:
                compatible.append(any(check.compatible(text, asked) for text in readings(answer, variant)))
        except NoScore:
            compatible = None
    if not answer.strip():
        return Judgment(0.0, 0.0, "unparsed")  # the arguments were checked all the same
    total = _share(strict)
    return Judgment(_share(compatible) if compatible else None, total, "ok" if total > 0 else "wrong")


def readings(answer: str, variant: Variant) -> list[str]:
    """The answer; loosely, also without its first line, last line, both, and each without asterisks; none blank."""
    if variant == "strict":
        return [answer] if answer.strip() else []
    lines = answer.split("\n")
    parts = [answer, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    return [text for text in (*parts, *(part.replace("*", "") for part in parts)) if text.strip()]


def _share(followed: Sequence[bool]) -> float:
    return (all(followed) + sum(followed) / len(followed)) / 2
