"""Instruction following: a witness follows all instructions at once; for each, a violator breaks it and no other."""

from modelworks.livebench.proofs.instruction_checks import CHECKS, follows, may_follow
from modelworks.livebench.proofs.instruction_sentences import sentence
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

_REPEAT = "combination:repeat_prompt"


def prove(question: Question) -> None:
    """Raise ProofError unless the instructions hold together, each can be broken alone, and the text says just them.

    Reads `task_prompt`, `instruction_id_list`, `kwargs`, `witness` and `violators` (one for each) of `extra`.
    """
    identifiers, arguments = question.extra["instruction_id_list"], question.extra["kwargs"]
    witness, violators = question.extra["witness"], question.extra["violators"]

    def fail(reason: str) -> ProofError:
        return ProofError(question.question_id, reason)

    if not identifiers or not len(identifiers) == len(arguments) == len(violators):
        raise fail(f"{len(identifiers)} instructions have {len(arguments)} arguments and {len(violators)} violators")
    if len(set(identifiers)) < len(identifiers):
        raise fail("an instruction is given twice")
    if unknown := sorted(set(identifiers) - set(CHECKS)):
        raise fail(f"there is no check of {unknown[0]}")
    for identifier, asked in zip(identifiers, arguments, strict=True):
        if not follows(identifier, witness, asked):
            raise fail(f"{identifier}: the witness does not follow it")
    for identifier, asked, violator in zip(identifiers, arguments, violators, strict=True):
        if may_follow(identifier, violator, asked):
            raise fail(f"{identifier}: its violator follows it")
        for other, others in zip(identifiers, arguments, strict=True):
            if other != identifier and not follows(other, violator, others):
                raise fail(f"{identifier}: its violator breaks {other} too")
    if reason := _misstated(question):
        raise fail(reason)


def _misstated(question: Question) -> str | None:
    """What the text says other than its task and its instructions, with their arguments, and nothing else."""
    text, identifiers, arguments = question.turns[0], question.extra["instruction_id_list"], question.extra["kwargs"]
    said = [sentence(identifier, asked) for identifier, asked in zip(identifiers, arguments, strict=True)]
    for identifier, words in zip(identifiers, said, strict=True):
        if words not in text:
            return f"{identifier}: the question does not say {words!r}"
    if text.rpartition("\n-------\n")[2] != " ".join([question.extra["task_prompt"], *said]):
        return "the question does not end with its task and its instructions alone"
    if _REPEAT in identifiers and text != f"{arguments[-1].get('prompt_to_repeat')} {said[-1]}":
        return f"{_REPEAT}: what is to be repeated is not all that stands before this instruction"
    return None
