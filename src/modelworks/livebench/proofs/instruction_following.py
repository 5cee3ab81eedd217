"""Instruction following: a witness follows all instructions at once; for each, a violator breaks it and no other."""

from collections.abc import Mapping
from typing import Any

from modelworks.livebench.proofs.instruction_checks import CHECKS, follows, may_follow
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question


def prove(question: Question) -> None:
    """Raise ProofError unless the instructions hold together and each can be broken alone.

    Reads `instruction_id_list`, `kwargs`, `witness` and `violators` (one for each instruction) of `extra`.
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
        if missing := [value for value in _said(asked) if value not in question.turns[0]]:
            raise fail(f"{identifier}: the question does not say {missing[0]!r}")
        if not follows(identifier, witness, asked):
            raise fail(f"{identifier}: the witness does not follow it")
    for identifier, asked, violator in zip(identifiers, arguments, violators, strict=True):
        if may_follow(identifier, violator, asked):
            raise fail(f"{identifier}: its violator follows it")
        for other, others in zip(identifiers, arguments, strict=True):
            if other != identifier and not follows(other, violator, others):
                raise fail(f"{identifier}: its violator breaks {other} too")


def _said(asked: Mapping[str, Any]) -> list[str]:
    """The arguments, as they must stand in the question."""
    values = [one for value in asked.values() for one in (value if isinstance(value, list) else [value])]
    return [str(value) for value in values]
