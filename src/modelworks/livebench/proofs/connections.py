"""Connections: SAT over the groups that the word lists allow finds every division of the items in the text."""

import re
from itertools import combinations

from pysat.card import CardEnc, EncType
from pysat.solvers import Solver

from modelworks.livebench.lexicon import words
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question


def prove(question: Question) -> None:
    """Raise ProofError unless the items make groups of four in exactly one way, that of the ground truth."""

    def fail(reason: str) -> ProofError:
        return ProofError(question.question_id, reason)

    told = re.search(r"The items are: ([^.]+)\.$", question.turns[0])
    if not told:
        raise fail("the text lists no items")
    items = told[1].split(", ")
    truth = question.ground_truth.split(",")
    if len(set(items)) != len(items) or sorted(items) != sorted(truth) or len(items) % 4:
        raise fail("the items of the text are not those of the ground truth")
    possible = {
        frozenset(four)
        for members in words("connections").values()
        for four in combinations([item for item in items if item in members], 4)
    }
    numbered = dict(enumerate(sorted(possible, key=sorted), 1))
    ways: list[set[frozenset[str]]] = []
    with Solver("glucose4") as solver:
        for item in items:
            holding = [number for number, group in numbered.items() if item in group]
            if not holding:
                raise fail(f"no group can have {item}")
            for clause in CardEnc.equals(lits=holding, bound=1, encoding=EncType.pairwise).clauses:
                solver.add_clause(clause)
        while len(ways) < 2 and solver.solve():
            used = [number for number in solver.get_model() if number > 0]
            ways.append({numbered[number] for number in used})
            solver.add_clause([-number for number in used])
    if len(ways) != 1:
        raise fail(f"the items make groups in {'more than one way' if ways else 'no way'}")
    if ways[0] != {frozenset(truth[place : place + 4]) for place in range(0, len(truth), 4)}:
        raise fail(f"the groups are not those of the ground truth: {sorted(map(sorted, ways[0]))}")
