"""Prove every new question of a release: what is downstream reads proven questions only."""

from modelworks.livebench import question
from modelworks.livebench.proofs.catalogue import proof
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question, question_id
from modelworks.stage import Stage

_SHOWN = 5


def main(stage: Stage) -> None:
    """Inputs: generated. Outputs: questions, the same ones. Raises ProofError with the first faults."""
    questions = question.read(stage.input("generated"))
    faults = []
    for number, one in enumerate(questions, 1):
        if fault := _fault(one):
            faults.append(fault)
        stage.progress(number, len(questions))
    if faults:
        for fault in faults[:_SHOWN]:
            stage.say(str(fault))
        raise ProofError(faults[0].question_id, f"{faults[0].reason}; {len(faults)} of {len(questions)} are not proven")
    question.write(stage.output("questions"), questions)


def _fault(one: Question) -> ProofError | None:
    if one.question_id != question_id(one.task, one.turns, one.ground_truth):
        return ProofError(one.question_id, "its id is not the hash of what is asked and expected")
    try:
        proof(one.task).prove(one)
    except ProofError as error:
        return error
    return None
