"""Plots: the text's own links allow exactly one order of its sentences, found by trying orders one after the other.

A sentence that brings in "a key" comes before each that speaks of "the key"; the sentence that introduces a person
("Mara, a baker") before each other one that names the person.
"""

import re
from collections.abc import Iterator

from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question


def prove(question: Question) -> None:
    """Raise ProofError unless the ground truth is the one order in which every link holds."""

    def fail(reason: str) -> ProofError:
        return ProofError(question.question_id, reason)

    _, marker, plot = question.turns[0].partition("<PLOT_SUMMARY>.\n\n")
    sentences = _sentences(plot)
    if not marker or len(set(sentences)) != len(sentences):
        raise fail("the text is not a plot of distinct sentences")
    if sorted(sentences) != sorted(_sentences(question.ground_truth)):
        raise fail("the sentences of the text are not those of the ground truth")
    before = _links(sentences)
    found: list[list[str]] = []
    for order in _orders(before, []):
        found.append([sentences[place] for place in order])
        if len(found) > 1:
            raise fail("the sentences can be told in more than one order")
    if not found:
        raise fail("no order of the sentences holds together")
    if found[0] != _sentences(question.ground_truth):
        raise fail("the ground truth is not the order in which the sentences hold together")


def _sentences(plot: str) -> list[str]:
    return [one.strip() for one in plot.split(".") if one.strip()]


def _links(sentences: list[str]) -> list[set[int]]:
    """For each sentence, those that come before it."""
    before: list[set[int]] = [set() for _ in sentences]
    for place, sentence in enumerate(sentences):
        brought = set(re.findall(r"\b[Aa]n? (\w+)", sentence))
        people = set(re.findall(r"\b([A-Z]\w+), an? ", sentence))
        for other, later in enumerate(sentences):
            takes = brought & set(re.findall(r"\b[Tt]he (\w+)", later))
            if other != place and (takes or people & set(re.findall(r"\b[A-Z]\w+\b", later))):
                before[other].add(place)
    return before


def _orders(before: list[set[int]], told: list[int]) -> Iterator[list[int]]:
    if len(told) == len(before):
        yield told
    for place, needed in enumerate(before):
        if place not in told and needed <= set(told):
            yield from _orders(before, [*told, place])
