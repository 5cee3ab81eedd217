"""Proof rearrangement (IMO, USAMO): a list of integers; the score is the share that edits would leave as it is."""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import NoScore, last_box, scored
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import judged, statement
from modelworks.livebench.scorers.withdrawn import is_withdrawn

_NONE = "NO ANSWER"
_COMMA = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+)"
_LIST = re.compile(rf"[0-9]+(?:{_COMMA}[0-9]+)*")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the integers as text; `context["edit_distance"]`, by default true, else equal positions count.

    Raises ValueError if the ground truth is not a list of integers.
    """
    truth = [int(number) for number in ground_truth.split(",")]
    by_edits = bool(context.get("edit_distance", True))
    return judged(scored(_compatible, answer, truth, by_edits), _strict(answer, truth))


def _compatible(answer: str, truth: list[int], by_edits: bool) -> float:
    found = _from_answer_line(answer) or _from_box(answer) or _from_last_line(answer) or _from_anywhere(answer)
    if by_edits:
        return 1 - distance(found, truth) / max(len(found), len(truth))
    return sum(one == other for one, other in zip_longest(found, truth[: len(found)])) / len(found) if found else 0.0


def distance(left: Sequence[object], right: Sequence[object]) -> int:
    """The Levenshtein distance: insertions, deletions and replacements of elements."""
    row = list(range(len(right) + 1))
    for count, element in enumerate(left, 1):
        diagonal, row[0] = row[0], count
        for index, other in enumerate(right, 1):
            kept = diagonal + (element != other)
            diagonal = row[index]
            row[index] = min(kept, diagonal + 1, row[index - 1] + 1)
    return row[-1]


def _integers(texts: Sequence[str]) -> list[object]:
    """Each as an integer or as no answer; empty if none is an integer."""
    numbers: list[object] = []
    for text in texts:
        try:
            numbers.append(int(text))
        except ValueError:
            numbers.append(_NONE)
    return [] if all(number == _NONE for number in numbers) else numbers


def _from_answer_line(answer: str) -> list[object]:
    """The integers after the first `answer:` of the last line that has one, or on the line behind it."""
    lines = answer.lower().strip().split("\n")
    at = next((index for index in range(len(lines) - 1, -1, -1) if "answer:" in lines[index]), None)
    if at is None:
        return []
    text = _plain(lines[at].split("answer:")[1])
    if text == "" and at < len(lines) - 1:
        text = _plain(lines[at + 1].replace("answer:", ""))
    words = [part.strip().split(" ")[-1] for part in text.split(",")]
    for mark in ("$", "{", "}", "\\", "boxed", "<", ">"):
        words = [word.replace(mark, "") for word in words]
    return _integers(words)


def _plain(text: str) -> str:
    return text.replace("**", "").replace(".", "").strip()


def _from_box(answer: str) -> list[object]:
    if "\\boxed" not in answer:
        return []
    box = last_box(answer)
    text = answer if box is None else box
    return _integers(text.replace("\\text{", "").replace("}", "").replace("\\", "").strip().split(","))


def _digits(text: str) -> str:
    """The first run of digits."""
    begin = next((index for index, character in enumerate(text) if character.isdigit()), len(text))
    end = next((index for index in range(begin, len(text)) if not text[index].isdigit()), len(text))
    return text[begin:end]


def _from_last_line(answer: str) -> list[object]:
    line = answer.strip().lower().rpartition("\n")[2]
    return _integers([run for part in line.split(",") if (run := _digits(part))])


def _from_anywhere(answer: str) -> list[object]:
    """The first integers of what is behind the last `answer:`, up to a part that holds more than its integer."""
    found: list[object] = []
    for index, part in enumerate(answer.lower().rpartition("answer:")[2].split(",")):
        text = part.strip()
        run = _digits(text)
        if run not in ("", "\u2082"):
            try:
                found.append(int(run))
            except ValueError:
                raise NoScore(f"{run[:20]!r} is not an integer") from None
        if index > 0 and len(run) < len(text):
            break
    return found


def _unmarked(text: str) -> str:
    return re.sub(r"solution|[*$<>{}\\]|boxed", "", text)


def _strict(answer: str, truth: list[int]) -> float | None:
    """By edits, of the longest list in the last thing that is said to be the answer."""
    tags = solutions(answer, one_line=False, ignore_case=True)
    behind = re.split(r"(?i)answer\s*\**\s*:", answer)
    if not tags and len(behind) > 1:
        text = next((line for line in behind[-1].split("\n") if line.strip(" *\r\t")), "")
    else:
        text = statement(answer) or ""
    lists = _LIST.findall(_unmarked(text))
    longest = max(lists, key=lambda one: one.count(","), default=None)
    if longest is None or is_withdrawn(_unmarked(answer), longest):
        return None
    found = [int(number) for number in re.findall("[0-9]+", longest) if len(number) < 100]
    return 1 - distance(found, truth) / max(len(found), len(truth))
