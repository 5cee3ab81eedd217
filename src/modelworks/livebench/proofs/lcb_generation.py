"""LCB_generation: the reference passes every test, at least 5 mutants fail."""

from modelworks.livebench.proofs.code_mutants import prove_tests
from modelworks.livebench.question import Question


def prove(question: Question) -> None:
    """Raise ProofError unless the tests accept the ground truth and refuse its mutants."""
    prove_tests(question)
