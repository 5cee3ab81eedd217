"""House traversal: names in order, in bold."""

import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.statements import bare, judged, statement
from modelworks.livebench.scorers.withdrawn import is_withdrawn

_RUN = re.compile(r"\*{2,}")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the names, separated by spaces."""
    names = ground_truth.lower().split(" ")
    bold = bold_spans(answer.lower())
    return judged(float(_compatible(bold, names)), _strict(answer, bold, names))


def _compatible(bold: list[tuple[str, str]], names: list[str]) -> bool:
    if not bold:
        return False
    if len(bold) >= len(names) and all(name in span for name, span in zip(names, bold[-len(names) :], strict=True)):
        return True
    last, place = bold[-1][1], -1
    for name in names:
        found = last.find(name)
        if found <= place:
            return False
        place = found
    return True


def bold_spans(text: str) -> list[tuple[str, str]]:
    r"""What the expression `(\*{2,})(.*?)\1` finds, in linear time: stars and content of each span."""
    found = []
    for line in text.split("\n"):
        found += _of_line(line)
    return found


def _of_line(line: str) -> list[tuple[str, str]]:
    runs = [match.span() for match in _RUN.finditer(line)]
    longest_behind = [0] * len(runs)
    for index in range(len(runs) - 2, -1, -1):
        following = runs[index + 1]
        longest_behind[index] = max(longest_behind[index + 1], following[1] - following[0])
    found = []
    index = 0
    begin = runs[0][0] if runs else 0
    while index < len(runs):
        length = runs[index][1] - begin
        # The most stars that come again: on a later run, or on the rest of this one.
        stars = min(length, max(longest_behind[index], length // 2))
        if stars >= 2:
            start = begin + stars
            close = index
            if length - stars >= stars:
                end = start
            else:
                close = next(at for at in range(index + 1, len(runs)) if runs[at][1] - runs[at][0] >= stars)
                end = runs[close][0]
            found.append((line[begin:start], line[start:end]))
            index, begin = close, end + stars
        else:
            index += 1
            begin = runs[index][0] if index < len(runs) else begin
    return found


def _strict(answer: str, bold: list[tuple[str, str]], names: list[str]) -> float | None:
    """All names and nothing else: in the last bold spans together, else in the statement."""
    if bold and _words(bold[-1][1]) == names:
        return None if _is_any_withdrawn(answer, bold[-1:]) else 1.0
    if [word for _, content in bold[-len(names) :] for word in _words(content)] == names:
        return None if _is_any_withdrawn(answer, bold[-len(names) :]) else 1.0
    stated = None if bold else statement(answer)
    if stated is not None and len(_words(stated)) == len(names):
        return float(_words(stated.lower()) == names)
    return 0.0 if bold else None


def _is_any_withdrawn(answer: str, bold: list[tuple[str, str]]) -> bool:
    return any(is_withdrawn(answer.lower(), stars + content + stars) for stars, content in bold)


def _words(text: str) -> list[str]:
    parts = (bare(part) for part in re.split(r"[,\s]+|->|\u2192", text))
    return [part for part in parts if part and part not in ("and", "then")]
