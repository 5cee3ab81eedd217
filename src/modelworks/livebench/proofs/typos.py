"""Typos: each word that is in no list is within one slip of exactly one word that is, and those words mend the text."""

import functools
import re

from modelworks.livebench.lexicon import words
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question


def prove(question: Question) -> None:
    """Raise ProofError unless there is one way to mend the text, which gives the ground truth."""

    def fail(reason: str) -> ProofError:
        return ProofError(question.question_id, reason)

    _, marker, text = question.turns[0].partition("\n\n")
    if not marker:
        raise fail("the text does not stand apart from the request")
    mended = []
    wrong = 0
    for piece in re.split(r"([A-Za-z]+)", text):
        if not piece.isalpha() or piece.lower() in _known():
            mended.append(piece)
            continue
        wrong += 1
        meant = sorted(word for word in _known() if distance(piece.lower(), word) == 1)
        if len(meant) != 1:
            raise fail(f"{piece} can be mended in {len(meant)} ways: {', '.join(meant)}")
        mended.append(meant[0].capitalize() if piece[0].isupper() else meant[0])
    if not wrong:
        raise fail("no word is misspelled")
    if "".join(mended) != question.ground_truth:
        raise fail("the mended text is not the ground truth")


@functools.cache
def _known() -> frozenset[str]:
    material = words("typos")
    known = {"an"}
    for phrase in [*material["frames"], *(phrase for some in material["slots"].values() for phrase in some)]:
        known |= {part.lower() for part in re.split(r"\{\w+\}|[^A-Za-z]+", phrase) if part}
    return frozenset(known)


def distance(one: str, other: str) -> int:
    """Letters to insert, delete, replace or exchange with their neighbor (Damerau 1964); 2 stands for 2 or more."""
    if abs(len(one) - len(other)) > 1:
        return 2
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], rows[-2][j - 2] + 1)
        rows.append(row)
    return min(rows[-1][-1], 2)
