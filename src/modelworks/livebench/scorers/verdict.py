"""Expected and given answers read alike for the tasks of language and data analysis."""

import re

_LABEL = re.compile(
    r"(?:so |thus |therefore |hence )*(?:i (?:think|believe|would say)(?: that)? )?"
    r"(?:the |my |our )?(?:(?:final|correct|corrected|best) )?"
    r"(?:answer|column type|column|type|class|label|text|result)(?: is\b(?! not\b))?\s{0,9}[:=]?\s{1,9}",
    re.IGNORECASE,
)
LIMIT = 1_000_000  # characters: a longer answer is not read


class GroundTruthError(ValueError):
    """The expected answer of a question is not as its task has it: no answer can be judged."""


def text_of(ground_truth: object) -> str:
    """An expected answer that must be text. Raises GroundTruthError for anything else."""
    if not isinstance(ground_truth, str) or not ground_truth.strip():
        raise GroundTruthError(f"ground_truth must be text, got {ground_truth!r}")
    return ground_truth


def unlabelled(line: str) -> str:
    """A line without what introduces its answer: `The answer is`, `**Answer:**`, `column:`."""
    plain = line.strip().lstrip("*_#> \u200b")
    found = _LABEL.match(plain)
    return plain[found.end() :] if found else _past_colon_mark(plain)


def _past_colon_mark(line: str) -> str:
    """What follows a bold label: `Answer:** name`."""
    head, mark, tail = line.partition(":**")
    return tail if mark and len(head) < 40 else line
