r"""What LiveBench's scorers take out of an answer's last `\boxed{...}`, its exceptions among it."""

from collections.abc import Callable

_LATEX = "\\boxed "
_BOX = "\\boxed{"


class NoScore(Exception):
    """The original's scorer raises on this answer: it has no score."""


def with_boxes(answer: str) -> str:
    r"""The answer with `\\fbox{` (two backslashes) as `\\boxed{`, which most of the original's scorers begin with."""
    return answer.replace("\\\\fbox{", "\\\\boxed{")


def last_box(text: str) -> str | None:
    r"""What is in the last `\boxed{...}` or `\boxed ...`, else the last `\fbox{...}`; None without a balanced one.

    Raises NoScore where the original fails: `\boxed` with anything but a brace or a space behind it.
    """
    if _LATEX in text:
        return text.rpartition(_LATEX)[2].partition("$")[0]
    begin = text.rfind("\\boxed")
    if begin < 0:
        begin = text.rfind("\\fbox")
    end = _balanced(text, begin) if begin >= 0 else None
    if end is None:
        return None
    box = text[begin:end].replace("$", "").replace("fbox", "boxed")
    if not box.startswith(_BOX):
        raise NoScore(f"{box[:20]!r} is not a box")
    return box[len(_BOX) : -1]


def _balanced(text: str, begin: int) -> int | None:
    """The index after the brace that closes the first one opened from `begin`."""
    depth = 0
    for index in range(begin, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if depth == 0:
                return index + 1
    return None


def scored(scorer: Callable[..., float], *arguments: object) -> float | None:
    """The compatible score, None where the original raises."""
    try:
        return float(scorer(*arguments))
    except NoScore:
        return None
