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
        meant = sorted(word for word in _known() if one_slip_apart(piece.lower(), word))
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
    told = [*material["frames"], *material["others"], *(one for some in material["slots"].values() for one in some)]
    return frozenset(re.findall("[a-z]+", re.sub(r"\{\w+\}", " ", " ".join(told)).lower())) | {"an"}


def one_slip_apart(one: str, other: str) -> bool:
    """Whether one letter inserted, deleted, replaced or exchanged with its neighbor makes the other (Damerau 1964)."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    if max(len(one), len(other)) == 2:
        return one == other[::-1]
    return max(len(one), len(other)) == 1
