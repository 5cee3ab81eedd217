"""What a scorer says about one answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "wrong", "unparsed", "error", "timeout"]


@dataclass(frozen=True)
class Judgment:
    """The scores of an answer, each from 0 to 1, or None where there is none.

    `score` is compatible with LiveBench's own scorers, None where they give none; `strict` is right where those are
    known to be wrong. `status` follows `strict`: ok (above 0), wrong (an answer that was understood, and is not right),
    unparsed (no answer was found), error (the scorer or the question is at fault, the answer is not judged: None),
    timeout. An error is never a wrong answer.
    """

    score: float | None
    strict: float | None
    status: Status


Score = Callable[[str, Any, Mapping[str, Any]], Judgment]  # (answer, ground truth, context) of one task
