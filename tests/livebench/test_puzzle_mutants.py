"""Generators that were broken on purpose so that two answers are possible: the proofs notice."""

import re
from collections.abc import Callable
from datetime import date
from random import Random
from types import ModuleType
from typing import Any

import pytest

from modelworks.livebench.generators import (
    connections,
    plot_unscrambling,
    spatial,
    spatial_arrangements,
    typos,
    web_of_lies_v3,
    zebra_puzzle,
)
from modelworks.livebench.proofs import connections as connections_proof
from modelworks.livebench.proofs import plot_unscrambling as plot_proof
from modelworks.livebench.proofs import spatial as spatial_proof
from modelworks.livebench.proofs import typos as typos_proof
from modelworks.livebench.proofs import web_of_lies_v3 as lies_proof
from modelworks.livebench.proofs import zebra_puzzle as zebra_proof
from modelworks.livebench.proofs.proof import ProofError

RELEASE = date(2026, 10, 31)


def without_the_last(function: Callable[..., Any]) -> Callable[..., Any]:
    def shortened(*given: Any, **named: Any) -> Any:
        made = function(*given, **named)
        return made[:-1] if made else made

    return shortened


def reasons(generator: ModuleType, proof: ModuleType, level: int, count: int = 20) -> list[str]:
    """What the proof says of each question of a mutant, empty where it is content."""
    said = []
    for question in generator.generate(7, level, count, RELEASE):
        try:
            proof.prove(question)
            said.append("")
        except ProofError as error:
            said.append(error.reason)
    return said


@pytest.mark.parametrize("level", zebra_puzzle.LEVELS)
def test_a_zebra_puzzle_that_lacks_a_clue(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zebra_puzzle, "enough", without_the_last(zebra_puzzle.enough))
    assert set(reasons(zebra_puzzle, zebra_proof, level)) == {"more than one arrangement satisfies the clues"}


@pytest.mark.parametrize("level", [1, 2])
def test_a_web_of_lies_in_which_nobody_is_known(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    web = web_of_lies_v3.web
    monkeypatch.setattr(web_of_lies_v3, "web", lambda *given: [one for one in web(*given) if one.speaker is not None])
    monkeypatch.setattr(web_of_lies_v3, "_word", lambda honest: "yes")
    said = reasons(web_of_lies_v3, lies_proof, level)
    assert len(said) == 20
    assert all(reason.startswith("the statements leave open: ") for reason in said)


def test_a_web_of_lies_that_calls_settled_what_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "unknown" in {
        word for one in web_of_lies_v3.generate(7, 3, 60, RELEASE) for word in one.ground_truth.split(", ")
    }
    monkeypatch.setattr(web_of_lies_v3, "_word", lambda honest: "yes" if honest.any() else "no")
    said = [reason for reason in reasons(web_of_lies_v3, lies_proof, 3, 60) if reason]
    assert said
    assert all(reason.startswith("the statements give ") and "unknown" in reason for reason in said)


@pytest.mark.parametrize("level", spatial.LEVELS)
def test_an_arrangement_that_lacks_a_clue(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    enough = spatial_arrangements.enough
    monkeypatch.setattr(spatial, "FAMILIES", ())
    monkeypatch.setattr(
        spatial_arrangements, "enough", lambda *given: clues[:-1] if len(clues := enough(*given)) > 1 else clues
    )
    said = [reason for reason in reasons(spatial, spatial_proof, level) if reason]
    assert len(said) >= 5  # a lacking clue need not matter to the thing asked for
    assert all(" answers are possible: " in reason for reason in said)


def test_connections_that_can_be_divided_in_two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    def pick(rng: Random, level: int) -> list[list[str]]:
        return [
            [*rng.sample(["apple", "pear", "plum", "mango", "fig"], 3), "peach"],
            [*rng.sample(["red", "yellow", "beige", "crimson", "brown"], 3), "orange"],
        ]

    monkeypatch.setattr(connections, "divisions", lambda items: iter([[]]))
    monkeypatch.setattr(connections, "pick", pick)
    assert set(reasons(connections, connections_proof, 1)) == {"the items make groups in more than one way"}


@pytest.mark.parametrize("level", plot_unscrambling.LEVELS)
def test_a_plot_whose_last_two_sentences_hang_on_the_same_one(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = plot_unscrambling.chain

    def forked(*given: Any) -> Any:
        if (steps := chain(*given)) is not None:
            *start, before, end = steps
            text = end.text.replace(f"<{end.takes}>", f"<{before.takes}>")
            steps = [*start, before, plot_unscrambling.Step(text, before.takes, None)]
        return steps

    monkeypatch.setattr(plot_unscrambling, "chain", forked)
    assert set(reasons(plot_unscrambling, plot_proof, level)) == {"the sentences can be told in more than one order"}


def test_typos_that_can_be_mended_in_two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubtful(word: str) -> list[str]:
        known = typos.lexicon()
        slips = set(typos._slips(word)) - known
        return sorted(slip for slip in slips if len(typos.edits(slip) & known) > 1)

    monkeypatch.setattr(typos, "mendable", doubtful)
    said = reasons(typos, typos_proof, 2)
    assert len(said) == 20
    assert all(re.fullmatch(r"\w+ can be mended in [2-9] ways: \w+(, \w+)+", reason) for reason in said)
