"""Spatial questions: each family's text is read and worked out in a way that its generator does not use."""

import re
from collections.abc import Callable

from modelworks.livebench.proofs import spatial_arrangements, spatial_counting, spatial_moving
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

_ENDING = re.compile(
    r" Think step by step, and then put your answer in \*\*bold\*\* as a single "
    r"(integer|word) \(for example, \*\*\w+\*\*\)\. If you don't know, guess\.$"
)
_READERS: tuple[Callable[[str], set[str] | None], ...] = (
    spatial_counting.painted_box,
    spatial_counting.towers,
    spatial_counting.rectangles,
    spatial_counting.cuts,
    spatial_counting.folded_sheet,
    spatial_moving.walk,
    spatial_moving.die,
    spatial_arrangements.shelves,
    spatial_arrangements.round_table,
)


def prove(question: Question) -> None:
    """Raise ProofError unless the text has exactly one answer, the ground truth.

    Each reader gives the answers that its kind of text allows, or None for another kind.
    """
    text = question.turns[0]
    ending = _ENDING.search(text)
    if not ending:
        raise ProofError(question.question_id, "the text does not say how to answer")
    read = [answers for reader in _READERS if (answers := reader(text[: ending.start()])) is not None]
    if len(read) != 1:
        raise ProofError(question.question_id, f"{len(read)} kinds of spatial question fit the text")
    if len(read[0]) != 1:
        raise ProofError(question.question_id, f"{len(read[0])} answers are possible: {', '.join(sorted(read[0]))}")
    if read[0] != {question.ground_truth}:
        raise ProofError(question.question_id, f"the answer is {min(read[0])}, not {question.ground_truth}")
    if question.ground_truth.isdigit() != (ending[1] == "integer"):
        raise ProofError(question.question_id, f"the text asks for a {ending[1]}, not for {question.ground_truth}")
