"""Webs of lies: the statements are read from the text, and SAT decides what they settle."""

import re
from collections.abc import Callable
from itertools import product

from pysat.solvers import Solver

from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

_START = "In this question, assume each person either always tells the truth or always lies. "
_PERSON = r"((?:[Tt]he person at the [a-z ]+?)|(?:[A-Z][a-z]+))"
_SAYS = r"(?:says|claims|states|insists|maintains|declares)"
_CLAIMS: list[tuple[str, Callable[..., bool]]] = [
    (rf"{_PERSON} tells the truth", lambda a: a),
    (rf"{_PERSON} lies", lambda a: not a),
    (rf"{_PERSON} and {_PERSON} both tell the truth", lambda a, b: a and b),
    (rf"{_PERSON} and {_PERSON} both lie", lambda a, b: not a and not b),
    (rf"exactly one of {_PERSON} and {_PERSON} tells the truth", lambda a, b: a != b),
    (rf"at least one of {_PERSON} and {_PERSON} tells the truth", lambda a, b: a or b),
    (rf"at least one of {_PERSON} and {_PERSON} lies", lambda a, b: not (a and b)),
]


class _Web:
    """The people of a question as variables from 1, and the clauses that the text says of them."""

    def __init__(self) -> None:
        self.clauses: list[list[int]] = []
        self._names: dict[str, str] = {}  # by place
        self._numbers: dict[str, int] = {}

    def place(self, name: str, place: str) -> None:
        self._names[f"the person at the {place}"] = name

    def number(self, called: str) -> int:
        called = called if called[0] != "T" or " " not in called else f"t{called[1:]}"
        name = self._names.get(called, called)
        return self._numbers.setdefault(name, len(self._numbers) + 1)

    def read(self, sentence: str) -> bool:
        """Whether the sentence was understood."""
        spoken = re.fullmatch(rf"{_PERSON} {_SAYS} (.+)", sentence)
        speaker, said = (self.number(spoken[1]), spoken[2]) if spoken else (None, sentence)
        for pattern, holds in _CLAIMS:
            if match := re.fullmatch(pattern, said):
                about = [self.number(called) for called in match.groups()]
                for values in product((False, True), repeat=len(about) + 1):
                    if holds(*values[1:]) != values[0]:
                        claimed = [] if speaker is None else [-speaker if values[0] else speaker]
                        if speaker is not None or values[0]:
                            others = zip(about, values[1:], strict=True)
                            self.clauses.append(claimed + [-one if value else one for one, value in others])
                return True
        return False


def prove(question: Question) -> None:
    """Raise ProofError unless the statements settle everyone asked for, as the ground truth says.

    Where the text allows the answer unknown, it is right for those whom the statements leave open, and only for them.
    """

    def fail(reason: str) -> ProofError:
        return ProofError(question.question_id, reason)

    text = question.turns[0]
    if not text.startswith(_START):
        raise fail("the text is not a web of lies")
    body = text.removeprefix(_START)
    asked = re.findall(rf"Does {_PERSON} tell the truth\?", body)
    web = _Web()
    sentences = re.findall(r"([^.?]+)\. ?", body.partition("Does ")[0])
    told = []
    for sentence in sentences:
        if match := re.fullmatch(r"([A-Z][a-z]+) is at the ([a-z ]+)", sentence):
            web.place(match[1], match[2])
        elif not re.fullmatch(rf"{_PERSON} saw [a-z ]+", sentence):
            told.append(sentence)
    for sentence in told:
        if not web.read(sentence):
            raise fail(f"a sentence was not understood: {sentence}")
    answers = _settled(web, asked, fail)
    if "unknown" in answers and "or unknown (for example" not in body:
        raise fail(f"the statements leave open: {asked[answers.index('unknown')]}")
    if ", ".join(answers) != question.ground_truth:
        raise fail(f"the statements give {', '.join(answers)}, not {question.ground_truth}")


def _settled(web: _Web, asked: list[str], fail: Callable[[str], ProofError]) -> list[str]:
    words = {(True, False): "yes", (False, True): "no", (True, True): "unknown"}
    with Solver("glucose4", bootstrap_with=web.clauses) as solver:
        if not solver.solve():
            raise fail("the statements contradict one another")
        people = [web.number(called) for called in asked]
        return [words[solver.solve(assumptions=[one]), solver.solve(assumptions=[-one])] for one in people]
