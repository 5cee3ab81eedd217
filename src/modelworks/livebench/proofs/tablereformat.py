"""Table reformat: source and target are read by readers of their own, and compared cell by cell."""

import re

from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.proofs.table_readers import TableError, read
from modelworks.livebench.question import Question

_FORMATS = re.compile(r"^Source Format: (\w+)\nTarget Format: (\w+)$", re.M)
_ASKED = re.compile(r"Please convert the Input Table from (\w+) format to (\w+) format\.")


def prove(question: Question) -> None:
    """Raise ProofError unless the ground truth is the table of the question, and no other table is."""
    text = question.turns[0]
    named, asked = _FORMATS.findall(text), _ASKED.findall(text)
    if len(named) != 1 or named != asked:
        raise ProofError(question.question_id, f"the formats are not named alike once: {named}, {asked}")
    found = re.search(r"\nInput Table:\n(.*)\nOutput:\n\Z", text, re.S)
    if found is None:
        raise ProofError(question.question_id, "there is no table between 'Input Table:' and 'Output:'")
    source, target = named[0]
    if source == target:
        raise ProofError(question.question_id, f"{source} is asked for as {target}: nothing to convert")
    try:
        names, rows = read(source, found[1])
    except TableError as error:
        raise ProofError(question.question_id, f"source table: {error}") from None
    try:
        wanted_names, wanted_rows = read(target, str(question.ground_truth))
    except TableError as error:
        raise ProofError(question.question_id, f"ground truth: {error}") from None
    if names != wanted_names:
        raise ProofError(question.question_id, f"columns {names} became {wanted_names}")
    if len(rows) != len(wanted_rows):
        raise ProofError(question.question_id, f"{len(rows)} rows became {len(wanted_rows)}")
    for number, (row, wanted) in enumerate(zip(rows, wanted_rows, strict=True), 1):
        for name, cell, other in zip(names, row, wanted, strict=True):
            if type(cell) is not type(other) or cell != other:
                raise ProofError(question.question_id, f"row {number}, {name}: {cell!s} became {other!s}")
