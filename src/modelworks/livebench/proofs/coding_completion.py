"""coding_completion: the reference begins with what is given, passes every test, and at least 5 mutants fail."""

from modelworks.livebench.proofs.code_mutants import prove_tests
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question


def prove(question: Question) -> None:
    """Raise ProofError unless what is given can be finished, and the tests tell a right ending from a wrong one."""
    start = question.extra.get("partial_solution")
    if not start or not question.ground_truth.startswith(f"{start}\n") or start not in question.turns[0]:
        raise ProofError(question.question_id, "what is given is not the beginning of the reference")
    prove_tests(question)
